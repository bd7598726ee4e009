//! Signals and the clock: what stops a run from outside.

use std::pin::Pin;
use std::time::Duration;

use protocol::InterruptCause;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Sleep, sleep};

use crate::failure::{Failure, Kind};

/// Waits for whatever stops a run.
pub struct Stops {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Stops {
    /// Listens from now on; `timeout` runs from now too.
    ///
    /// # Errors
    /// When the system does not let it listen.
    pub fn listen(timeout: Option<Duration>) -> Result<Self, Failure> {
        let on = |kind: SignalKind| {
            signal(kind).map_err(|error| {
                Failure::new(
                    Kind::Fault,
                    format_args!("signals: cannot be listened to: {error}"),
                    "check the process's limits (ulimit -a)",
                )
            })
        };
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
            hangup: on(SignalKind::hangup())?,
            deadline: timeout.map(|timeout| Box::pin(sleep(timeout))),
        })
    }

    /// The next cause to stop. The deadline comes once.
    pub async fn next(&mut self) -> InterruptCause {
        let deadline = self.deadline.is_some();
        let cause = tokio::select! {
            Some(()) = self.interrupt.recv() => InterruptCause::User,
            Some(()) = self.terminate.recv() => InterruptCause::Terminate,
            Some(()) = self.hangup.recv() => InterruptCause::Terminate,
            () = passed(self.deadline.as_mut()), if deadline => InterruptCause::Timeout,
        };
        if cause == InterruptCause::Timeout {
            self.deadline = None;
        }
        cause
    }
}

async fn passed(deadline: Option<&mut Pin<Box<Sleep>>>) {
    match deadline {
        Some(deadline) => deadline.await,
        None => std::future::pending().await,
    }
}

/// What ended before it was through; `again` goes on with it.
pub fn stopped(cause: InterruptCause, again: &str) -> Failure {
    let message = match cause {
        InterruptCause::User => "run: interrupted",
        InterruptCause::Terminate => "run: terminated",
        InterruptCause::Timeout => "--timeout: the time was over",
    };
    Failure::new(
        Kind::Stopped(cause),
        message,
        format_args!("what was done so far is kept: go on with {again}"),
    )
}
