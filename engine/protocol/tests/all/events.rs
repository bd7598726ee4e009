//! Every event as the journal holds it. A journal is kept for ever: a line that changes here needs an upcaster.

use protocol::{
    AgentId, Draft, Event, PauseCause, PlanEvent, Record, Seq, SessionId, Text, Timestamp,
};
use serde_json::{Value, json};

use crate::examples::{events, uuid};

#[test]
fn every_event_is_written_as_it_always_was() {
    let written: Vec<String> = events(&"t".into())
        .iter()
        .map(|event| serde_json::to_string(event).unwrap())
        .collect();
    let golden: Vec<&str> = include_str!("events.jsonl").lines().collect();
    for (line, (is, was)) in written.iter().zip(&golden).enumerate() {
        assert_eq!(is, was, "line {}", line + 1);
    }
    assert_eq!(written.len(), golden.len(), "{}", written.join("\n"));
}

#[test]
fn every_event_ever_written_is_read_as_it_was_meant() {
    let read: Vec<Event> = include_str!("events.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(read, events(&"t".into()));
}

#[test]
fn a_pause_is_somebodys_where_its_journal_does_not_say_why() {
    let read = |line: &str| serde_json::from_str::<Event>(line);
    let bare = read(r#"{"plan":"paused"}"#).unwrap();
    let said = read(r#"{"plan":{"paused":{"cause":"user"}}}"#).unwrap();
    let cause = PauseCause::User;
    assert_eq!(bare, Event::Plan(PlanEvent::Paused { cause }));
    assert_eq!(said, bare);
    for wrong in [
        r#"{"plan":"accepted"}"#,
        r#"{"plan":"unheard_of"}"#,
        r#"{"plan":{"paused":{}}}"#,
        r#"{"plan":{"paused":{"cause":"user"},"closed":null}}"#,
        r#"{"plan":["paused"]}"#,
        r#"{"plan":null}"#,
    ] {
        read(wrong).expect_err(wrong);
    }
}

/// Copies of a value, each with an unknown field in another of the objects in it.
fn with_an_unknown_field(value: &Value) -> Vec<Value> {
    let mut copies = Vec::new();
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                for inner in with_an_unknown_field(inner) {
                    let mut copy = fields.clone();
                    copy.insert(name.clone(), inner);
                    copies.push(Value::Object(copy));
                }
            }
            let mut copy = fields.clone();
            copy.insert("unheard_of".to_owned(), Value::Null);
            copies.push(Value::Object(copy));
        }
        Value::Array(items) => {
            for (at, inner) in items.iter().enumerate() {
                for inner in with_an_unknown_field(inner) {
                    let mut copy = items.clone();
                    copy[at] = inner;
                    copies.push(Value::Array(copy));
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    copies
}

#[test]
fn no_unknown_field_of_an_event_or_record_is_passed_over_at_any_depth() {
    let events = include_str!("events.jsonl").lines();
    for event in events.map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let copies = with_an_unknown_field(&event);
        assert!(!copies.is_empty(), "{event}");
        for copy in copies {
            serde_json::from_value::<Event>(copy.clone()).expect_err(&copy.to_string());
        }
    }
    let record = json!({"v": 1, "seq": 2, "at": 3, "session": SessionId::new(uuid(1)), "unheard_of": null,
        "event": {"fault": {"actor_failed": {"actor": "a", "message": "m"}}}});
    serde_json::from_value::<Record>(record).expect_err("a field of the record");
}

#[test]
fn a_record_is_one_line_and_leaves_out_what_it_does_not_concern() {
    let event = Event::Fault(protocol::FaultEvent::ActorFailed {
        actor: "a".into(),
        message: "two\nlines".into(),
    });
    let draft = Draft {
        agent: None,
        node: None,
        turn: None,
        cause: None,
        event,
    };
    let record = draft
        .clone()
        .placed(SessionId::new(uuid(1)), Seq(2), Timestamp(3));
    let line = serde_json::to_string(&record).unwrap();
    assert_eq!(
        line,
        "{\"v\":1,\"seq\":2,\"at\":3,\"session\":\"ses_00000000000000000000000000000001\",\
         \"event\":{\"fault\":{\"actor_failed\":{\"actor\":\"a\",\"message\":\"two\\nlines\"}}}}"
    );
    assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);
    let agent = Some(AgentId::new(uuid(6)));
    let whole = Draft {
        agent,
        cause: Some(Seq(1)),
        ..draft
    };
    let record = whole.placed(SessionId::new(uuid(1)), Seq(2), Timestamp(3));
    let line = serde_json::to_string(&record).unwrap();
    assert!(
        line.contains("\"agent\":\"agt_") && line.contains("\"cause\":1"),
        "{line}"
    );
    assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);
}

#[test]
fn an_unknown_variant_is_refused_not_guessed() {
    for line in [
        "{\"later\":{}}",
        "{\"turn\":{\"later\":{}}}",
        "{\"tool\":\"started\"}",
    ] {
        assert!(serde_json::from_str::<Event>(line).is_err(), "{line}");
    }
}

#[test]
fn every_bulky_text_of_every_event_can_be_swapped_for_a_blob_and_back() {
    let bulky = "x".repeat(protocol::BULK_BYTES + 1);
    let text = Text::from(bulky.clone());
    for mut event in events(&text) {
        let before = event.clone();
        for text in event.texts_mut() {
            text.externalise(&mut |_, _| Ok::<(), ()>(())).unwrap();
        }
        let line = serde_json::to_string(&event).unwrap();
        assert!(
            !line.contains(&bulky),
            "a text stayed inline: {}",
            &line[..80]
        );
        for text in event.texts_mut() {
            text.internalise(&mut |_| Some(bulky.clone()));
        }
        assert_eq!(event, before);
    }
}
