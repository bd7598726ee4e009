//! The life of a run as a whole: its plan, its pauses, its end; commands that fit and commands that do not.

use protocol::{
    Event, InterruptCause, Isolation, Kind, Node, NodeEnd, Plan, PlanEvent, PlanPatch, Planner,
    TreeStart, TurnEnd,
};
use scheduler::run::{
    Blocked, Illegal, NodePhase, RunCommand, RunInput, RunOutcome, RunPhase, Wish, decide,
};

use super::given_run::*;
use super::world::{Weather, World};
use crate::given::{node, nodes};

pub(super) fn command(sim: &mut Sim, command: RunCommand) -> Result<(), Illegal> {
    let events = decide(&sim.run, RunInput::Command(command))?;
    events.into_iter().for_each(|event| sim.say(event));
    sim.settle();
    Ok(())
}

pub(super) fn propose(plan: Plan) -> RunCommand {
    RunCommand::Propose {
        plan,
        by: Planner::User,
        remarks: Vec::new(),
    }
}

pub(super) fn two() -> Plan {
    of(vec![writer(1, &[]), writer(2, &[1])])
}

fn planner() -> Node {
    Node {
        kind: Kind::Plan,
        ..reader(50, &[])
    }
}

/// Whether the run was given up because it could not succeed; `None` if it was not given up.
pub(super) fn has_failed(sim: &Sim) -> Option<bool> {
    let mut records = sim.journal.iter().rev();
    records.find_map(|record| match &record.event {
        Event::Plan(PlanEvent::Cancelled { is_failure, .. }) => Some(*is_failure),
        _ => None,
    })
}

#[test]
fn a_planner_plans_and_its_plan_waits_to_be_approved() {
    let mut sim = Sim::new();
    assert_eq!(sim.run.phase(), RunPhase::New);
    sim.say(protocol::Event::Plan(PlanEvent::Accepted {
        plan: of(vec![planner()]),
    }));
    sim.settle();
    assert_eq!(sim.run.phase(), RunPhase::Planning);
    let refused = command(&mut sim, propose(two()));
    assert!(
        matches!(refused, Err(Illegal::Phase { .. })),
        "the planner is at work"
    );
    sim.begin(50);
    sim.agent_says(sim.speaker(50), replied("a plan", 40));
    sim.end(50, TurnEnd::Completed);
    assert_eq!(
        (sim.phase(50), sim.run.phase()),
        (NodePhase::Ended(NodeEnd::Done), RunPhase::Planning)
    );
    assert_eq!(sim.run.hand_off(node(50)).unwrap().as_str(), "a plan");
    command(&mut sim, propose(two())).unwrap();
    assert_eq!(
        (sim.run.phase(), sim.wishes()),
        (RunPhase::Proposed, vec![])
    );
    command(&mut sim, RunCommand::Approve { plan: None }).unwrap();
    assert_eq!(sim.run.phase(), RunPhase::Running);
    assert_eq!(sim.run.blocked_by(node(1)), Some(Blocked::Ground));
    sim.say(protocol::Event::Workspace(protocol::WorkspaceEvent::Begun(
        ground(Isolation::Worktree),
    )));
    sim.settle();
    assert_eq!(
        (sim.phase(1), sim.phase(2)),
        (NodePhase::Working, NodePhase::Waiting)
    );
    assert_eq!(
        sim.run.blocked_by(node(2)),
        Some(Blocked::Dependency(node(1)))
    );
    assert_eq!(sim.run.ledger().total().tokens, 40, "planning counts");
}

#[test]
fn a_plan_that_is_turned_down_ends_the_run_and_an_edited_one_takes_its_place() {
    let mut sim = Sim::new();
    command(&mut sim, propose(two())).unwrap();
    let mut other = sim.clone();
    command(&mut sim, RunCommand::Reject { why: "no".into() }).unwrap();
    assert_eq!(
        (sim.run.phase(), sim.run.given_up()),
        (RunPhase::Closed, Some("no"))
    );
    let edited = of(vec![writer(3, &[])]);
    command(
        &mut other,
        RunCommand::Approve {
            plan: Some(edited.clone()),
        },
    )
    .unwrap();
    assert_eq!(other.run.plan(), &edited);
}

#[test]
fn plans_that_cannot_be_ordered_are_refused() {
    let mut sim = Sim::new();
    let circle = of(vec![writer(1, &[2]), writer(2, &[1])]);
    assert!(matches!(
        command(&mut sim, propose(circle.clone())),
        Err(Illegal::Plan(_))
    ));
    assert!(matches!(
        command(&mut sim, propose(of(vec![]))),
        Err(Illegal::Plan(_))
    ));
    command(&mut sim, propose(two())).unwrap();
    let approve = RunCommand::Approve { plan: Some(circle) };
    assert!(matches!(command(&mut sim, approve), Err(Illegal::Plan(_))));
}

#[test]
fn a_paused_run_starts_nothing_and_ends_what_it_has() {
    let mut sim = Sim::of(two(), Isolation::Worktree);
    command(&mut sim, RunCommand::Pause).unwrap();
    sim.submit(1);
    sim.integrate(1, 8);
    assert_eq!(
        (sim.phase(1), sim.phase(2)),
        (NodePhase::Ended(NodeEnd::Done), NodePhase::Waiting)
    );
    assert_eq!(
        sim.run.blocked_by(node(2)),
        Some(Blocked::Run(RunPhase::Paused))
    );
    command(&mut sim, RunCommand::Unpause).unwrap();
    assert_eq!(sim.phase(2), NodePhase::Working);
    let attempt = sim.run.node(node(2)).unwrap().attempt.clone().unwrap();
    assert_eq!(
        attempt.start,
        TreeStart::Commit(git(8)),
        "what it depends on is in its tree"
    );
}

#[test]
fn a_cancelled_run_is_over_when_its_last_agent_is() {
    let mut sim = Sim::of(two(), Isolation::Worktree);
    sim.begin(1);
    command(
        &mut sim,
        RunCommand::Cancel {
            why: "enough".into(),
        },
    )
    .unwrap();
    assert_eq!((sim.run.phase(), sim.wishes()), (RunPhase::Ending, vec![]));
    assert_eq!(sim.phase(2), NodePhase::Ended(NodeEnd::Cancelled));
    sim.end(1, TurnEnd::Interrupted(protocol::InterruptCause::User));
    assert_eq!(sim.run.phase(), RunPhase::Closed);
    assert_eq!(has_failed(&sim), Some(false), "somebody wanted it");
}

#[test]
fn a_patch_changes_what_has_not_started_and_nothing_else() {
    let mut sim = Sim::of(two(), Isolation::Worktree);
    let patch = |patch| RunCommand::Patch {
        patch,
        why: "better".into(),
    };
    let modify = |node: Node| PlanPatch {
        modify: vec![node],
        ..PlanPatch::default()
    };
    let remove = |n| PlanPatch {
        remove: nodes(&[n]),
        ..PlanPatch::default()
    };
    let refused = |sim: &mut Sim, it| command(sim, patch(it)).err();
    assert_eq!(
        refused(&mut sim, modify(writer(1, &[]))),
        Some(Illegal::Started(node(1)))
    );
    assert_eq!(
        refused(&mut sim, remove(1)),
        Some(Illegal::Started(node(1)))
    );
    assert_eq!(
        refused(&mut sim, remove(9)),
        Some(Illegal::UnknownNode(node(9)))
    );
    let circle = modify(writer(2, &[2]));
    assert!(matches!(
        refused(&mut sim, circle),
        Some(Illegal::Problems(_))
    ));
    let mut overlapping = writer(3, &[]);
    overlapping.scope.writes = vec!["d2/**".into()];
    let add = PlanPatch {
        add: vec![overlapping],
        ..PlanPatch::default()
    };
    command(&mut sim, patch(add)).unwrap();
    let added = sim.run.planned(node(3)).unwrap();
    assert_eq!(
        added.deps,
        nodes(&[2]),
        "the edge its scope demands is there"
    );
    command(&mut sim, patch(remove(3))).unwrap();
    assert_eq!(sim.run.planned(node(3)), None);
}

#[test]
fn a_node_that_was_given_up_is_tried_again_with_what_had_to_be_skipped() {
    let mut plan = two();
    plan.nodes[0].budget.attempts = Some(1);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    let retry = |n| RunCommand::Retry { node: node(n) };
    assert!(matches!(
        command(&mut sim, retry(1)),
        Err(Illegal::NotRetryable(..))
    ));
    sim.begin(1);
    sim.end(1, TurnEnd::Looping);
    assert_eq!(sim.phase(2), NodePhase::Ended(NodeEnd::Skipped));
    assert_eq!(sim.run.phase(), RunPhase::Closed);
    assert!(matches!(
        command(&mut sim, retry(2)),
        Err(Illegal::NotRetryable(..))
    ));
    assert!(matches!(
        command(&mut sim, retry(9)),
        Err(Illegal::UnknownNode(_))
    ));
    command(&mut sim, retry(1)).unwrap();
    assert_eq!(
        (sim.run.phase(), sim.phase(1)),
        (RunPhase::Running, NodePhase::Working)
    );
    assert_eq!(
        (sim.phase(2), sim.run.node(node(1)).unwrap().number()),
        (NodePhase::Waiting, 2)
    );
    let mut world = World::new(sim, 3, Weather::default());
    world.live();
    world.judge();
    assert_eq!(world.sim.phase(2), NodePhase::Ended(NodeEnd::Done));
}

#[test]
fn after_a_cancel_a_node_is_tried_again_with_all_that_waited_for_it_and_nothing_else() {
    let plan = of(vec![
        writer(1, &[]),
        writer(2, &[1]),
        writer(3, &[2]),
        writer(4, &[]),
    ]);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.begin(1);
    let cancel = RunCommand::Cancel { why: "no".into() };
    command(&mut sim, cancel).unwrap();
    sim.end(1, TurnEnd::Interrupted(InterruptCause::User));
    let cancelled = NodePhase::Ended(NodeEnd::Cancelled);
    assert!((1..=4).all(|n| sim.phase(n) == cancelled));
    assert_eq!(sim.run.phase(), RunPhase::Closed);
    command(&mut sim, RunCommand::Retry { node: node(1) }).unwrap();
    let phases: Vec<NodePhase> = (1..=4).map(|n| sim.phase(n)).collect();
    let waiting = NodePhase::Waiting;
    assert_eq!(phases, [NodePhase::Working, waiting, waiting, cancelled]);
    let mut world = World::new(sim, 3, Weather::default());
    world.live();
    world.judge();
    assert_eq!(world.sim.phase(3), NodePhase::Ended(NodeEnd::Done));
    assert_eq!(world.sim.phase(4), cancelled);
}

#[test]
fn in_a_shared_tree_the_gate_is_a_node_at_the_end() {
    let mut plan = two();
    plan.gate = Some(check("make test"));
    let mut sim = Sim::of(plan, Isolation::Shared);
    let start = |sim: &Sim, n| {
        sim.run
            .node(node(n))
            .unwrap()
            .attempt
            .clone()
            .unwrap()
            .start
    };
    assert_eq!(start(&sim, 1), TreeStart::Shared);
    sim.submit(1);
    assert_eq!(
        sim.phase(1),
        NodePhase::Ended(NodeEnd::Done),
        "nothing is merged"
    );
    sim.submit(2);
    let gate = sim.run.plan().nodes.last().unwrap().clone();
    assert_eq!(
        (gate.kind, gate.accept.as_ref()),
        (Kind::Verify, Some(&check("make test")))
    );
    assert_eq!(
        sim.wishes(),
        [Wish::Inspect {
            node: gate.id,
            attempt: 1
        }]
    );
    sim.answer(RunOutcome::Inspected {
        node: gate.id,
        attempt: 1,
        found: sound(&gate, 1),
    });
    assert_eq!(sim.run.phase(), RunPhase::Closed);
}
