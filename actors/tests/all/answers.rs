//! Structured answers: checked against the schema, asked for again, given up after too many misses.

use protocol::{Event, Fact, Limit, Limits, TurnEnd};
use scripted::{Reply, Rule, Script};
use serde_json::json;

use crate::bench::{Bench, results};

fn wanting_a_number(script: Script) -> Bench {
    let mut bench = Bench::new(script);
    bench.prompt.schema = Some(
        json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}),
    );
    bench
}

#[tokio::test]
async fn a_misfit_is_explained_and_the_next_answer_taken() {
    let script = Script::new()
        .rule(Rule::new("prose", Reply::text("it is 7")).turn(0))
        .rule(Rule::new("wrong", Reply::tool("structured_output", json!({"n": "7"}))).turn(1))
        .otherwise(Reply::tool("structured_output", json!({"n": 7})));
    let bench = wanting_a_number(script);
    let (id, end) = bench.one_turn("how many?").await;
    assert_eq!(end, TurnEnd::Completed);
    assert_eq!(
        bench.server.requests().len(),
        3,
        "the run ends with the answer, without another call"
    );
    let facts: Vec<Fact> = results(&bench.records(id))
        .into_iter()
        .flat_map(|result| result.facts)
        .collect();
    assert_eq!(facts, [Fact::Structured(r#"{"n":7}"#.into())]);
}

#[tokio::test]
async fn prose_for_ever_ends_at_the_limit_of_misses() {
    let mut bench = wanting_a_number(Script::new().otherwise(Reply::text("it is 7")));
    bench.limits = Limits {
        schema_misses: Some(2),
        ..Limits::default()
    };
    let (id, end) = bench.one_turn("how many?").await;
    assert_eq!(end, TurnEnd::Limited(Limit::SchemaMisses));
    assert_eq!(bench.server.requests().len(), 3);
    assert!(
        bench
            .records(id)
            .iter()
            .any(|r| matches!(&r.event, Event::Turn(_)))
    );
}
