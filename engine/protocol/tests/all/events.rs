//! Every event as the journal holds it. A journal is kept for ever: a line that changes here needs an upcaster.

use protocol::{AgentId, Draft, Event, Record, Seq, SessionId, Text, Timestamp};

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
