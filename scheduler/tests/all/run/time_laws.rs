//! The law of the times of nodes: an attempt begins with just the time that its subtree has left.

use proptest::prelude::*;
use protocol::{Event, FailureClass, Isolation, Kind, Node, NodeId, PlanEvent, Record};
use scheduler::run::{NodePhase, Run, Setback};

use super::given_run::{run_id, writer};
use super::laws::{any_plan, any_weather, cases, lived};
use super::world::is_of;

/// An attempt at a node of a subtree, by the milliseconds in which a process had the run.
struct Stretch {
    whose: (NodeId, u32),
    from: u64,
    to: Option<u64>,
}

/// How long any of them was at work.
fn together(all: &[Stretch], now: u64) -> u64 {
    let to = |one: &Stretch| one.to.unwrap_or(now);
    let mut cuts: Vec<u64> = all.iter().flat_map(|one| [one.from, to(one)]).collect();
    cuts.sort_unstable();
    let is_within = |cut: &&[u64]| {
        let mut all = all.iter();
        all.any(|one| one.from <= cut[0] && cut[1] <= to(one))
    };
    let within = cuts.windows(2).filter(is_within);
    within.map(|cut| cut[1] - cut[0]).sum()
}

/// What the newest attempt at a node came to, if it came to nothing.
fn setback(run: &Run, (node, number): (NodeId, u32)) -> Option<&Setback> {
    let last = run.node(node)?.setbacks.last();
    last.filter(|last| last.attempt == number)
}

/// Whether it is nobody's fault.
fn is_free(setback: &Setback) -> bool {
    let is_outside = matches!(
        setback.failure.class,
        FailureClass::Machine | FailureClass::Model | FailureClass::Stopped
    );
    !setback.burns && (setback.is_halt || is_outside)
}

/// An attempt at a node, or at one that works for it or stands in its place, begins with just the time that they left:
/// what is nobody's fault is not taken from it, whatever else was at work. A record is a millisecond.
fn judge(journal: &[Record], root: &Node, limit: u64) {
    let mut run = Run::new(run_id());
    let mut all: Vec<Stretch> = Vec::new();
    let (mut now, mut starts) = (0, 0);
    for record in journal {
        if let Event::Plan(PlanEvent::NodeStarted { node, attempt, .. }) = &record.event
            && run.planned(*node).is_some_and(|node| is_of(root, node))
        {
            let attempt = attempt.as_ref().unwrap();
            let left = limit - together(&all, now).min(limit);
            let has = attempt.allotted.wall_ms.unwrap();
            // Those that begin together are told the same.
            let may = left.max(1_000)..=left + starts;
            assert!(may.contains(&has), "{:?}: {has} of {left}", record.seq);
            all.push(Stretch {
                whose: (*node, attempt.number),
                from: now + 1,
                to: None,
            });
        }
        let is_start = matches!(&record.event, Event::Plan(PlanEvent::NodeStarted { .. }));
        starts = if is_start { starts + 1 } else { 0 };
        now += u64::from(!matches!(record.event, Event::Session(_)));
        run.apply(record);
        for one in all.iter_mut().filter(|one| one.to.is_none()) {
            let state = run.node(one.whose.0);
            if state.is_some_and(|it| it.phase == NodePhase::Working || it.lingers()) {
                continue;
            }
            let over = setback(&run, one.whose).filter(|last| !is_free(last));
            if over.is_some_and(|last| last.failure.class == FailureClass::Deadline) {
                let attempt = state.unwrap().attempt.as_ref().unwrap();
                now = now.max(one.from + attempt.allotted.wall_ms.unwrap());
            }
            one.to = Some(now);
        }
        all.retain(|one| one.to.is_none() || !setback(&run, one.whose).is_some_and(is_free));
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn an_attempt_begins_with_just_the_time_that_its_subtree_has_left_and_the_run_ends(
        plan in any_plan(), seed: u64, weather in any_weather(), own in 1_000..1_060u64,
        is_split: bool,
    ) {
        let (mut plan, mut weather) = (plan, weather);
        prop_assume!(plan.nodes[0].kind != Kind::Verify);
        plan.nodes[0].budget.wall_ms = Some(own);
        plan.caps.max_replans = 2;
        if is_split {
            // Its parts are at work at once.
            plan.nodes[0] = writer(0, &[]);
            plan.nodes[0].budget.wall_ms = Some(own);
            plan.nodes[0].budget.attempts = Some(1);
            plan.caps.max_parallel = 4;
            weather.failure = weather.failure.max(300);
        }
        let first = plan.nodes[0].clone();
        let world = lived(plan, Isolation::Worktree, seed, weather);
        judge(&world.sim.journal, &first, own);
    }
}
