//! What becomes of an answer where other nodes began, ended or were given up while the planner was asked.

use protocol::{Isolation, NodeEnd, NodeId, OnFail, Plan};
use scheduler::run::{Illegal, NodePhase, RunCommand, RunInput, RunOutcome, Wish, decide};
use serde_json::json;

use super::given_replan::*;
use super::given_run::*;
use super::lane::{conflict, gated, to_conflict};
use crate::given::node;

/// Two nodes without anything before them, and a third that waits for both.
fn fork() -> Plan {
    let mut plan = of(vec![writer(1, &[]), writer(2, &[]), writer(3, &[1, 2])]);
    for node in &mut plan.nodes {
        node.budget.attempts = Some(1);
    }
    plan.nodes[1].weight.on_fail = OnFail::Skip;
    plan.caps.max_replans = 2;
    plan
}

#[test]
fn what_waited_for_the_node_and_was_given_up_meanwhile_stays_so_and_waits_for_the_parts_once_it_is_tried_again()
 {
    for is_cancelled in [false, true] {
        let mut sim = Sim::of(fork(), Isolation::Worktree);
        let mut given_up = NodeEnd::Skipped;
        if is_cancelled {
            given_up = NodeEnd::Cancelled;
            let (node, why) = (node(3), "not wanted".to_owned());
            order(&mut sim, RunCommand::End { node, why }).unwrap();
        }
        fails(&mut sim, node(2));
        assert_eq!(sim.phase(3), NodePhase::Ended(given_up));
        fails(&mut sim, node(1));
        answers(&mut sim, "n1-replan-1", &halves());
        assert_eq!(sim.phase(1), NodePhase::Replanning);
        command(&mut sim, node(1), None).unwrap();
        let parts = [id("n1.1"), id("n1.2")];
        assert_eq!(sim.phase(3), NodePhase::Ended(given_up), "it stays so");
        let mut deps = vec![node(2)];
        deps.extend(parts);
        assert_eq!(sim.run.planned(node(3)).unwrap().deps, deps);
        for part in parts {
            assert_eq!(sim.run.node(part).unwrap().phase, NodePhase::Working);
        }
        order(&mut sim, RunCommand::Retry { node: node(2) }).unwrap();
        assert_eq!(sim.phase(3), NodePhase::Waiting, "for the parts too");
    }
}

#[test]
fn what_was_given_up_takes_nothing_along_that_only_writes_the_same() {
    let mut plan = row();
    let mut lost = writer(4, &[]);
    lost.scope.writes = vec!["d2/**".into()];
    lost.weight.on_fail = OnFail::Skip;
    plan.nodes.insert(0, lost);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    fails(&mut sim, node(4));
    assert_eq!(sim.phase(4), NodePhase::Ended(NodeEnd::Failed));
    fails(&mut sim, node(1));
    let parts = json!([part("d1/**", "S"), part("d2/a/**", "S")]);
    answers(&mut sim, "n1-replan-1", &json!({ "parts": parts }));
    command(&mut sim, node(1), None).unwrap();
    assert_eq!(named(&sim, "n1.2").deps, []);
    assert_eq!(sim.run.planned(node(2)).unwrap().deps, [id("n1.3")]);
    assert_eq!(sim.phase(2), NodePhase::Waiting);
}

#[test]
fn nothing_is_said_of_a_node_that_may_begin_before_the_answer_is_taken() {
    let mut plan = row();
    plan.nodes.push(writer(4, &[]));
    plan.caps.max_parallel = 1;
    let mut sim = Sim::of(plan, Isolation::Worktree);
    assert_eq!(sim.phase(4), NodePhase::Waiting, "for a slot");
    fails(&mut sim, node(1));
    let planner = named(&sim, "n1-replan-1").id;
    let schema = sim.run.replan(planner).unwrap().schema();
    for field in ["/rewrite/items/properties/node", "/drop/items"] {
        let names = schema.pointer(&format!("/properties{field}/enum"));
        assert_eq!(names, Some(&json!(["n2", "n3"])), "{field}");
    }
    let mut answer = halves();
    answer["rewrite"] = json!([{"node": "n4", "brief": "otherwise"}]);
    let said = objection(&sim, &answer).unwrap();
    assert!(said.contains("rewrite"), "{said}");
}

#[test]
fn an_answer_is_taken_without_what_it_says_of_nodes_that_were_given_up_meanwhile() {
    let mut sim = Sim::of(row(), Isolation::Worktree);
    fails(&mut sim, node(1));
    let mut answer = halves();
    answer["rewrite"] = json!([{"node": "n2", "brief": "otherwise"}]);
    answer["drop"] = json!(["n3"]);
    assert_eq!(objection(&sim, &answer), None);
    let (gone, why) = (node(2), "not wanted".to_owned());
    order(&mut sim, RunCommand::End { node: gone, why }).unwrap();
    assert_eq!(sim.phase(3), NodePhase::Ended(NodeEnd::Skipped));
    answers(&mut sim, "n1-replan-1", &answer);
    command(&mut sim, node(1), None).unwrap();
    let two = sim.run.planned(node(2)).unwrap();
    assert_eq!(two.brief.as_ref().unwrap().as_str(), "do it");
    assert_eq!(two.deps, [id("n1.1"), id("n1.2"), id("n1.3")][2..]);
    assert_eq!(sim.phase(2), NodePhase::Ended(NodeEnd::Cancelled));
    assert_eq!(sim.phase(3), NodePhase::Ended(NodeEnd::Skipped));
}

#[test]
fn a_planner_is_told_how_far_the_other_nodes_are() {
    let mut plan = fork();
    plan.caps.max_parallel = 3;
    plan.nodes
        .extend([reader(4, &[]), reader(5, &[4]), writer(6, &[5])]);
    plan.nodes.push(writer(7, &[1]));
    let mut sim = Sim::of(plan, Isolation::Worktree);
    fails(&mut sim, node(2));
    sim.work(4);
    fails(&mut sim, node(1));
    let planner = named(&sim, "n1-replan-1").id;
    let facts = sim.run.replan(planner).unwrap().facts();
    let (_, others) = facts.split_once("# The other nodes").unwrap();
    for line in [
        "- n2 (given up, not done)",
        "- n3 (given up, not done)",
        "- n4 (done)",
        "- n5 (under way)",
        "- n6 (not started)",
        "- n7 (waits for it)",
    ] {
        assert!(others.contains(line), "{line}: {others}");
    }
    assert!(!others.contains("replan"), "{others}");
}

#[test]
fn whoever_ends_a_node_ends_its_planner_with_it_at_work_or_not() {
    for lanes in [1, 4] {
        let mut plan = row();
        plan.nodes.push(writer(4, &[]));
        plan.caps.max_parallel = lanes;
        let mut sim = Sim::of(plan, Isolation::Worktree);
        fails(&mut sim, node(1));
        let planner = named(&sim, "n1-replan-1").id;
        let is_at_work = sim.run.node(planner).unwrap().phase == NodePhase::Working;
        assert_eq!(is_at_work, lanes > 1);
        let (gone, why) = (node(1), "not wanted".to_owned());
        order(&mut sim, RunCommand::End { node: gone, why }).unwrap();
        assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Cancelled));
        assert_eq!(sim.run.end(planner), Some(NodeEnd::Cancelled), "{lanes}");
        let asks = |wish: &Wish| matches!(wish, Wish::Work { node, .. } if *node == planner);
        assert!(!sim.wishes().iter().any(asks));
        order(&mut sim, RunCommand::Retry { node: node(1) }).unwrap();
        assert_eq!(sim.run.end(node(1)), None, "it begins anew");
        assert_eq!(sim.run.end(planner), Some(NodeEnd::Cancelled));
    }
}

/// The second node is in conflict with what the first landed, and the node that is to resolve it.
fn in_conflict() -> (Sim, NodeId) {
    let mut plan = gated(2);
    plan.nodes[1].budget.attempts = Some(2);
    plan.caps.max_replans = 2;
    let mut sim = Sim::of(plan, Isolation::Worktree);
    to_conflict(&mut sim);
    let merge = sim.run.plan().nodes.last().unwrap().id;
    fails(&mut sim, merge);
    (sim, merge)
}

#[test]
fn a_node_whose_conflict_nobody_could_resolve_is_planned_anew_too() {
    let (mut sim, merge) = in_conflict();
    fails(&mut sim, merge);
    assert_eq!(sim.run.end(merge), Some(NodeEnd::Failed));
    assert_eq!(sim.phase(2), NodePhase::Replanning);
    let planner = named(&sim, "n2-replan-1").id;
    let facts = sim.run.replan(planner).unwrap().facts();
    let (conflict, stall) = (facts.find("does not merge"), facts.find("the same calls"));
    assert!(conflict.is_some() && conflict < stall, "{facts}");
    let parts = json!({"parts": [part("d2/**", "S")]});
    answers(&mut sim, "n2-replan-1", &parts);
    command(&mut sim, node(2), None).unwrap();
    assert_eq!(sim.run.node(id("n2.1")).unwrap().phase, NodePhase::Working);
    let retry = decide(
        &sim.run,
        RunInput::Command(RunCommand::Retry { node: merge }),
    );
    assert!(matches!(retry, Err(Illegal::NotRetryable(..))), "{retry:?}");
}

#[test]
fn whoever_ends_the_node_that_was_to_resolve_a_conflict_is_not_asked_what_else_could_be_done() {
    let (mut sim, merge) = in_conflict();
    let why = "not wanted".to_owned();
    order(&mut sim, RunCommand::End { node: merge, why }).unwrap();
    assert_eq!(sim.phase(2), NodePhase::Ended(NodeEnd::Failed));
}

#[test]
fn a_merge_node_has_no_name_of_a_node_that_is_gone() {
    let mut named_so = writer(4, &[1]);
    named_so.name = "n2-merge-1".into();
    let mut plan = of(vec![writer(1, &[]), writer(2, &[]), named_so]);
    plan.nodes[0].budget.attempts = Some(1);
    plan.caps.max_replans = 2;
    let mut sim = Sim::of(plan, Isolation::Worktree);
    fails(&mut sim, node(1));
    let mut answer = halves();
    answer["drop"] = json!(["n2-merge-1"]);
    answers(&mut sim, "n1-replan-1", &answer);
    command(&mut sim, node(1), None).unwrap();
    sim.submit(2);
    sim.answer(RunOutcome::Merged {
        batch: 1,
        commits: Vec::new(),
        conflicts: vec![conflict(2, 0)],
    });
    let merge = sim.run.plan().nodes.last().unwrap();
    assert_eq!(merge.resolves, Some(node(2)));
    assert_eq!(merge.name.as_str(), "n2-merge-2");
}
