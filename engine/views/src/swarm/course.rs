//! What a run has been through as a whole.

use protocol::{FaultKind, PauseCause};

use super::{Phase, PlanChange, RunStatus, Swarm, SwarmNode};

/// What the run has been through.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Course {
    /// Why it was given up.
    pub cancelled: Option<String>,
    /// Whether nobody wanted that, but it could not succeed.
    pub has_failed: bool,
    /// Whether a check did not go as the plan declares before any of the work.
    pub is_unfounded: bool,
    /// Whether its plan was ever agreed to.
    pub is_agreed: bool,
    /// Milliseconds in which no process had the run, or a person thought about its plan.
    pub idle: u64,
    pub changes: Vec<PlanChange>,
    /// What the run pauses for, where there is no model to ask.
    no_model: Option<NoModel>,
}

/// There is no model to ask, for any node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoModel {
    /// What is to be mended: the key or the server.
    pub kind: FaultKind,
    /// Whose model, and what was said.
    pub text: String,
}

impl Swarm {
    /// Whether it was given up because it could not succeed, and not because somebody wanted that.
    pub fn has_failed(&self) -> bool {
        // Older journals say so only of checks that did not go as the plan declares before any of the work.
        let has_failed = self.course.has_failed || self.course.is_unfounded;
        has_failed && self.course.cancelled.is_some()
    }

    /// Whether a node of it that was not done may be tried again: its plan was agreed to, and its checks held.
    pub fn is_retryable(&self) -> bool {
        self.course.is_agreed && !self.course.is_unfounded
    }

    /// Why there is no model to ask, as long as nobody has had the run go on since.
    pub fn no_model(&self) -> Option<&NoModel> {
        self.course.no_model.as_ref()
    }

    /// Why the run as a whole goes no further, where no node of it says so.
    pub(super) fn why(&self) -> Option<String> {
        if let Phase::Rejected(why) = &self.phase {
            return Some(why.clone());
        }
        let given_up = self.course.cancelled.as_ref();
        let is_told = self.has_failed() || self.status() != RunStatus::Success;
        if let Some(why) = given_up.filter(|_| is_told) {
            return Some(why.clone());
        }
        let no_model = self.no_model().filter(|_| !self.is_over());
        no_model.map(|no_model| format!("there is no model to ask: {}", no_model.text))
    }

    pub(super) fn pauses(&mut self, cause: &PauseCause) {
        self.phase = Phase::Paused;
        self.course.no_model = match cause {
            PauseCause::User => None,
            PauseCause::NoModel { node, fault } => {
                let name = self.node(*node).map(SwarmNode::name).unwrap_or_default();
                let text = format!("the model of {name}: {}", fault.message);
                let kind = fault.kind;
                Some(NoModel { kind, text })
            }
        };
    }

    /// Somebody has it go on, and may have mended what it paused for.
    pub(super) fn taken_up(&mut self) {
        self.course.no_model = None;
    }
}
