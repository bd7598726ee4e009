//! Live output for people who watch: pieces joined, so that a talkative command does not flood them.

use std::mem;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::context::Live;

/// How often pieces go out.
const EVERY: Duration = Duration::from_millis(50);
/// Of what came between, only the last this many bytes go out.
const MOST_BYTES: usize = 8 * 1024;

/// Joins pieces until they are due.
pub(crate) struct Joined {
    to: Live,
    waiting: Vec<u8>,
    due: Interval,
}

impl Joined {
    /// Sends to `to`.
    pub(crate) fn new(to: Live) -> Self {
        let mut due = interval(EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            to,
            waiting: Vec::new(),
            due,
        }
    }

    /// Takes a piece.
    pub(crate) fn push(&mut self, plain: &[u8]) {
        self.waiting.extend_from_slice(plain);
        let over = self.waiting.len().saturating_sub(MOST_BYTES);
        self.waiting.drain(..over);
    }

    /// Waits until something may go out, for ever if nothing waits.
    pub(crate) async fn due(&mut self) {
        if self.waiting.is_empty() {
            std::future::pending::<()>().await;
        }
        self.due.tick().await;
    }

    /// Sends what waits.
    pub(crate) fn send(&mut self) {
        if !self.waiting.is_empty() {
            let bytes = mem::take(&mut self.waiting);
            (self.to)(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}
