//! Replies that are billed and never come whole: the report counts them, and so do the limits.

use protocol::{Event, ModelEvent};
use scripted::{Rule, Script};
use serde_json::Value;

use crate::stage::{Ended, Fault, Reply, Stage, Usage, WIRES, Wire};

/// Some of this is heard of every reply that is cut.
fn words() -> String {
    "These are words of a reply that breaks off. ".repeat(100)
}

/// How many events of such a reply come: its words, or also what its provider counts in the end.
fn events(wire: Wire, is_counted: bool) -> usize {
    match (wire, is_counted) {
        (Wire::Anthropic, false) => 4,
        (Wire::Anthropic, true) => 6,
        (Wire::OpenAi, _) => 2,
    }
}

fn cut(wire: Wire, is_counted: bool) -> Reply {
    Reply::text(words()).fault(Fault::CutAfterEvents(events(wire, is_counted)))
}

/// Prompt and reply tokens of the result, and how many of them are an estimate.
fn told(ended: &Ended) -> (u64, u64, u64) {
    let result = ended.json();
    let count = |value: &Value| value.as_u64().unwrap_or(0);
    let usage = |field: &str| count(&result["usage"][field]);
    let prompts = usage("input_tokens")
        + usage("cache_creation_input_tokens")
        + usage("cache_read_input_tokens");
    (
        prompts,
        usage("output_tokens"),
        count(&result["estimated_tokens"]),
    )
}

#[test]
fn a_reply_that_is_cut_and_asked_for_again_is_in_the_account_twice() {
    for wire in WIRES {
        for is_counted in [false, true] {
            let script = Script::new()
                .rule(Rule::new("once", cut(wire, is_counted)).times(1))
                .otherwise(Reply::text("At last."));
            let stage = Stage::new(script).on(wire);
            let ended = stage
                .prompt("go")
                .args(["--output-format", "json"])
                .succeed();
            let (prompts, replies, estimated) = told(&ended);
            let took = stage.took();
            let what = format!("{wire}, {is_counted}: {took:?}, {ended}");
            assert_eq!(took.replies, 2, "{what}");
            assert_eq!(ended.json()["num_turns"], 1, "{what}");
            if wire == Wire::Anthropic && is_counted {
                assert_eq!((prompts, replies), took.tokens, "{what}");
                assert_eq!(estimated, 0, "{what}");
                continue;
            }
            // What nobody counted is taken at its most, and told to be an estimate.
            assert!(
                (took.tokens.0..took.tokens.0 * 2).contains(&prompts),
                "{what}"
            );
            assert!(
                (took.tokens.1..took.tokens.1 * 3).contains(&replies),
                "{what}"
            );
            assert!(estimated > 0 && estimated < prompts + replies, "{what}");
        }
    }
}

#[test]
fn a_server_that_always_cuts_late_is_asked_until_the_token_limit_and_no_further() {
    let counts = Usage {
        input: Some(30_000),
        output: Some(1_000),
        ..Usage::default()
    };
    for (wire, counts, limit, most) in [
        (Wire::Anthropic, Some(counts), 80_000, 2),
        (Wire::OpenAi, Some(Usage::default()), 15_000, 3),
    ] {
        let stage = Stage::of([cut(wire, false).usage(counts)]).on(wire);
        let ended = stage
            .prompt("go")
            .args(["--max-budget-tokens", &limit.to_string()])
            .args(["--output-format", "json"])
            .run();
        assert_eq!(ended.code(), Some(4), "{wire}: {ended}");
        assert_eq!(
            ended.json()["subtype"],
            "error_max_budget_tokens",
            "{ended}"
        );
        let (took, (prompts, replies, _)) = (stage.took(), told(&ended));
        let what = format!("{wire}: {took:?}, {ended}");
        assert!((2..=most).contains(&took.replies), "{what}");
        assert!(took.tokens.0 + took.tokens.1 <= prompts + replies, "{what}");
        assert!(prompts + replies <= limit, "{what}");
        let records = stage.records(stage.session());
        let again = records
            .iter()
            .filter(|record| matches!(record.event, Event::Model(ModelEvent::Retried { .. })));
        assert_eq!(again.count() as u64, took.replies - 1, "{what}");
    }
}
