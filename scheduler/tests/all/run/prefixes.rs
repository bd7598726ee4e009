//! A journal that ends after any record goes on to the same end: nothing that matters is known only to a process.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use protocol::{Isolation, NodeEnd, NodeId, OnFail};

use super::given_run::*;
use super::laws::{any_plan, any_weather, cases};
use super::world::{Weather, World, mix};

/// How each node ended.
fn ends(world: &World) -> BTreeMap<NodeId, NodeEnd> {
    let run = &world.sim.run;
    let ended = run
        .nodes()
        .filter_map(|(node, _)| Some((node.id, run.end(node.id)?)));
    ended.collect()
}

fn landed(world: &World) -> BTreeSet<NodeId> {
    world.integrated.iter().copied().collect()
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn a_run_killed_after_any_record_comes_to_the_same_end(
        plan in any_plan(), seed: u64, weather in any_weather(), shared: bool,
    ) {
        let mut plan = plan;
        // Who is still at work when a run stops is a matter of time, and so is what fails by chance.
        plan.nodes.iter_mut().for_each(|node| node.weight.on_fail = OnFail::Retry);
        // Which of two that write the same comes first is a matter of time where their edges follow from a change.
        for (at, node) in plan.nodes.iter_mut().enumerate().filter(|(_, node)| node.kind.writes()) {
            node.scope.writes = vec![format!("d{at}/**")];
        }
        // Whose check sees a file in which others have a conflict is a matter of time too: of which of them landed before.
        let weather = Weather { chaos: 0, death: 0, astray: 0, ..weather };
        let isolation = if shared { Isolation::Shared } else { Isolation::Worktree };
        let mut whole = World::new(Sim::of(plan, isolation), seed, weather);
        whole.tape = Some(Vec::new());
        whole.live();
        whole.judge();
        let tape = whole.tape.take().unwrap_or_default();
        prop_assert!(!tape.is_empty());
        for (at, mut cut) in tape.into_iter().enumerate() {
            cut.dice.0 = mix(seed ^ at as u64);
            cut.die();
            cut.live();
            cut.judge();
            prop_assert_eq!(ends(&cut), ends(&whole));
            prop_assert_eq!(landed(&cut), landed(&whole));
        }
    }
}
