//! What each unfinished node of a run waits for: nothing ever stands still without a reason.

use protocol::NodeId;

use super::node_run::NodePhase;
use super::{Run, RunPhase, admission, purse};
use crate::ledger::Meter;
use crate::order::Wait;

/// What a node that is not over waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocked {
    /// Its agent or command, which is at work.
    Work,
    /// Its tree to be looked at and its check to end.
    Inspection,
    /// The merge and the gate, or its turn there.
    Integration,
    /// The merge node that resolves its conflict.
    Conflict,
    /// What it leaves undone to be planned anew, and the change of the plan to be taken.
    Replan,
    /// Its former agent, which is being ended.
    FormerAgent,
    /// A node it depends on.
    Dependency(NodeId),
    /// The run, which is not under way.
    Run(RunPhase),
    /// Where the work goes has not been found out.
    Ground,
    /// What the plan says of the files as they are has not been found to hold.
    Footing,
    /// Something others hold.
    Admission(Wait),
    /// Nothing: what follows is due.
    Nothing,
}

impl Run {
    /// What a node waits for; `None` if it came to its end or is not in the plan.
    pub fn blocked_by(&self, node: NodeId) -> Option<Blocked> {
        let planned = self.planned(node)?;
        let state = self.nodes.get(&node).filter(|state| !state.is_over())?;
        Some(match state.phase {
            NodePhase::Working => Blocked::Work,
            NodePhase::Inspecting => Blocked::Inspection,
            NodePhase::Queued | NodePhase::InBatch => Blocked::Integration,
            NodePhase::Resolving => Blocked::Conflict,
            NodePhase::Replanning => Blocked::Replan,
            NodePhase::Inspected | NodePhase::Bounced | NodePhase::Ended(_) => Blocked::Nothing,
            NodePhase::Waiting | NodePhase::Returned => {
                let mut deps = planned.deps.iter().copied();
                let open = deps.find(|dep| !admission::is_done(self, *dep));
                open.map_or_else(|| self.held_up(node), Blocked::Dependency)
            }
        })
    }

    fn held_up(&self, node: NodeId) -> Blocked {
        let phase = self.phase();
        if !matches!(phase, RunPhase::Running | RunPhase::Planning) {
            return Blocked::Run(phase);
        }
        if self.nodes.get(&node).is_some_and(|state| state.lingers()) {
            return Blocked::FormerAgent;
        }
        if purse::time_left(self) == Some(0) {
            return Blocked::Nothing;
        }
        if !self.stage.footing.is_firm() {
            return Blocked::Footing;
        }
        let waits = admission::decision(self).waits;
        match waits.iter().find(|waiting| waiting.node == node) {
            Some(waiting) => Blocked::Admission(waiting.why),
            None if self.ground.is_none() => Blocked::Ground,
            None => Blocked::Nothing,
        }
    }

    /// What [`Self::blocked_by`] says, for people: it reads after "it waits for ".
    pub fn reason(&self, blocked: Blocked) -> String {
        let name = |node: NodeId| {
            let planned = self.planned(node);
            planned.map_or_else(|| node.to_string(), |node| format!("node {}", node.name))
        };
        match blocked {
            Blocked::Work => "its agent or command".to_owned(),
            Blocked::Inspection => "its check".to_owned(),
            Blocked::Integration => "the merge and the gate".to_owned(),
            Blocked::Conflict => "the node that resolves its conflict".to_owned(),
            Blocked::Replan => "what it leaves undone to be planned anew".to_owned(),
            Blocked::FormerAgent => "its former agent to end".to_owned(),
            Blocked::Dependency(node) => name(node),
            Blocked::Run(phase) => format!("the run, which is {phase}"),
            Blocked::Ground => "the repository to be looked at".to_owned(),
            Blocked::Footing => "the checks on what is there already".to_owned(),
            Blocked::Admission(Wait::Slot) => "a free slot".to_owned(),
            Blocked::Admission(Wait::Pool(tier)) => format!("a free {tier:?} model").to_lowercase(),
            Blocked::Admission(Wait::Build) => "the build lane".to_owned(),
            Blocked::Admission(Wait::Scope(node)) => format!("files that {} holds", name(node)),
            Blocked::Admission(Wait::Budget(meter)) => match meter {
                Meter::Tokens => "tokens that others may leave".to_owned(),
                Meter::Cost => "money that others may leave".to_owned(),
                Meter::ToolCalls => "tool calls that others may leave".to_owned(),
                Meter::Attempts => "attempts that others may leave".to_owned(),
            },
            Blocked::Admission(Wait::Turn(node)) => {
                format!("{}, which has waited longer", name(node))
            }
            Blocked::Admission(Wait::Unknown) | Blocked::Nothing => "its turn".to_owned(),
        }
    }
}
