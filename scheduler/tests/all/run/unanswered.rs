//! Calls that were billed without a reply: they are settled on every account that a reply is settled on.

use protocol::{
    Budget, Charge, Cost, Event, FaultKind, Isolation, Limit, ModelEvent, ModelFault, NodeEnd,
    RetryHint, TurnEnd,
};
use scheduler::run::NodePhase;

use super::given_run::*;
use crate::given::node;

fn fault() -> ModelFault {
    ModelFault {
        kind: FaultKind::Broken,
        status: None,
        message: "the stream ended early".into(),
        retry: RetryHint::Backoff,
        billed: true,
        heard: None,
    }
}

fn charge(tokens: u64) -> Option<Charge> {
    (tokens > 0).then_some(Charge {
        tokens,
        cost: Some(Cost(tokens * 2)),
        is_estimate: true,
        ..Charge::default()
    })
}

fn retried(tokens: u64) -> Event {
    Event::Model(ModelEvent::Retried {
        step: 0,
        attempt: 1,
        fault: fault(),
        wait_ms: 1,
        charge: charge(tokens),
        room: None,
    })
}

fn failed(tokens: u64) -> Event {
    Event::Model(ModelEvent::Failed {
        step: 0,
        fault: fault(),
        charge: charge(tokens),
        limit: None,
    })
}

fn lost(tokens: u64) -> Event {
    let charge = charge(tokens).unwrap();
    Event::Model(ModelEvent::Lost { step: 0, charge })
}

#[test]
fn what_a_call_without_a_reply_was_charged_is_settled() {
    let table = [
        (retried(700), 700),
        (failed(700), 700),
        (lost(700), 700),
        (retried(0), 0),
        (failed(0), 0),
    ];
    for (event, tokens) in table {
        let mut plan = of(vec![writer(1, &[]), writer(2, &[])]);
        plan.budget.tokens = Some(30_000);
        let mut sim = Sim::of(plan, Isolation::Worktree);
        sim.begin(1);
        sim.agent_says(sim.speaker(1), event.clone());
        let state = sim.run.node(node(1)).unwrap();
        for spent in [sim.run.spent(), state.spent, state.spent_now] {
            assert_eq!(
                (spent.tokens, spent.cost, spent.tool_calls),
                (tokens, Cost(tokens * 2), 0),
                "{event:?}"
            );
        }
    }
}

#[test]
fn a_run_whose_streams_are_always_cut_ends_within_its_budget() {
    let mut plan = of(vec![writer(1, &[]), writer(2, &[1])]);
    plan.nodes[0].budget = Budget {
        tokens: Some(9_000),
        ..Budget::default()
    };
    let mut sim = Sim::of(plan, Isolation::Worktree);
    while sim.phase(1) == NodePhase::Working {
        let attempt = sim.run.node(node(1)).unwrap().attempt.clone();
        let allotted = attempt.unwrap().allotted.tokens.unwrap();
        sim.begin(1);
        sim.agent_says(sim.speaker(1), retried(allotted / 2));
        sim.agent_says(sim.speaker(1), failed(allotted - allotted / 2));
        sim.end(1, TurnEnd::Limited(Limit::Tokens));
    }
    assert_eq!(sim.phase(1), NodePhase::Ended(NodeEnd::Failed));
    assert_eq!(sim.run.spent().tokens, 9_000);
}
