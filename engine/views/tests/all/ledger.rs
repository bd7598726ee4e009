//! The ledger adds up, and does not pretend to know what it does not.

use protocol::{Cost, TurnEnd, Usage};
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
fn failed_attempts_that_may_have_been_billed_are_counted_apart() {
    let ledger = Ledger::fold(&records(vec![
        retried(0, true),
        retried(0, false),
        failed(0, true),
        failed(1, false),
        ended(TurnEnd::Failed(fault(true))),
    ]));
    assert_eq!((ledger.total.retries, ledger.total.maybe_billed), (2, 2));
    assert_eq!(ledger.total.steps, 0);
}
