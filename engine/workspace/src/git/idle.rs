//! Trees between two nodes of one process: nobody has them, and it is known how they look.

use super::seen::Known;
use super::slot::Slot;

/// A place that nobody has and that stays locked: it is known how its tree looks, and nobody else may change that.
#[derive(Debug)]
pub(crate) struct Idle {
    pub(crate) slot: Slot,
    /// Whose it was, as its note may still say.
    pub(crate) name: String,
    pub(crate) known: Known,
}

/// The places that this process keeps for its own next nodes; those that it needs no more are anybody's.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Vec<Idle>);

impl Waiting {
    pub(crate) fn push(&mut self, idle: Idle) {
        self.0.push(idle);
    }

    /// Whether one of them was this name's.
    pub(crate) fn is_of(&self, name: &str) -> bool {
        self.0.iter().any(|idle| idle.name == name)
    }

    /// The one that was this name's.
    pub(crate) fn of(&mut self, name: &str) -> Option<Idle> {
        let at = self.0.iter().position(|idle| idle.name == name)?;
        Some(self.0.swap_remove(at))
    }

    pub(crate) fn any(&mut self) -> Option<Idle> {
        self.0.pop()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        for Idle { slot, .. } in self.0.drain(..) {
            // One whose note cannot be written is swept away when its run is over.
            let _ = slot.release();
        }
    }
}
