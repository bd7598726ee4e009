//! What a coordinator starts with, and what the records so far say of its plan.

use std::sync::Arc;

use protocol::{
    AgentId, Caps, Command, Draft, Event, Kind, Node, NodeId, PLAN_VERSION, Plan, PlanEvent,
    Record, SessionEvent, TurnEnd, TurnEvent,
};
use ractor::ActorProcessingErr;
use scheduler::Dag;
use tokio::sync::watch;

use super::outfit::Outfits;
use crate::agent_actor::{Start, Status};
use crate::journal::Journal;
use crate::world::World;

/// What a coordinator starts with.
pub(crate) struct Brief {
    pub world: Arc<World>,
    pub journal: Journal,
    /// Where watchers of the session see how its own agent stands.
    pub status: watch::Sender<Status>,
    /// The records so far.
    pub records: Vec<Arc<Record>>,
    /// What this process adds before anything else.
    pub first: Vec<Draft>,
    pub reader: RecordReader,
    /// What sub-agents are given.
    pub outfits: Outfits,
    /// How deep, how many and how many at once they may be in this process.
    pub caps: Caps,
}

/// Reads the session's records again, for an agent that has to be rebuilt and for what a sub-agent has done. All of
/// them or, as the error, why not: an agent must not go on from half of what it did. Blocks.
pub(crate) type RecordReader =
    Arc<dyn Fn(protocol::Seq) -> Result<Vec<Arc<Record>>, String> + Send + Sync>;

impl Brief {
    /// The node that runs and its agent, with their plan: from the records, and what they lack made now. A process may
    /// have died between accepting its plan and starting the node.
    pub(super) async fn ensure_plan(
        &mut self,
    ) -> Result<(Plan, NodeId, AgentId), ActorProcessingErr> {
        let source = self.world.source.clone();
        let mut drafts = std::mem::take(&mut self.first);
        let caps = self.caps;
        let plan = match recorded_plan(&self.records) {
            // What holds is what was said when the session was taken up.
            Some(plan) => Plan { caps, ..plan },
            None => {
                let plan = one_node_plan(NodeId::new(source.uuid()), caps);
                let accepted = PlanEvent::Accepted { plan: plan.clone() };
                drafts.push(of_session(Event::Plan(accepted)));
                plan
            }
        };
        let started = |node, agent| {
            of_session(Event::Plan(PlanEvent::NodeStarted {
                node,
                agent,
                attempt: None,
            }))
        };
        let (node, agent) = match recorded_start(&self.records) {
            Some((node, agent)) => {
                if has_ended(&self.records, node) {
                    // A conversation that is taken up again is a node that is taken up again.
                    drafts.push(started(node, agent));
                }
                (node, agent)
            }
            None => {
                let dag = Dag::new(&plan)?;
                let ready = dag.ready();
                let node = *ready.first().ok_or("the plan has no node to begin with")?;
                let agent = AgentId::new(source.uuid());
                drafts.push(started(node, agent));
                (node, agent)
            }
        };
        if !drafts.is_empty() {
            let kept = self.journal.append(drafts).await?;
            self.records.extend(kept);
        }
        Ok((plan, node, agent))
    }
}

/// What an agent starts with, from its records and those about the session.
pub(super) struct Folded {
    pub core: agent::State,
    pub end: Option<TurnEnd>,
}

impl Folded {
    pub(super) fn new(records: &[Arc<Record>], agent: AgentId) -> Self {
        let own = || {
            let own = records.iter().filter(|record| concerns(record, agent));
            own.map(Arc::as_ref)
        };
        Self {
            core: agent::State::fold(own()),
            end: last_end(own()),
        }
    }

    pub(super) fn start(
        self,
        (me, node): (AgentId, NodeId),
        (world, journal): (&Arc<World>, &Journal),
        (last, status): (protocol::Seq, watch::Sender<Status>),
    ) -> Start {
        Start {
            me,
            node,
            core: self.core,
            last,
            end: self.end,
            world: world.clone(),
            journal: journal.clone(),
            status,
        }
    }
}

/// A fact about the session as a whole.
pub(crate) const fn of_session(event: Event) -> Draft {
    Draft {
        agent: None,
        node: None,
        turn: None,
        cause: None,
        event,
    }
}

/// Takes an agent up with what it had.
pub(super) fn resumption(flow: &agent::Flow) -> Option<Command> {
    let setup = flow.setup.as_ref()?;
    Some(Command::Resume {
        limits: setup.limits,
        mode: setup.mode,
        model: setup.model.clone(),
        traits: setup.traits.clone(),
        structured: flow.wants_schema(),
    })
}

/// Whether an agent's state depends on a record: its own, and those about the session as a whole.
fn concerns(record: &Record, agent: AgentId) -> bool {
    record.agent.is_none_or(|of| of == agent)
}

fn one_node_plan(id: NodeId, caps: Caps) -> Plan {
    Plan {
        caps,
        version: PLAN_VERSION,
        goal: "converse with the user".to_owned(),
        nodes: vec![Node::new(id, Kind::Chat, "one agent")],
        ..Plan::default()
    }
}

/// Looks through the events of some records, the newest last.
fn find<'a, T>(records: &'a [Arc<Record>], look: impl Fn(&'a Event) -> Option<T>) -> Option<T> {
    records.iter().find_map(|record| look(&record.event))
}

fn recorded_plan(records: &[Arc<Record>]) -> Option<Plan> {
    find(records, |event| {
        let Event::Plan(PlanEvent::Accepted { plan }) = event else {
            return None;
        };
        Some(plan.clone())
    })
}

fn recorded_start(records: &[Arc<Record>]) -> Option<(NodeId, AgentId)> {
    find(records, |event| {
        let Event::Plan(PlanEvent::NodeStarted { node, agent, .. }) = event else {
            return None;
        };
        Some((*node, *agent))
    })
}

/// Whether a node's latest record is its end.
fn has_ended(records: &[Arc<Record>], node: NodeId) -> bool {
    let begun = |record: &Arc<Record>| matches!(&record.event, Event::Plan(PlanEvent::NodeStarted { node: of, .. }) if *of == node);
    let over = |record: &Arc<Record>| matches!(&record.event, Event::Plan(PlanEvent::NodeEnded { node: of, .. }) if *of == node);
    let mut latest = records.iter().rev();
    let latest = latest.find(|record| begun(record) || over(record));
    latest.is_some_and(over)
}

/// How the last turn of an agent ended, if none has begun since.
pub(super) fn last_end<'a>(own: impl Iterator<Item = &'a Record>) -> Option<TurnEnd> {
    let mut end = None;
    for record in own {
        if let Event::Turn(event) = &record.event {
            match event {
                TurnEvent::Ended { end: how, .. } => end = Some(how),
                TurnEvent::Submitted { .. } => end = None,
                TurnEvent::Steered { .. }
                | TurnEvent::Informed { .. }
                | TurnEvent::Nudged { .. }
                | TurnEvent::Warned { .. }
                | TurnEvent::Interrupted { .. } => {}
            }
        }
    }
    end.cloned()
}

/// The opening of a session, if its records have one.
pub(crate) fn opening(records: &[Arc<Record>]) -> Option<&protocol::Opening> {
    find(records, |event| {
        let Event::Session(SessionEvent::Opened(opening)) = event else {
            return None;
        };
        Some(opening.as_ref())
    })
}
