//! Which records stir a run: from most of what agents do nothing follows, and a large plan need not be looked through
//! for each of them.

use protocol::{Budget, Event, Fact, ModelEvent, Record, ToolEvent, TurnEvent};

use super::Run;
use super::node_run::NodeRun;

impl Run {
    /// Whether something may follow from a record that was just applied, or be wished for, that did not or was not
    /// before it. If not, [`super::follow`] and [`super::wishes`] say what they said.
    pub fn is_stirred_by(&self, record: &Record) -> bool {
        // Time that is being used up passes with every record.
        let is_timed = self.plan.budget.wall_ms.is_some();
        is_timed
            || match &record.event {
                Event::Turn(event) => self.is_stirred_by_turn(record, event),
                Event::Model(event) => match event {
                    ModelEvent::Replied { .. } | ModelEvent::Lost { .. } => self.is_limited(record),
                    ModelEvent::Retried { charge, .. } | ModelEvent::Failed { charge, .. } => {
                        charge.is_some() && self.is_limited(record)
                    }
                    ModelEvent::Requested { .. } | ModelEvent::Resumed { .. } => false,
                },
                Event::Tool(event) => match event {
                    ToolEvent::Finished { result, .. } => {
                        let tells =
                            |fact: &Fact| matches!(fact, Fact::Noted(_) | Fact::FileWritten { .. });
                        result.facts.iter().any(tells)
                    }
                    ToolEvent::Started { .. } | ToolEvent::Reopened { .. } => false,
                },
                Event::Session(_) => record.agent.is_none(),
                Event::Permission(_) | Event::Fault(_) => false,
                Event::Plan(_) | Event::Workspace(_) | Event::Memory(_) => true,
            }
    }

    fn is_stirred_by_turn(&self, record: &Record, event: &TurnEvent) -> bool {
        let state = record.node.and_then(|node| self.nodes.get(&node));
        match event {
            // Who is in its turn hears what others found out; who began one that nobody waits for holds its place.
            TurnEvent::Submitted { .. } => {
                self.commons.has_news() || state.is_some_and(NodeRun::lingers)
            }
            TurnEvent::Ended { .. } => true,
            TurnEvent::Steered { .. }
            | TurnEvent::Nudged { .. }
            | TurnEvent::Informed { .. }
            | TurnEvent::Warned { .. }
            | TurnEvent::Interrupted { .. } => false,
        }
    }

    /// Whether what the record's node uses is counted against any limit.
    fn is_limited(&self, record: &Record) -> bool {
        let limits = |budget: &Budget| {
            budget.tokens.is_some() || budget.cost.is_some() || budget.tool_calls.is_some()
        };
        let node = record.node.and_then(|node| self.planned(node));
        let state = record.node.and_then(|node| self.nodes.get(&node));
        let attempt = state.and_then(|state| state.attempt.as_ref());
        limits(&self.plan.budget)
            || node.is_some_and(|node| limits(&node.budget))
            || attempt.is_some_and(|attempt| limits(&attempt.allotted))
    }
}
