//! Planning anew: what a node leaves undone becomes a planner's question, its answer a change of the plan, and nothing
//! worse than the node's failure when that comes to nothing.

use protocol::{FailureClass, GaveUp, Isolation, Kind, NodeEnd, OnFail, Plan, TurnEnd};
use scheduler::run::{Illegal, NodePhase, RunCommand, RunInput, RunOutcome, decide};
use serde_json::{Value, json};

use super::given_replan::*;
use super::given_run::*;
use crate::given::{node, nodes};

#[test]
fn parts_take_the_place_of_a_node_that_could_not_be_done_and_what_waited_for_it_waits_for_them() {
    let mut sim = Sim::of(row(), Isolation::Worktree);
    fails(&mut sim, node(1));
    assert_eq!(sim.phase(1), NodePhase::Replanning);
    assert_eq!(sim.phase(2), NodePhase::Waiting);
    let planner = named(&sim, "n1-replan-1").clone();
    assert_eq!(
        (planner.kind, planner.resolves),
        (Kind::Plan, Some(node(1)))
    );
    answers(&mut sim, "n1-replan-1", &halves());
    assert_eq!(sim.phase(1), NodePhase::Replanning, "nobody has taken it");
    let change = sim.run.change().unwrap();
    assert_eq!(change.why, "node n1 is planned anew: smaller");
    command(&mut sim, node(1), None).unwrap();
    assert_eq!(sim.run.node(node(1)), None);
    let all = ["n2", "n3", "n1-replan-1", "n1.1", "n1.2", "n1.3"];
    let mut known = names(&sim);
    known.sort_by_key(|name| all.iter().position(|one| one == name));
    assert_eq!(known, all);
    // The node's check holds after both parts, and whoever waited for the node waits for it.
    let joined = named(&sim, "n1.3");
    assert_eq!(
        (joined.kind, joined.accept.clone()),
        (Kind::Verify, Some(check("one")))
    );
    assert_eq!(joined.deps, [id("n1.1"), id("n1.2")]);
    assert_eq!(sim.run.planned(node(2)).unwrap().deps, [id("n1.3")]);
    assert_eq!(sim.run.planned(node(3)).unwrap().deps, nodes(&[2]));
    for part in ["n1.1", "n1.2"] {
        assert_eq!(sim.run.node(id(part)).unwrap().phase, NodePhase::Working);
    }
    assert_eq!(
        sim.run.spent().tokens,
        700,
        "the planner is paid by the run"
    );
    assert_eq!(
        command(&mut sim, node(1), None),
        Err(Illegal::NoChange(node(1)))
    );
}

#[test]
fn an_answer_of_no_use_or_none_or_a_refusal_leaves_the_node_failed_with_its_reason() {
    let mut other = halves();
    other["parts"][0]["writes"] = json!(["../outside"]);
    for (answer, refused) in [
        (Some(json!({"parts": []})), None),
        (Some(json!("nonsense")), None),
        (Some(other), None),
        (None, None),
        (Some(halves()), Some("too dear")),
    ] {
        let mut sim = Sim::of(row(), Isolation::Worktree);
        fails(&mut sim, node(1));
        match &answer {
            Some(answer) => answers(&mut sim, "n1-replan-1", answer),
            None => fails(&mut sim, id("n1-replan-1")),
        }
        if refused.is_some() {
            command(&mut sim, node(1), refused).unwrap();
        }
        assert_eq!(
            sim.phase(1),
            NodePhase::Ended(NodeEnd::Failed),
            "{answer:?}"
        );
        assert_eq!(sim.phase(2), NodePhase::Ended(NodeEnd::Skipped));
        assert_eq!(sim.run.change(), None);
        let why = sim.journal.iter().find_map(|record| match &record.event {
            protocol::Event::Plan(protocol::PlanEvent::NodeEnded { node: it, why, .. }) => {
                why.clone().filter(|_| *it == node(1))
            }
            _ => None,
        });
        let why = why.unwrap().as_str().into_owned();
        assert!(why.starts_with("the same calls"), "{why}");
        assert_eq!(why.contains("turned down: too dear"), refused.is_some());
    }
}

/// A plan made otherwise.
type Change = fn(&mut Plan);

#[test]
fn nobody_is_asked_where_another_plan_would_come_to_the_same_or_the_plan_says_no() {
    let cases: [(&str, Change); 4] = [
        ("never", |plan| plan.caps.max_replans = 0),
        ("no room", |plan| plan.caps.max_nodes = 3),
        ("no depth", |plan| plan.caps.max_depth = 1),
        ("may be skipped", |plan| {
            plan.nodes[0].weight.on_fail = OnFail::Skip;
        }),
    ];
    for (why, change) in cases {
        let mut plan = row();
        change(&mut plan);
        let mut sim = Sim::of(plan, Isolation::Worktree);
        fails(&mut sim, node(1));
        assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed), "{why}");
    }
    let mut sim = Sim::of(row(), Isolation::Worktree);
    for attempt in 1..=3 {
        let failure = protocol::Failure {
            class: FailureClass::Machine,
            evidence: "the disk is full".into(),
        };
        sim.answer(RunOutcome::Worked {
            node: node(1),
            attempt,
            failure: Some(failure),
        });
    }
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
}

#[test]
fn a_subtree_is_planned_anew_twice_at_most_and_divided_into_parts_of_parts_at_most() {
    let mut sim = Sim::of(row(), Isolation::Worktree);
    fails(&mut sim, node(1));
    let one = json!({"parts": [part("d1/**", "S")]});
    answers(&mut sim, "n1-replan-1", &one);
    command(&mut sim, node(1), None).unwrap();
    assert_eq!(named(&sim, "n1.1").accept, Some(check("one")));
    fails(&mut sim, id("n1.1"));
    answers(&mut sim, "n1.1-replan-1", &one);
    command(&mut sim, id("n1.1"), None).unwrap();
    fails(&mut sim, id("n1.1.1"));
    assert_eq!(sim.run.end(id("n1.1.1")), Some(NodeEnd::Failed));
    // Another subtree has its own.
    let mut sim = Sim::of(
        of(row()
            .nodes
            .into_iter()
            .take(1)
            .chain([writer(9, &[])])
            .collect()),
        Isolation::Worktree,
    );
    fails(&mut sim, node(1));
    assert_eq!(
        sim.phase(1),
        NodePhase::Ended(NodeEnd::Failed),
        "its cap is 0"
    );
}

#[test]
fn the_third_of_a_subtree_is_not_planned_anew_however_near_to_its_root() {
    let mut sim = Sim::of(row(), Isolation::Worktree);
    fails(&mut sim, node(1));
    answers(&mut sim, "n1-replan-1", &halves());
    command(&mut sim, node(1), None).unwrap();
    fails(&mut sim, id("n1.1"));
    assert_eq!(sim.run.end(id("n1.1")), None, "the second time");
    fails(&mut sim, id("n1.2"));
    assert_eq!(sim.run.end(id("n1.2")), Some(NodeEnd::Failed));
}

#[test]
fn a_change_must_leave_less_to_be_done_and_touch_only_what_has_not_begun() {
    let mut plan = row();
    plan.nodes.push(writer(4, &[]));
    let mut sim = Sim::of(plan, Isolation::Worktree);
    fails(&mut sim, node(1));
    let of = |parts: Value, more: Value| {
        let mut answer = json!({ "parts": parts });
        answer
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        answer
    };
    let small = || json!([part("d1/**", "S")]);
    let rewrite = |node: &str| json!({"rewrite": [{"node": node, "brief": "otherwise"}]});
    let drop = |nodes: &[&str]| json!({ "drop": nodes });
    let large = || json!([part("d1/**", "L")]);
    let halves = || json!([part("d1/a", "M"), part("d1/b", "M")]);
    let mut circle = small();
    circle[0]["after"] = json!([1]);
    let none = || json!({});
    for (parts, more, problem) in [
        (small(), none(), None),
        (halves(), none(), Some("no-progress")),
        (large(), none(), Some("no-progress")),
        (large(), drop(&["n2", "n3"]), None),
        (small(), rewrite("n3"), None),
        (small(), rewrite("n4"), Some("rewrite")),
        (small(), rewrite("n1"), Some("rewrite")),
        (small(), drop(&["n4"]), Some("drop")),
        (small(), drop(&["n2"]), None),
        (json!([part(".git/x", "S")]), none(), Some("scope-git")),
        (json!([]), none(), Some("parts")),
        (circle, none(), Some("after")),
    ] {
        let answer = of(parts, more);
        let said = objection(&sim, &answer);
        let is_as_wanted = match problem {
            None => said.is_none(),
            Some(problem) => said.as_ref().is_some_and(|said| said.contains(problem)),
        };
        assert!(is_as_wanted, "{answer}: {said:?}");
    }
}

#[test]
fn what_is_dropped_is_waited_for_no_more() {
    let mut sim = Sim::of(row(), Isolation::Worktree);
    fails(&mut sim, node(1));
    let answer = json!({
        "parts": [part("d1/**", "S")], "drop": ["n2"], "rewrite": [{"node": "n3", "brief": "otherwise"}],
    });
    answers(&mut sim, "n1-replan-1", &answer);
    command(&mut sim, node(1), None).unwrap();
    assert_eq!(sim.run.planned(node(2)), None);
    let last = sim.run.planned(node(3)).unwrap();
    assert_eq!(last.deps, [id("n1.1")]);
    assert_eq!(last.brief.as_ref().unwrap().as_str(), "otherwise");
}

#[test]
fn a_title_that_came_of_the_brief_follows_it_and_one_of_its_own_stays() {
    for (title, then) in [("as it was", "otherwise"), ("its own", "its own")] {
        let mut plan = row();
        plan.nodes[2].brief = Some("as it was".into());
        plan.nodes[2].title = title.to_owned();
        let mut sim = Sim::of(plan, Isolation::Worktree);
        fails(&mut sim, node(1));
        let answer = json!({
            "parts": [part("d1/**", "S")], "rewrite": [{"node": "n3", "brief": " otherwise "}],
        });
        answers(&mut sim, "n1-replan-1", &answer);
        command(&mut sim, node(1), None).unwrap();
        assert_eq!(sim.run.planned(node(3)).unwrap().title, then);
    }
}

#[test]
fn a_node_that_is_too_large_is_divided_within_its_scope_and_nothing_else_is_changed() {
    let mut plan = row();
    plan.nodes[0].budget.attempts = None;
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.begin(1);
    sim.agent_says(
        sim.speaker(1),
        replied("TOO LARGE: forty files, none like the other", 5),
    );
    sim.end(1, TurnEnd::Completed);
    let setback = sim.run.node(node(1)).unwrap().setbacks[0].clone();
    assert_eq!(
        setback.failure.class,
        FailureClass::GaveUp(GaveUp::TooLarge)
    );
    assert_eq!(sim.phase(1), NodePhase::Replanning, "at once");
    for (parts, problem) in [
        (json!([part("d1/a/**", "S")]), "parts"),
        (
            json!([part("d1/a/**", "S"), part("d2/**", "S")]),
            "scope-wider",
        ),
        (
            json!([part("d1/a/**", "S"), part("**", "S")]),
            "scope-wider",
        ),
    ] {
        let said = objection(&sim, &json!({ "parts": parts })).unwrap();
        assert!(said.contains(problem), "{said}");
    }
    let mut other = halves();
    other["rewrite"] = json!([{"node": "n3", "brief": "otherwise"}]);
    assert!(objection(&sim, &other).unwrap().contains("rewrite"));
    answers(&mut sim, "n1-replan-1", &halves());
    let change = sim.run.change().unwrap();
    assert_eq!(change.why, "node n1 is divided: smaller");
    command(&mut sim, node(1), None).unwrap();
    assert_eq!(sim.run.planned(node(2)).unwrap().deps, [id("n1.3")]);
}

#[test]
fn a_node_that_is_too_large_is_tried_on_where_nobody_can_divide_it() {
    let cases: [(&str, Change, u32); 3] = [
        ("never", |plan| plan.caps.max_replans = 0, 2),
        ("no room", |plan| plan.caps.max_nodes = 3, 2),
        (
            "may be skipped",
            |plan| plan.nodes[0].weight.on_fail = OnFail::Skip,
            1,
        ),
    ];
    for (why, change, attempts) in cases {
        let mut plan = row();
        plan.nodes[0].budget.attempts = Some(2);
        change(&mut plan);
        let mut sim = Sim::of(plan, Isolation::Worktree);
        for attempt in 1..=attempts {
            assert_eq!(sim.phase(1), NodePhase::Working, "{why}: {attempt}");
            sim.begin(1);
            sim.agent_says(sim.speaker(1), replied("TOO LARGE: forty files", 5));
            sim.end(1, TurnEnd::Completed);
        }
        assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed), "{why}");
    }
}

#[test]
fn a_planner_is_not_tried_again_by_itself() {
    let mut sim = Sim::of(row(), Isolation::Worktree);
    fails(&mut sim, node(1));
    fails(&mut sim, id("n1-replan-1"));
    let retry = RunCommand::Retry {
        node: id("n1-replan-1"),
    };
    let refused = decide(&sim.run, RunInput::Command(retry));
    assert!(matches!(refused, Err(Illegal::NotRetryable(..))));
}
