//! What a former process left open: turns of agents of which nothing is wanted any more, and which nobody will end.

use std::collections::BTreeMap;

use protocol::{AgentId, Draft, Event, InterruptCause, NodeId, SessionEvent, TurnEnd, TurnEvent};
use scheduler::run::Run;

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
