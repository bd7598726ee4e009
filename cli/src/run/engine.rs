//! The engine of a run: drives one session through its turns and watches what it tells.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use actors::{Options, Past, Session, Stopped, Subscription};
use protocol::{Block, Event, InterruptCause, Notice, Record, TurnEvent};
use tokio::time::{Sleep, sleep, timeout};

use super::account::Account;
use super::ending::{self, Ending};
use super::input::Input;
use super::show::{self, Show};
use super::signals::{Stops, stopped};
use crate::failure::{Failure, Kind};
use crate::resolve::session::Take;
use views::View;

/// What takes an interrupted session up again.
const AGAIN: &str = "--continue";

/// How long an interrupted turn may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);

/// How long the session may take to close.
const CLOSING: Duration = Duration::from_secs(3);

/// Opens the session and gives the records of its past.
///
/// # Errors
/// When it cannot be opened or read.
pub async fn open(options: Options, take: Take) -> Result<(Session, Past), Failure> {
    Ok(match take {
        Take::New(id) => (Session::open(options, id).await?, Past::new()),
        Take::Resume(id) => Session::resume(options, id).await?,
        Take::Fork(from, id) => Session::fork(options, from, id).await?,
    })
}

/// A session under way.
pub struct Engine {
    session: Session,
    records: Subscription,
    account: Account,
    show: Show,
    stops: Stops,
    stopped: Option<Stopping>,
}

/// A turn that was told to stop.
struct Stopping {
    cause: InterruptCause,
    overdue: Pin<Box<Sleep>>,
}

/// What woke the engine.
enum Woken {
    Notice(Option<Notice>),
    Stop(InterruptCause),
    Down(Stopped),
    Overdue,
}

impl Engine {
    /// Watches a session from its first record of this process on.
    pub fn new(session: Session, show: Show, stops: Stops) -> Self {
        Self {
            records: session.subscribe(),
            session,
            account: Account::default(),
            show,
            stops,
            stopped: None,
        }
    }

    /// Lives through all turns; the exit code of the first that failed, else 0.
    ///
    /// # Errors
    /// When the session, stdin or stdout cannot go on.
    pub async fn live(&mut self, past: &[Arc<Record>], mut input: Input) -> Result<u8, Failure> {
        for record in past {
            self.account.remember(record);
            self.show.remember(record);
        }
        self.begin().await?;
        let Some(mut content) = self.said(&mut input).await? else {
            let ending = self.silent(past).await?;
            self.show.begin(&self.account)?;
            self.show.result(&self.account, &ending)?;
            return Ok(ending.code);
        };
        let mut code = 0;
        loop {
            self.session.submit(content).await?;
            let ending = self.turn().await?;
            code = if code == 0 { ending.code } else { code };
            let is_shown = self.show.has_result_each_turn();
            if is_shown {
                self.show.result(&self.account, &ending)?;
            }
            match self.said(&mut input).await? {
                Some(said) => content = said,
                None if is_shown => return Ok(code),
                None => return self.show.result(&self.account, &ending).map(|()| code),
            }
        }
    }

    /// Watches until this process has opened or taken up the session. Only then is anything said: who has caught up
    /// sees what streams by in its place between the records.
    async fn begin(&mut self) -> Result<(), Failure> {
        loop {
            match self.woken().await {
                Woken::Notice(Some(Notice::Record(record))) => {
                    self.take(&record)?;
                    if show::begins(&record) {
                        return Ok(());
                    }
                }
                Woken::Notice(Some(Notice::Delta(_))) | Woken::Overdue => {}
                Woken::Notice(None) => return Err(gone()),
                Woken::Stop(cause) => return Err(stopped(cause, AGAIN)),
                Woken::Down(why) => return Err(why.into()),
            }
        }
    }

    /// What the input says next; nothing once the run is being stopped. Records that come meanwhile are shown.
    async fn said(&mut self, input: &mut Input) -> Result<Option<Vec<Block>>, Failure> {
        while self.stopped.is_none() {
            let notice = tokio::select! {
                biased;
                cause = self.stops.next() => return Err(stopped(cause, AGAIN)),
                notice = self.records.next() => notice,
                said = input.next() => return said,
            };
            match notice {
                Some(Notice::Record(record)) => self.take(&record)?,
                Some(Notice::Delta(_)) => {}
                None => return Err(gone()),
            }
        }
        Ok(None)
    }

    /// Nothing is said: an unfinished turn goes on, a finished one is told again.
    async fn silent(&mut self, past: &[Arc<Record>]) -> Result<Ending, Failure> {
        let Some(turn) = self.account.turn() else {
            return Err(Failure::new(
                Kind::Session,
                format_args!("session {}: nothing was asked in it yet", self.session.id()),
                "give a prompt",
            ));
        };
        let (id, end) = (turn.id, turn.end.clone());
        let Some(end) = end else {
            return self.turn().await;
        };
        // What sub-agents used lies within the turn.
        let recorded = past.iter().skip_while(|record| record.turn != Some(id));
        recorded.for_each(|record| self.account.ledger.apply(record));
        Ok(ending::of(&end, &self.account))
    }

    /// Watches until the turn ends.
    async fn turn(&mut self) -> Result<Ending, Failure> {
        loop {
            match self.woken().await {
                Woken::Notice(Some(Notice::Record(record))) => {
                    self.take(&record)?;
                    if let Event::Turn(TurnEvent::Ended { end, .. }) = &record.event
                        && self.account.is_own(&record)
                    {
                        self.session.sync().await?;
                        return Ok(ending::of(end, &self.account));
                    }
                }
                Woken::Notice(Some(Notice::Delta(delta))) => self.show.delta(&delta)?,
                Woken::Notice(None) => return Err(gone()),
                Woken::Stop(cause) => self.stop(cause).await?,
                Woken::Overdue => {
                    let cause = self.stopped.as_ref().map(|stopping| stopping.cause);
                    return Err(stopped(cause.unwrap_or(InterruptCause::Terminate), AGAIN));
                }
                Woken::Down(why) => return Err(why.into()),
            }
        }
    }

    /// The first cause lets the turn end by itself; a second signal does not wait for it.
    async fn stop(&mut self, cause: InterruptCause) -> Result<(), Failure> {
        match (&self.stopped, cause) {
            (Some(_), InterruptCause::User | InterruptCause::Terminate) => {
                Err(stopped(cause, AGAIN))
            }
            (Some(_), InterruptCause::Timeout) => Ok(()),
            (None, _) => {
                let overdue = Box::pin(sleep(GRACE));
                self.stopped = Some(Stopping { cause, overdue });
                Ok(self.session.interrupt(cause).await?)
            }
        }
    }

    async fn woken(&mut self) -> Woken {
        let session = self.session.clone();
        let down = pin!(async move {
            match session.rest().await {
                Err(why) => why,
                // A turn that ended tells so by its record, which is on its way.
                Ok(_) => std::future::pending().await,
            }
        });
        let stopping = &mut self.stopped;
        let overdue = pin!(async move {
            match stopping {
                Some(stopping) => stopping.overdue.as_mut().await,
                None => std::future::pending().await,
            }
        });
        tokio::select! {
            biased;
            cause = self.stops.next() => Woken::Stop(cause),
            notice = self.records.next() => Woken::Notice(notice),
            why = down => Woken::Down(why),
            () = overdue => Woken::Overdue,
        }
    }

    fn take(&mut self, record: &Record) -> Result<(), Failure> {
        self.account.apply(record);
        self.show.record(record, &self.account)
    }

    /// Closes the session: what runs is ended, what is not finished stays resumable. The records of closing are
    /// shown too.
    ///
    /// # Errors
    /// When stdout is gone.
    pub async fn close(mut self) -> Result<(), Failure> {
        let session = self.session.clone();
        let closing = async {
            session.close().await;
            while let Some(notice) = self.records.next().await {
                if let Notice::Record(record) = notice {
                    self.take(&record)?;
                }
            }
            Ok(())
        };
        // A session that hangs is left as a crash would leave it.
        timeout(CLOSING, closing).await.unwrap_or(Ok(()))
    }
}

fn gone() -> Failure {
    Stopped("it has stopped".to_owned()).into()
}
