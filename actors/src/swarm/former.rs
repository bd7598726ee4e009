//! What a former process left open: turns of agents of which nothing is wanted any more, and which nobody will end.

use std::collections::BTreeMap;

use protocol::{AgentId, Draft, Event, InterruptCause, NodeId, SessionEvent, TurnEnd, TurnEvent};
use scheduler::run::{Run, Wish};

use super::crew::Crew;
use crate::flight::Flights;

/// The ends of those turns: their process is gone, and with it all they had at work. Until they have ended, their nodes
/// keep their slots and their files.
pub(super) fn ends(run: &Run, pasts: &BTreeMap<AgentId, agent::State>) -> Vec<Draft> {
    let open = run.nodes().filter(|(_, state)| state.lingers());
    open.filter_map(|(node, state)| {
        let agent = state.agent?;
        Some(end((node.id, agent), pasts.get(&agent)?.clone()))
    })
    .flatten()
    .collect()
}

/// The same for those that this process was to take up and did not, as nothing more was wanted of them before anybody
/// had: a run may be cancelled before its agents are back.
pub(super) fn left(run: &Run, crew: &mut Crew, flights: &Flights<Wish>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (node, state) in run.nodes().filter(|(_, state)| state.lingers()) {
        let is_of = |wish: &Wish| matches!(wish, Wish::Work { node: of, .. } if *of == node.id);
        let is_seen_to = crew.of(node.id).is_some() || flights.all().any(is_of);
        let past = state.agent.filter(|_| !is_seen_to);
        if let Some((agent, past)) = past.and_then(|agent| Some((agent, crew.forget(agent)?))) {
            drafts.extend(end((node.id, agent), past));
        }
    }
    drafts
}

/// The end of an agent's open turn.
pub(super) fn end((node, agent): (NodeId, AgentId), mut past: agent::State) -> Vec<Draft> {
    let draft = |past: &agent::State, event| Draft {
        agent: Some(agent),
        node: Some(node),
        turn: past.flow.turn,
        cause: None,
        event,
    };
    let mut drafts = Vec::new();
    if let Some(lost) = agent::lost(&past.flow).map(Event::Model) {
        past.apply(&lost);
        drafts.push(draft(&past, lost));
    }
    if let Some(setup) = past.flow.setup.clone() {
        // What it had begun and not finished is in doubt from here on.
        let resumed = Event::Session(SessionEvent::Resumed {
            limits: setup.limits,
            mode: setup.mode,
            model: setup.model.clone(),
            traits: setup.traits.clone(),
            structured: false,
        });
        past.apply(&resumed);
        drafts.push(draft(&past, resumed));
    }
    let ended = Event::Turn(TurnEvent::Ended {
        end: TurnEnd::Interrupted(InterruptCause::Terminate),
        state: past.digest(),
    });
    drafts.push(draft(&past, ended));
    drafts
}
