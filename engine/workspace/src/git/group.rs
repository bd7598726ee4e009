//! A command and whatever it started, ended together.

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// The processes of one command, which leads a group of its own.
pub(crate) struct Group {
    leader: Option<Pid>,
    outlives: bool,
}

impl Group {
    /// The group that a command has just begun. Unless it `outlives` this, it is asked to end when this is dropped
    /// before it is over.
    pub(crate) fn of(child: &Child, outlives: bool) -> Self {
        let leader = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Self { leader, outlives }
    }

    /// It has ended by itself: its number may already be another's.
    pub(crate) const fn is_over(&mut self) {
        self.leader = None;
    }

    pub(crate) fn ask_to_end(&self) {
        self.signal(Signal::TERM);
    }

    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.leader {
            // A group that is gone needs no ending.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.outlives {
            self.ask_to_end();
        }
    }
}
