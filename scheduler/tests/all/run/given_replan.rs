//! Nodes that fail, planners that answer, changes of a plan that are taken: in few words.

use protocol::{Node, NodeId, Plan, TurnEnd};
use scheduler::plan::node_id;
use scheduler::run::{Illegal, RunCommand, RunInput, decide};
use serde_json::{Value, json};

use super::given_run::*;

/// Three writers in a row, the first with a check; each of them has one attempt.
pub(crate) fn row() -> Plan {
    let mut plan = of(vec![writer(1, &[]), writer(2, &[1]), writer(3, &[2])]);
    plan.nodes[0].accept = Some(check("one"));
    for node in &mut plan.nodes {
        node.budget.attempts = Some(1);
    }
    plan.caps.max_replans = 2;
    plan
}

pub(crate) fn id(name: &str) -> NodeId {
    node_id(run_id(), &name.into())
}

pub(crate) fn named<'a>(sim: &'a Sim, name: &str) -> &'a Node {
    let mut nodes = sim.run.plan().nodes.iter();
    nodes.find(|node| node.name.as_str() == name).unwrap()
}

/// A node's only attempt goes in circles.
pub(crate) fn fails(sim: &mut Sim, node: NodeId) {
    let speaker = speaker(sim, node);
    sim.agent_says(speaker, submitted(speaker.2));
    sim.agent_says(speaker, turn_ended(TurnEnd::Looping));
    sim.settle();
}

pub(crate) fn speaker(sim: &Sim, node: NodeId) -> Speaker {
    let state = sim.run.node(node).unwrap();
    let turn = protocol::TurnId::derived(&[node.uuid().as_bytes(), &state.number().to_be_bytes()]);
    (node, state.agent.unwrap(), turn)
}

/// The planner of this name answers.
pub(crate) fn answers(sim: &mut Sim, planner: &str, answer: &Value) {
    let speaker = speaker(sim, named(sim, planner).id);
    sim.agent_says(speaker, submitted(speaker.2));
    sim.agent_says(speaker, structured(&answer.to_string()));
    sim.agent_says(speaker, replied("done", 700));
    sim.agent_says(speaker, turn_ended(TurnEnd::Completed));
    sim.settle();
}

pub(crate) fn command(sim: &mut Sim, node: NodeId, refused: Option<&str>) -> Result<(), Illegal> {
    let refused = refused.map(str::to_owned);
    order(sim, RunCommand::Replan { node, refused })
}

pub(crate) fn order(sim: &mut Sim, command: RunCommand) -> Result<(), Illegal> {
    let events = decide(&sim.run, RunInput::Command(command))?;
    events.into_iter().for_each(|event| sim.say(event));
    sim.settle();
    Ok(())
}

pub(crate) fn part(writes: &str, size: &str) -> Value {
    json!({"title": "a part", "brief": "do a part", "writes": [writes], "after": [], "check": false, "size": size})
}

pub(crate) fn halves() -> Value {
    json!({"why": "smaller", "parts": [part("d1/a/**", "S"), part("d1/b/**", "S")]})
}

pub(crate) fn names(sim: &Sim) -> Vec<String> {
    let nodes = sim.run.plan().nodes.iter();
    nodes.map(|node| node.name.to_string()).collect()
}

/// What a planner is told is wrong with an answer.
pub(crate) fn objection(sim: &Sim, answer: &Value) -> Option<String> {
    let replan = sim.run.replan(named(sim, "n1-replan-1").id).unwrap();
    replan.objection(answer)
}
