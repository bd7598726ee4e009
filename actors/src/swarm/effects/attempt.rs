//! One attempt at a node, as whoever carries it needs to know it.

use std::sync::Arc;

use agent::prompt::{Brief, Handoff, again, replanning};
use protocol::{
    AgentId, Attempt, BoardEntry, Check, Failure, FailureClass, Kind, MemoryId, Node, NodeId, Text,
    Tier, TurnId,
};
use ractor::ActorRef;
use scheduler::replan::Replan;
use scheduler::run::{Run, RunOutcome};

use super::review;
use crate::swarm::crew::Member;
use crate::swarm::house::{House, Key};
use crate::swarm::messages::RunMsg;
use crate::swarm::outfit::Post;
use crate::swarm::run_actor::RunState;

/// One attempt at a node.
pub(super) struct Order {
    pub node: Node,
    pub attempt: Attempt,
    pub agent: AgentId,
    terms: Terms,
    pub key: Key,
    /// Who is at the node's place now, perhaps the agent of an earlier attempt.
    pub member: Option<Member>,
    /// What the agent had in a former process.
    pub past: Option<agent::State>,
    pub message: Text,
    /// The entries of the board that the message tells.
    pub told: Vec<MemoryId>,
    /// What it is to review.
    pub review: Vec<review::Work>,
    pub run: ActorRef<RunMsg>,
    pub turn: TurnId,
}

/// What its agent works with and is asked for.
struct Terms {
    tier: Tier,
    gate: Option<Check>,
    /// What is asked of one who plans anew.
    replan: Option<Arc<Replan>>,
}

impl Order {
    pub(super) fn new(
        state: &mut RunState,
        (node, agent): (NodeId, AgentId),
        run: &ActorRef<RunMsg>,
    ) -> Option<Self> {
        let past = state.crew.past(agent);
        let attempt = state.run.node(node)?.attempt.clone()?;
        let told = told(&state.run, (node, agent), &attempt);
        let replan = state.run.replan(node).map(Arc::new);
        Some(Self {
            node: state.run.planned(node)?.clone(),
            message: match &replan {
                Some(replan) => replanning(&state.run.planned(node)?.name, &replan.facts()),
                None => message(state, node, (&attempt, &told))?,
            },
            told,
            // Who goes on in the same context has seen it.
            review: match attempt.is_fresh {
                true => review::of(&state.run, node),
                false => Vec::new(),
            },
            turn: turn(&state.run, node, &attempt),
            attempt,
            agent,
            terms: Terms {
                tier: state.run.tier(node),
                gate: state.run.plan().gate.clone(),
                replan,
            },
            key: state.houses.key(node),
            member: state.crew.of(node).cloned(),
            past,
            run: run.clone(),
        })
    }

    pub fn post<'a>(&'a self, house: &'a Arc<House>) -> Post<'a> {
        Post {
            node: &self.node,
            attempt: &self.attempt,
            tier: self.terms.tier,
            gate: self.terms.gate.as_ref(),
            replan: self.terms.replan.as_ref(),
            house,
        }
    }

    pub fn failed(&self, class: FailureClass, evidence: String) -> RunOutcome {
        let evidence = evidence.into();
        RunOutcome::Worked {
            node: self.node.id,
            attempt: self.attempt.number,
            failure: Some(Failure { class, evidence }),
        }
    }
}

/// One turn for each attempt: whether it has begun is a fact of the journal.
fn turn(run: &Run, node: NodeId, attempt: &Attempt) -> TurnId {
    let (run, node) = (run.id().uuid(), node.uuid());
    let number = attempt.number.to_be_bytes();
    TurnId::derived(&[run.as_bytes(), node.as_bytes(), b"turn", &number])
}

/// The entries of the board that go with a brief.
fn told(run: &Run, (node, agent): (NodeId, AgentId), attempt: &Attempt) -> Vec<MemoryId> {
    let is_begun = run
        .node(node)
        .is_some_and(|state| !state.setbacks.is_empty());
    match is_planner(run, node) || (is_begun && !attempt.is_fresh) {
        true => Vec::new(),
        false => run.worth_telling(node, agent),
    }
}

/// What the agent is told: its brief, or why its work was not taken.
fn message(
    state: &RunState,
    node: NodeId,
    (attempt, told): (&Attempt, &[MemoryId]),
) -> Option<Text> {
    let run = &state.run;
    let board: Vec<BoardEntry> = told
        .iter()
        .filter_map(|id| run.board().get(*id))
        .cloned()
        .collect();
    let planning = state.site.intent.planning.as_ref();
    if let Some(planning) = planning.filter(|_| is_planner(run, node)) {
        return Some(planning.message());
    }
    let (planned, state) = (run.planned(node)?, run.node(node)?);
    let plan = run.plan();
    let before = plan
        .nodes
        .iter()
        .filter(|one| planned.deps.contains(&one.id));
    let handoffs: Vec<(&Node, String)> = before
        .map(|one| {
            let said = run.hand_off(one.id);
            (
                one,
                said.map(|said| said.as_str().into_owned())
                    .unwrap_or_default(),
            )
        })
        .collect();
    let changed = |one: &Node| {
        run.node(one.id)?
            .found
            .as_ref()
            .map(|found| &found.changed[..])
    };
    let handoffs: Vec<Handoff<'_>> = handoffs
        .iter()
        .map(|(one, said)| Handoff {
            name: &one.name,
            title: &one.title,
            said,
            changed: changed(one).unwrap_or_default(),
        })
        .collect();
    let brief = Brief {
        goal: &plan.goal,
        node: planned,
        contracts: &plan.contracts,
        handoffs: &handoffs,
        board: &board,
    };
    Some(match state.setbacks.last() {
        None => brief.first(),
        Some(last) if attempt.is_fresh => brief.afresh(attempt.number, &last.failure),
        Some(last) => again(planned, attempt.number, &last.failure),
    })
}

fn is_planner(run: &Run, node: NodeId) -> bool {
    run.planned(node)
        .is_some_and(|node| node.kind == Kind::Plan)
}
