//! The ledger adds up, and does not pretend to know what it does not.

use protocol::{Cost, Event, ModelEvent, TurnEnd, Usage};
use views::{Ledger, View};

use crate::given::*;

#[test]
fn an_empty_ledger_costs_nothing() {
    assert_eq!(Ledger::default().total.cost, Some(Cost(0)));
    let json = serde_json::to_value(Ledger::default()).unwrap();
    assert_eq!(json["total"]["cost"], 0);
}

#[test]
fn usage_cost_steps_and_time_add_up_per_model_agent_and_node() {
    let mut other = reply(vec![]);
    other.model = "m-2".into();
    let ledger = Ledger::fold(&[
        by(1, 1, replied(0, reply(vec![]))),
        by(1, 2, replied(1, other)),
        by(2, 3, replied(0, reply(vec![]))),
        by(2, 4, finished(1, (0, 1), ok("x"))),
    ]);
    let three = Usage {
        input: 30,
        output: 15,
        cache_read: 6,
        cache_write: 3,
    };
    assert_eq!(ledger.total.usage, three);
    assert_eq!(ledger.total.cost, Some(Cost(21)));
    assert_eq!((ledger.total.steps, ledger.total.api_ms), (3, 1_200));
    assert_eq!(ledger.models["m-1"].steps, 2);
    assert_eq!(ledger.models["m-2"].cost, Some(Cost(7)));
    assert_eq!(ledger.agents[&agent(1)].steps, 2);
    assert_eq!(ledger.agents[&agent(2)].tool_calls, 1);
    assert_eq!(ledger.nodes[&node(2)].steps, 1);
}

#[test]
fn one_unknown_cost_makes_the_sum_unknown_for_good() {
    let mut unknown = reply(vec![]);
    (unknown.cost, unknown.usage, unknown.model) = (None, None, "local".into());
    let ledger = Ledger::fold(&records(vec![
        replied(0, reply(vec![])),
        replied(1, unknown),
        replied(2, reply(vec![])),
    ]));
    assert_eq!(ledger.total.cost, None);
    assert_eq!(ledger.total.uncounted, 1);
    assert_eq!(ledger.total.usage.output, 10);
    assert_eq!(
        ledger.models["m-1"].cost,
        Some(Cost(14)),
        "the other model's is still known"
    );
    let json = serde_json::to_value(&ledger).unwrap();
    assert!(json["total"]["cost"].is_null(), "null, never 0");
}

#[test]
fn what_broken_attempts_were_charged_is_in_every_sum_and_said_to_be_an_estimate() {
    let ledger = Ledger::fold(&[
        by(1, 1, retried(0, true)),
        by(1, 2, retried(0, false)),
        by(1, 3, failed(0, true)),
        by(2, 4, failed(1, false)),
        by(2, 5, replied(1, reply(vec![]))),
        by(1, 6, ended(TurnEnd::Failed(fault(true)))),
    ]);
    let total = &ledger.total;
    assert_eq!((total.retries, total.steps), (2, 1));
    assert_eq!((total.usage.input, total.usage.output), (210, 25));
    assert_eq!((total.estimated, total.overrun), (220, 6));
    assert_eq!(total.cost, Some(Cost(25)));
    let broken = &ledger.nodes[&node(1)];
    assert_eq!((broken.usage.total(), broken.cost), (220, Some(Cost(18))));
    assert_eq!(broken, &ledger.agents[&agent(1)]);
    assert_eq!(ledger.unanswered.usage, broken.usage);
    assert_eq!(ledger.nodes[&node(2)].estimated, 0);
}

#[test]
fn what_a_lost_call_was_charged_is_in_every_sum() {
    let charge = charge(true).unwrap();
    let lost = Event::Model(ModelEvent::Lost { step: 0, charge });
    let ledger = Ledger::fold(&[by(1, 1, lost), by(1, 2, replied(0, reply(vec![])))]);
    for tally in [
        &ledger.total,
        &ledger.agents[&agent(1)],
        &ledger.nodes[&node(1)],
    ] {
        assert_eq!((tally.usage.input, tally.estimated), (110, 110));
        assert_eq!((tally.steps, tally.cost), (1, Some(Cost(16))));
    }
}

#[test]
fn a_broken_attempt_without_a_price_makes_the_sum_unknown() {
    let mut broken = retried(0, true);
    if let Event::Model(ModelEvent::Retried {
        charge: Some(charge),
        ..
    }) = &mut broken
    {
        charge.cost = None;
    }
    let ledger = Ledger::fold(&records(vec![replied(0, reply(vec![])), broken]));
    assert_eq!((ledger.total.cost, ledger.total.usage.input), (None, 110));
}
