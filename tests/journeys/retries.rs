//! A provider that fails for a while: what is tried again, what is not, and what the journal says of it.

use protocol::{Event, ModelEvent};
use scripted::{Rule, Script};
use serde_json::{Value, json};

use crate::stage::{Fault, Reply, Stage, Step, WIRES};

fn fault(fault: Value) -> Fault {
    serde_json::from_value(fault).expect("a fault")
}

/// The pauses the session's journal tells of, in milliseconds.
fn pauses(stage: &Stage) -> Vec<u64> {
    let records = stage.records(stage.session()).into_iter();
    let pause = |record: protocol::Record| match record.event {
        Event::Model(ModelEvent::Retried { wait_ms, .. }) => Some(wait_ms),
        _ => None,
    };
    records.filter_map(pause).collect()
}

#[test]
fn a_fault_that_passes_is_tried_again_and_journaled() {
    let faults = [
        json!({"status": 429, "headers": {"retry-after": "0"}}),
        json!({"status": 529, "headers": {"retry-after-ms": "1"}}),
        json!({"status": 503, "body": "<html>later</html>"}),
        json!({"close_before_byte": true}),
        json!({"cut_after_events": 2}),
        json!({"error_event_after": 1, "kind": "overloaded_error", "message": "busy"}),
    ];
    for wire in WIRES {
        for planned in &faults {
            let failing = Reply::text("This is never seen whole.").fault(fault(planned.clone()));
            let script = Script::new()
                .rule(Rule::new("once", failing).times(1))
                .otherwise(Reply::text("At last."));
            let stage = Stage::new(script).on(wire);
            let ended = stage.prompt("go").succeed();
            assert_eq!(ended.answer(), "At last.", "{wire}: {planned}");
            let asked = stage.asked();
            assert_eq!(asked.len(), 2, "{wire}: {planned}");
            assert_eq!(asked[0].raw(), asked[1].raw(), "the same is asked again");
            assert_eq!(pauses(&stage).len(), 1, "{wire}: {planned}");
        }
    }
}

#[test]
fn the_pause_a_provider_asks_for_is_the_pause_it_gets() {
    let planned = json!({"status": 429, "headers": {"retry-after-ms": "7"}});
    let script = Script::new()
        .rule(Rule::new("limited", Reply::failing(fault(planned))).times(3))
        .otherwise(Reply::text("Now."));
    let stage = Stage::new(script);
    stage.prompt("go").succeed();
    assert_eq!(pauses(&stage), [7, 7, 7]);
}

#[test]
fn a_reply_cut_after_its_call_runs_the_call_once_only_when_it_comes_whole() {
    for wire in WIRES {
        let call = || {
            Reply::steps([
                Step::text("I count."),
                Step::tool("bash", json!({"command": "echo once >> count.txt"})),
            ])
        };
        // Everything but the end of the reply arrives, the whole call included.
        let events = match wire {
            crate::stage::Wire::Anthropic => 9,
            crate::stage::Wire::OpenAi => 3,
        };
        let cut = call().fault(Fault::CutAfterEvents(events));
        let script = Script::new()
            .rule(Rule::new("cut", cut).turn(0).times(1))
            .rule(Rule::new("whole", call()).turn(0))
            .otherwise(Reply::text("Counted."));
        let stage = Stage::new(script).on(wire);
        stage.prompt("count").succeed();
        assert_eq!(stage.content("count.txt"), "once\n");
        assert_eq!(stage.asked().len(), 3, "cut, whole, answer");
    }
}

#[test]
fn nothing_of_a_reply_whose_tools_ran_is_asked_for_again() {
    let script = Script::new()
        .rule(
            Rule::new(
                "call",
                Reply::tool("bash", json!({"command": "echo once >> count.txt"})),
            )
            .turn(0),
        )
        .rule(
            Rule::new(
                "later",
                Reply::failing(fault(
                    json!({"status": 529, "headers": {"retry-after-ms": "1"}}),
                )),
            )
            .times(2),
        )
        .otherwise(Reply::text("Counted."));
    let stage = Stage::new(script);
    stage.prompt("count").succeed();
    assert_eq!(stage.content("count.txt"), "once\n");
    let asked = stage.asked();
    assert_eq!(asked.len(), 4, "call, twice refused, answer");
    assert!(asked[1..].iter().all(|again| again.raw() == asked[1].raw()));
}

#[test]
fn a_fault_that_cannot_pass_is_not_tried_again() {
    let table = [(400, 1), (401, 3), (403, 3), (404, 1)];
    for wire in WIRES {
        for (status, code) in table {
            let refused = fault(json!({"status": status, "message": "this will never do"}));
            let stage = Stage::of([Reply::failing(refused)]).on(wire);
            let ended = stage.prompt("go").run();
            assert_eq!(ended.code(), Some(code), "{wire}, {status}: {ended}");
            assert_eq!(stage.asked().len(), 1, "{wire}, {status}");
            assert!(ended.stderr.contains("this will never do"), "{ended}");
        }
    }
}
