//! Steps of the integration that cannot be carried out: how often, with which pauses, and who is given up for it.

use protocol::{Event, FailureClass, Isolation, NodeEnd, PlanEvent, PlanPatch, WorkspaceEvent};
use scheduler::run::{NodePhase, RunOutcome, RunPhase, Wish};

use super::given_run::*;
use super::lane::{advance, batch, gate, gated, merge};
use super::life::has_failed;
use crate::given::{node, nodes};

fn fail(sim: &mut Sim, wish: Wish) {
    assert!(sim.wishes().contains(&wish), "{wish:?}");
    let text = "no space left".to_owned();
    sim.answer(RunOutcome::Failed { wish, text });
}

#[test]
fn a_merge_that_always_fails_is_tried_three_times_with_pauses_and_then_its_node_has_failed() {
    let mut sim = Sim::of(gated(2), Isolation::Worktree);
    sim.submit(1);
    for pause in [0, 500, 2000] {
        assert_eq!(sim.run.pause_ms(&Wish::Merge { batch: 1 }), pause);
        fail(&mut sim, Wish::Merge { batch: 1 });
        // What other nodes do meanwhile is no progress of this one.
        sim.say(made(2));
    }
    let state = sim.run.node(node(1)).unwrap();
    assert_eq!(state.phase, NodePhase::Ended(NodeEnd::Failed));
    let why = state.setbacks[0].failure.evidence.as_str().into_owned();
    assert_eq!(why, "its work could not be integrated: no space left");
    assert_eq!(
        (sim.run.phase(), sim.run.pause_ms(&Wish::Merge { batch: 2 })),
        (RunPhase::Running, 0)
    );
    sim.submit(2);
    merge(&mut sim);
    gate(&mut sim, 0);
    advance(&mut sim);
    assert_eq!(sim.phase(2), NodePhase::Ended(NodeEnd::Done));
}

#[test]
fn a_tree_the_machine_fails_to_look_at_is_looked_at_again_before_anybody_is_asked_to_work_again() {
    let mut sim = Sim::of(gated(2), Isolation::Worktree);
    let sound = sound(sim.run.planned(node(1)).unwrap(), 5);
    let blind = protocol::Inspection {
        fault: Some("no space left".into()),
        may_pass: true,
        ..sound.clone()
    };
    let look = Wish::Inspect {
        node: node(1),
        attempt: 1,
    };
    sim.work(1);
    for pause in [0, 500] {
        assert_eq!(sim.run.pause_ms(&look), pause);
        assert!(sim.wishes().contains(&look));
        sim.found(1, blind.clone());
        assert_eq!(sim.phase(1), NodePhase::Inspecting);
    }
    assert_eq!(sim.run.pause_ms(&look), 2000);
    sim.found(1, sound);
    let state = sim.run.node(node(1)).unwrap();
    assert!(state.setbacks.is_empty() && state.phase == NodePhase::InBatch);

    sim.work(2);
    (0..3).for_each(|_| sim.found(2, blind.clone()));
    let state = sim.run.node(node(2)).unwrap();
    let failure = &state.setbacks[0].failure;
    assert_eq!(failure.class, FailureClass::Machine, "it does not pass");
    assert_eq!(failure.evidence.as_str(), "no space left");
}

#[test]
fn of_a_batch_that_cannot_be_merged_the_one_is_found_and_the_others_land() {
    let mut sim = Sim::of(gated(5), Isolation::Worktree);
    (1..=5).for_each(|n| sim.submit(n));
    merge(&mut sim);
    gate(&mut sim, 0);
    advance(&mut sim);
    while let Some(taken) = sim.run.batch().cloned() {
        let wish = Wish::Merge {
            batch: taken.number,
        };
        match taken.nodes.contains(&node(4)) {
            true => fail(&mut sim, wish),
            false => {
                merge(&mut sim);
                gate(&mut sim, 0);
                advance(&mut sim);
            }
        }
    }
    assert_eq!(sim.phase(4), NodePhase::Ended(NodeEnd::Failed));
    let done = NodePhase::Ended(NodeEnd::Done);
    assert!([1, 2, 3, 5].into_iter().all(|n| sim.phase(n) == done));
}

#[test]
fn checks_that_cannot_be_started_are_counted_as_merges_are() {
    let mut sim = Sim::of(gated(1), Isolation::Worktree);
    sim.submit(1);
    merge(&mut sim);
    for _ in 0..3 {
        let wish = sim.wishes().remove(0);
        assert!(matches!(wish, Wish::Gate { .. }));
        fail(&mut sim, wish);
    }
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
}

#[test]
fn three_nodes_in_a_row_that_cannot_be_integrated_end_the_run_with_the_reason() {
    let mut sim = Sim::of(gated(4), Isolation::Worktree);
    for n in 1..=3 {
        sim.submit(n);
        assert_eq!(batch(&sim), nodes(&[n]));
        for _ in 0..3 {
            fail(&mut sim, Wish::Merge { batch: n as u32 });
        }
    }
    assert_eq!(sim.phase(3), NodePhase::Ended(NodeEnd::Failed));
    assert_eq!(sim.phase(4), NodePhase::Ended(NodeEnd::Cancelled));
    assert!(sim.run.given_up().unwrap().contains("no space left"));
    assert_eq!(has_failed(&sim), Some(true));
}

#[test]
fn a_branch_that_cannot_be_moved_ends_the_run_with_the_reason() {
    let mut sim = Sim::of(gated(2), Isolation::Worktree);
    sim.submit(1);
    merge(&mut sim);
    gate(&mut sim, 0);
    for _ in 0..3 {
        let wish = sim.wishes().pop().unwrap();
        assert!(matches!(wish, Wish::Advance { .. }));
        fail(&mut sim, wish);
    }
    assert_eq!(sim.run.phase(), RunPhase::Closed);
    assert!(sim.run.given_up().unwrap().contains("no space left"));
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Cancelled));
}

#[test]
fn an_older_journal_in_which_such_a_merge_was_tried_on_folds_to_what_landed() {
    let mut sim = Sim::of(gated(3), Isolation::Worktree);
    (1..=3).for_each(|n| sim.submit(n));
    merge(&mut sim);
    gate(&mut sim, 0);
    advance(&mut sim);
    for _ in 0..3 {
        let (batch, text) = (Some(2), "no space left".into());
        sim.say(Event::Workspace(WorkspaceEvent::Failed { batch, text }));
    }
    let merged = |n: usize| protocol::Merged {
        node: node(n),
        commit: git(2000 + n as u64),
    };
    sim.say(Event::Workspace(WorkspaceEvent::Advanced {
        batch: 2,
        to: git(2003),
        nodes: vec![merged(2), merged(3)],
    }));
    sim.settle();
    assert_eq!(sim.run.batch(), None, "nothing is merged twice");
    assert_eq!(sim.wishes(), [Wish::Land { commit: git(2003) }]);
}

/// No change of a plan that was judged makes a circle: whatever else would let a run stand still is mended where it is
/// found.
#[test]
fn of_a_run_in_which_nothing_is_at_work_and_nothing_can_begin_what_is_left_fails_and_says_who_waits_for_whom()
 {
    let mut sim = Sim::of(of(vec![writer(1, &[])]), Isolation::Worktree);
    let circle = [(2, 3), (3, 2), (4, 3), (5, 3)];
    let patch = PlanPatch {
        add: circle.map(|(n, dep)| writer(n, &[dep])).into(),
        ..PlanPatch::default()
    };
    let why = "a plan that nobody judged".to_owned();
    sim.say(Event::Plan(PlanEvent::Patched { patch, why }));
    sim.settle();
    assert_eq!(sim.phase(2), NodePhase::Waiting, "one is at work");
    sim.submit(1);
    sim.integrate(1, 7);
    let told = "nothing of the run is at work and nothing of it can begin, which is a fault of formic: \
                node n2 waits for node n3; node n3 waits for node n2; node n4 waits for node n3; and 1 more";
    let whys = sim.journal.iter().filter_map(|record| match &record.event {
        Event::Plan(PlanEvent::NodeEnded { why, .. }) => why.as_ref(),
        _ => None,
    });
    let whys: Vec<_> = whys.map(|why| why.as_str().into_owned()).collect();
    assert_eq!(whys, [told; 4]);
    assert_eq!(sim.phase(5), NodePhase::Ended(NodeEnd::Failed));
    let [Wish::Land { commit }] = &sim.wishes()[..] else {
        panic!("what was done lands: {:?}", sim.wishes());
    };
    assert_eq!(*commit, git(7));
}
