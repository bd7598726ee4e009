//! Budgets of subtrees: what a node may use is all that it, its planners, merge nodes and parts may use together.

use protocol::{Budget, Isolation, Kind, Limit, Node, NodeEnd, NodeId, Plan, Tier, TurnEnd};
use scheduler::run::NodePhase;
use serde_json::{Value, json};

use super::given_replan::*;
use super::given_run::*;
use super::lane::{gated, to_conflict};
use crate::given::node;

fn tokens(tokens: u64) -> Budget {
    Budget {
        tokens: Some(tokens),
        ..Budget::default()
    }
}

/// One writer that may use so many tokens in its one attempt, and another one.
fn limited(own: u64) -> Plan {
    let mut plan = of(vec![writer(1, &[]), writer(2, &[])]);
    plan.nodes[0].budget = Budget {
        attempts: Some(1),
        ..tokens(own)
    };
    plan.caps.max_replans = 2;
    plan
}

/// A node uses so many tokens, and goes in circles.
fn uses(sim: &mut Sim, node: NodeId, tokens: u64, end: TurnEnd) {
    let speaker = speaker(sim, node);
    sim.agent_says(speaker, submitted(speaker.2));
    sim.agent_says(speaker, replied("more", tokens));
    sim.agent_says(speaker, turn_ended(end));
    sim.settle();
}

fn allotted(sim: &Sim, node: NodeId) -> Option<u64> {
    let state = sim.run.node(node).unwrap();
    state.attempt.as_ref().unwrap().allotted.tokens
}

fn parts(count: usize) -> Value {
    let parts = (0..count).map(|at| part(&format!("d1/{at}/**"), "S"));
    json!({ "parts": parts.collect::<Vec<_>>() })
}

#[test]
fn a_planner_and_the_parts_share_what_the_node_left_of_what_it_may_use() {
    let mut sim = Sim::of(limited(40_000), Isolation::Worktree);
    uses(&mut sim, node(1), 10_000, TurnEnd::Looping);
    let planner = named(&sim, "n1-replan-1").id;
    assert_eq!(allotted(&sim, planner), Some(15_000));
    answers(&mut sim, "n1-replan-1", &parts(2));
    command(&mut sim, node(1), None).unwrap();
    // The planner used 700.
    for part in ["n1.1", "n1.2"] {
        assert_eq!(allotted(&sim, id(part)), Some(14_650));
    }
    uses(&mut sim, id("n1.1"), 4_650, TurnEnd::Looping);
    let planner = named(&sim, "n1.1-replan-1").id;
    assert_eq!(
        allotted(&sim, planner),
        Some(5_000),
        "of what the part left"
    );
    let ledger = sim.run.ledger();
    assert_eq!(ledger.settled(node(1)).tokens, 10_000 + 700 + 4_650);
    assert_eq!(ledger.left(node(1)), tokens(24_650 - 14_650 - 5_000));
}

#[test]
fn parts_for_which_too_little_is_left_wait_for_what_others_leave_and_never_pass_the_limit() {
    let mut sim = Sim::of(limited(20_000), Isolation::Worktree);
    uses(&mut sim, node(1), 9_000, TurnEnd::Looping);
    answers(&mut sim, "n1-replan-1", &parts(4));
    command(&mut sim, node(1), None).unwrap();
    let begun = |sim: &Sim| -> Vec<Node> {
        let nodes = sim.run.nodes();
        let begun = nodes.filter(|(node, it)| {
            it.phase == NodePhase::Working && node.name.as_str().starts_with("n1.")
        });
        begun.map(|(node, _)| node.clone()).collect()
    };
    // 10300 are left, and none begins with less than 4000 while another may leave some.
    assert_eq!(begun(&sim).len(), 2);
    assert_eq!(sim.run.ledger().left(node(1)), tokens(2_300));
    let mut rounds = 0;
    while let Some(one) = begun(&sim).first() {
        let all = allotted(&sim, one.id).unwrap();
        uses(&mut sim, one.id, all, TurnEnd::Limited(Limit::Tokens));
        rounds += 1;
        assert!(sim.run.ledger().settled(node(1)).tokens <= 20_000);
        assert!(rounds < 20);
    }
    let one = sim.run.planned(id("n1.1")).unwrap();
    assert_eq!(one.budget.tokens, Some(4_000));
}

#[test]
fn a_merge_node_may_use_what_its_node_left() {
    let mut plan = gated(2);
    plan.nodes[1].budget = tokens(20_000);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.begin(2);
    sim.agent_says(sim.speaker(2), replied("first", 5_000));
    sim.end(2, TurnEnd::Looping);
    to_conflict(&mut sim);
    let merge = sim.run.plan().nodes.last().unwrap().clone();
    assert_eq!(
        (merge.kind, merge.budget.tokens),
        (Kind::Merge, Some(15_000))
    );
    assert_eq!(allotted(&sim, merge.id), Some(15_000));
    assert_eq!(sim.run.ledger().left(node(2)), tokens(0));
}

#[test]
fn a_part_and_a_merge_node_have_as_many_attempts_as_their_node_and_a_planner_has_one() {
    let mut plan = limited(40_000);
    plan.nodes[0].budget.attempts = Some(2);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    fails(&mut sim, node(1));
    fails(&mut sim, node(1));
    let attempts = |sim: &Sim, name| named(sim, name).budget.attempts;
    assert_eq!(attempts(&sim, "n1-replan-1"), Some(1));
    answers(&mut sim, "n1-replan-1", &parts(2));
    command(&mut sim, node(1), None).unwrap();
    for part in ["n1.1", "n1.2"] {
        assert_eq!(attempts(&sim, part), Some(2));
        fails(&mut sim, id(part));
        assert_eq!(sim.run.node(id(part)).unwrap().phase, NodePhase::Working);
        fails(&mut sim, id(part));
        assert_eq!(sim.run.node(id(part)).unwrap().number(), 2);
        assert_ne!(sim.run.node(id(part)).unwrap().phase, NodePhase::Working);
    }
    let mut plan = gated(2);
    plan.nodes[1].budget.attempts = Some(2);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.begin(2);
    to_conflict(&mut sim);
    let merge = sim.run.plan().nodes.last().unwrap();
    assert_eq!((merge.kind, merge.budget.attempts), (Kind::Merge, Some(2)));
}

#[test]
fn nobody_is_asked_where_too_little_is_left_of_what_the_node_may_use() {
    let money = |cost| Budget {
        cost: Some(protocol::Cost(cost)),
        ..Budget::default()
    };
    let calls = |calls| Budget {
        tool_calls: Some(calls),
        ..Budget::default()
    };
    for (own, is_asked) in [
        (tokens(17_999), false),
        (tokens(18_000), true),
        (money(10_001), false),
        (money(10_002), true),
        (calls(7), false),
        (calls(8), true),
    ] {
        let mut plan = limited(0);
        plan.nodes[0].budget = Budget {
            attempts: Some(1),
            ..own
        };
        let mut sim = Sim::of(plan, Isolation::Worktree);
        uses(&mut sim, node(1), 10_000, TurnEnd::Looping);
        let phase = match is_asked {
            true => NodePhase::Replanning,
            false => NodePhase::Ended(NodeEnd::Failed),
        };
        assert_eq!(sim.phase(1), phase, "{own:?}");
    }
}

#[test]
fn a_node_without_money_is_a_local_models_and_nobody_dearer_is_asked() {
    let mut plan = limited(0);
    plan.nodes[0].budget = Budget {
        attempts: Some(1),
        cost: Some(protocol::Cost(0)),
        ..Budget::default()
    };
    plan.nodes[0].tier = Tier::Local;
    let mut sim = Sim::of(plan, Isolation::Worktree);
    assert_eq!(sim.phase(1), NodePhase::Working);
    uses(&mut sim, node(1), 0, TurnEnd::Looping);
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
    assert_eq!(names(&sim), ["n1", "n2"]);
}
