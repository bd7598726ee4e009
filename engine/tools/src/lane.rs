//! The write lane of one working tree, and the permit without which nothing is written.

use std::path::Path;
use std::sync::Arc;

use protocol::{Action, Claim, Verdict};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// One lane per working tree: its holders follow one another in the order they asked.
///
/// The mutex guards no state: it is the queue itself. An owner task would have to await each holder,
/// and a holder that is dropped must free the lane without a message that could be lost.
#[derive(Debug, Clone, Default)]
pub struct WriteLane(Arc<Mutex<()>>);

impl WriteLane {
    /// Waits for everyone who asked before.
    pub async fn acquire(&self) -> LaneGuard {
        LaneGuard {
            _held: Arc::clone(&self.0).lock_owned().await,
        }
    }
}

/// Holds the lane; dropping it frees the lane.
#[derive(Debug)]
pub struct LaneGuard {
    _held: OwnedMutexGuard<()>,
}

impl LaneGuard {
    /// The permit for `claim`, if `verdict` allows it. Without one the lane is free again.
    pub fn permit(self, claim: &Claim, verdict: &Verdict) -> Option<WritePermit> {
        match verdict {
            Verdict::Allow(_) => Some(WritePermit {
                claim: claim.clone(),
                _lane: self,
            }),
            Verdict::Ask(_) | Verdict::Deny(_) => None,
        }
    }
}

/// Leave to do what one claim says, for as long as it lives. Dropping it frees the lane.
#[derive(Debug)]
pub struct WritePermit {
    claim: Claim,
    _lane: LaneGuard,
}

impl WritePermit {
    /// What is permitted.
    pub const fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Whether exactly this is permitted.
    pub fn allows(&self, claim: &Claim) -> bool {
        self.claim == *claim
    }

    /// Whether a file may be written at this resolved path.
    pub fn covers(&self, path: &Path) -> bool {
        matches!(&self.claim.action, Action::Write { path: own, .. } if own == path)
    }
}
