//! One node of a run is ended, and the rest goes on.

use proptest::prelude::*;
use protocol::{Isolation, NodeEnd};
use scheduler::run::{Illegal, NodePhase, RunCommand, RunInput, RunPhase, Wish, decide};

use super::given_run::*;
use super::lane::{advance, gate, merge, to_batch_of_four};
use super::laws::{any_plan, any_weather, cases};
use super::world::World;
use crate::given::{node, nodes};

fn end(sim: &mut Sim, n: usize) -> Result<(), Illegal> {
    let command = RunCommand::End {
        node: node(n),
        why: "in circles".to_owned(),
    };
    for event in decide(&sim.run, RunInput::Command(command))? {
        sim.say(event);
    }
    sim.settle();
    Ok(())
}

#[test]
fn what_needs_it_is_skipped_what_does_not_goes_on_and_a_retry_begins_both_again() {
    let plan = of(vec![writer(1, &[]), writer(2, &[1]), writer(3, &[])]);
    let mut sim = Sim::of(plan, Isolation::Worktree);
    sim.begin(1);
    end(&mut sim, 1).unwrap();
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Cancelled));
    assert_eq!(sim.phase(2), NodePhase::Ended(NodeEnd::Skipped));
    let wanted = |wish: &Wish| matches!(wish, Wish::Work { node: at, .. } if *at == node(1));
    assert!(!sim.wishes().iter().any(wanted), "its agent is to stop");
    assert!(
        sim.run.node(node(1)).unwrap().lingers(),
        "until it has, its files are its own"
    );
    sim.submit(3);
    merge(&mut sim);
    advance(&mut sim);
    assert_eq!(
        sim.run.phase(),
        RunPhase::Running,
        "its agent is not through"
    );
    sim.end(
        1,
        protocol::TurnEnd::Interrupted(protocol::InterruptCause::User),
    );
    assert!(matches!(sim.wishes()[..], [Wish::Land { .. }]));
    let again = RunCommand::Retry { node: node(1) };
    for event in decide(&sim.run, RunInput::Command(again)).unwrap() {
        sim.say(event);
    }
    sim.settle();
    assert_eq!(
        (sim.phase(1), sim.phase(2)),
        (NodePhase::Working, NodePhase::Waiting)
    );
}

#[test]
fn one_that_is_ended_in_its_batch_leaves_the_others_to_the_next_batch() {
    let mut sim = to_batch_of_four();
    merge(&mut sim);
    end(&mut sim, 3).unwrap();
    let batch = sim.run.batch().unwrap();
    assert_eq!((batch.number, &batch.nodes), (3, &nodes(&[2, 4, 5])));
    merge(&mut sim);
    gate(&mut sim, 0);
    let late = end(&mut sim, 4).unwrap_err();
    assert_eq!(
        late.to_string(),
        format!(
            "end node {}: its work is being brought to the branch",
            node(4)
        )
    );
    advance(&mut sim);
    assert_eq!(sim.phase(4), NodePhase::Ended(NodeEnd::Done));
    let over = end(&mut sim, 4).unwrap_err();
    assert_eq!(
        over.to_string(),
        format!("end node {}: it has come to its end", node(4))
    );
    assert_eq!(end(&mut sim, 9), Err(Illegal::UnknownNode(node(9))));
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_run_of_which_nodes_are_ended_anywhere_comes_to_its_end_like_any_other(
        plan in any_plan(), seed: u64, weather in any_weather(),
        ends in proptest::collection::vec((0..60usize, 0..10usize), 1..4),
    ) {
        let mut world = World::new(Sim::of(plan, Isolation::Worktree), seed, weather);
        for (steps, n) in ends {
            for _ in 0..steps {
                world.settle();
                if world.sim.run.phase() == RunPhase::Closed {
                    break;
                }
                world.step();
            }
            world.settle();
            let command = RunCommand::End { node: node(n), why: "enough".into() };
            for event in decide(&world.sim.run, RunInput::Command(command)).unwrap_or_default() {
                world.say(event);
            }
        }
        world.live();
        world.judge();
    }
}
