//! Structured answers: checked against the schema, asked for again, given up after too many misses.

use protocol::{Event, Fact, Limit, Limits, TurnEnd};
use scripted::{Reply, Rule, Script};
use serde_json::json;
use views::View;

use crate::bench::{Bench, results, said};

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

#[tokio::test]
async fn a_session_taken_up_without_a_schema_answers_in_prose() {
    let script = Script::new()
        .rule(Rule::new("prose", Reply::text("because")).last_user("why?"))
        .otherwise(Reply::tool("structured_output", json!({"n": 7})));
    let mut bench = wanting_a_number(script);
    let (id, _) = bench.one_turn("how many?").await;
    bench.prompt.schema = None;
    let (session, _) = actors::Session::resume(bench.options(), id).await.unwrap();
    session.submit(said("why?")).await.unwrap();
    assert_eq!(session.rest().await.unwrap(), Some(TurnEnd::Completed));
    session.close().await;
    assert_eq!(bench.server.requests().len(), 2);
}

#[tokio::test]
async fn a_session_taken_up_with_a_schema_answers_by_it() {
    let script = Script::new()
        .rule(Rule::new("prose", Reply::text("some")).last_user("how many"))
        .otherwise(Reply::tool("structured_output", json!({"n": 7})));
    let mut bench = wanting_a_number(script);
    let schema = bench.prompt.schema.take();
    let (id, _) = bench.one_turn("how many?").await;
    bench.prompt.schema = schema;
    let (session, _) = actors::Session::resume(bench.options(), id).await.unwrap();
    session.submit(said("how many exactly?")).await.unwrap();
    assert_eq!(session.rest().await.unwrap(), Some(TurnEnd::Completed));
    session.close().await;
    let last = results(&bench.records(id)).pop().unwrap();
    assert_eq!(last.facts, [Fact::Structured(r#"{"n":7}"#.into())]);
}

#[tokio::test]
async fn an_answer_written_out_counts_if_it_fits_and_is_nothing_else() {
    for (text, calls) in [
        ("{\"n\": 7}", 1),
        ("```json\n{\"n\": 7}\n```", 1),
        ("Here it is: {\"n\": 7}", 2),
        ("{\"n\": \"7\"}", 2),
    ] {
        let script = Script::new()
            .rule(Rule::new("text", Reply::text(text)).turn(0))
            .otherwise(Reply::tool("structured_output", json!({"n": 7})));
        let bench = wanting_a_number(script);
        let (id, end) = bench.one_turn("how many?").await;
        assert_eq!(end, TurnEnd::Completed, "{text}");
        assert_eq!(bench.server.requests().len(), calls, "{text}");
        let last = views::LastTurn::fold(&bench.records(id));
        let answer = last.get().and_then(|turn| turn.structured.as_deref());
        assert_eq!(answer, Some(r#"{"n":7}"#), "{text}");
    }
}
