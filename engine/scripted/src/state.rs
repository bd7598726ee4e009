//! What the connections of one server share: the script's progress and the log.

use std::{
    fs::File,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::{
    clock::{Alarm, Clock},
    facts::Facts,
    log::{Answered, Log, LoggedRequest},
    matching::{Choice, Matcher},
    rate::Window,
    reply::Reply,
    script::Script,
};

/// The shared side of a server.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) alarm: Alarm,
    pub(crate) models: Vec<String>,
    pub(crate) keeps_bodies: bool,
    /// A lock and not an owner task: tests read the log synchronously, from threads that have no runtime to wait in.
    state: Mutex<State>,
    /// For those threads: something in the log or the server's state has changed.
    changed: Condvar,
    /// The same for tasks.
    revision: watch::Sender<u64>,
    stopped: watch::Sender<bool>,
    /// Whether held replies may go.
    released: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    window: Option<Window>,
    matcher: Matcher,
    log: Log,
}

impl Shared {
    pub(crate) fn new(
        mut script: Script,
        clock: Clock,
        keeps_bodies: bool,
        file: Option<File>,
    ) -> Arc<Self> {
        Arc::new(Self {
            clock,
            alarm: Alarm::default(),
            models: std::mem::take(&mut script.models),
            keeps_bodies,
            state: Mutex::new(State {
                window: script.rate.map(Window::new),
                matcher: Matcher::new(script),
                log: Log::new(file),
            }),
            changed: Condvar::new(),
            revision: watch::Sender::new(0),
            stopped: watch::Sender::new(false),
            released: watch::Sender::new(false),
        })
    }

    /// Logs a request and chooses its reply, in one step so that numbers and counters agree.
    pub(crate) fn choose(
        &self,
        request: LoggedRequest,
        facts: &Facts<'_>,
    ) -> (u64, Result<Choice, String>) {
        let mut state = self.lock();
        let seq = state.log.add(request);
        // Read while the state is held: the window's clock must not go back from one request to the next.
        if let Some(refused) = state.refuses(self.clock.at_ms()) {
            return (seq, Ok(refused));
        }
        (seq, state.matcher.choose(facts))
    }

    /// Logs a request that no rule is asked about.
    pub(crate) fn add(&self, request: LoggedRequest) -> u64 {
        self.lock().log.add(request)
    }

    /// Notes what a request is answered with; from here on waiters see the request.
    pub(crate) fn decide(&self, seq: u64, answer: Answered) {
        self.lock().log.decide(seq, answer);
        self.announce();
    }

    /// Notes a reply's end. A log that cannot be written stops the server: silence would look like missing requests.
    pub(crate) fn close(&self, seq: u64, aborted: bool) {
        let now = self.clock.at_ms();
        let is_good = self.lock().log.close(seq, now, aborted);
        if !is_good {
            self.stop();
        }
        self.announce();
    }

    pub(crate) fn requests(&self) -> Vec<LoggedRequest> {
        self.lock().log.requests().to_vec()
    }

    pub(crate) fn log_failure(&self) -> Option<io::Error> {
        self.lock().log.take_failure()
    }

    pub(crate) fn stop(&self) {
        self.stopped.send_replace(true);
        self.announce();
    }

    /// Resolves once the server is asked to stop.
    pub(crate) async fn stopped(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self
            .stopped
            .subscribe()
            .wait_for(|is_stopped| *is_stopped)
            .await;
    }

    pub(crate) fn release(&self) {
        self.released.send_replace(true);
    }

    /// Resolves once held replies may go.
    pub(crate) async fn released(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self
            .released
            .subscribe()
            .wait_for(|is_released| *is_released)
            .await;
    }

    /// Waits until the requests satisfy `is_met`; false if the server stopped first.
    pub(crate) async fn wait(&self, is_met: impl Fn(&[LoggedRequest]) -> bool) -> bool {
        let mut revision = self.revision.subscribe();
        loop {
            if is_met(self.lock().log.requests()) {
                return true;
            }
            if *self.stopped.borrow() || revision.changed().await.is_err() {
                return false;
            }
        }
    }

    /// As [`Shared::wait`], blocking the thread.
    pub(crate) fn wait_blocking(&self, is_met: impl Fn(&[LoggedRequest]) -> bool) -> bool {
        let unmet = |state: &mut State| !is_met(state.log.requests()) && !*self.stopped.borrow();
        let state = self
            .changed
            .wait_while(self.lock(), unmet)
            .unwrap_or_else(PoisonError::into_inner);
        is_met(state.log.requests())
    }

    fn announce(&self) {
        // Taken so that a thread between its look at the state and its sleep cannot miss the call.
        drop(self.lock());
        self.changed.notify_all();
        self.revision.send_modify(|revision| *revision += 1);
    }

    /// A panic of a caller's predicate cannot leave the state half-written, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The refusal of a request beyond the script's rate.
    fn refuses(&mut self, now: u64) -> Option<Choice> {
        let window = self.window.as_mut()?;
        let wait_ms = window.take(now).err()?;
        Some(Choice {
            rule: "rate".into(),
            reply: Arc::new(Reply::failing(window.refusal(wait_ms))),
        })
    }
}
