//! Replies with too much of something: it is refused or cut, and nothing that a server would refuse is sent back.

use actors::Wire;
use protocol::{Event, ModelEvent, TurnEnd};
use serde_json::{Value, json};

use crate::bench::text;
use crate::replies::{WIRES, events, lived, two_calls};

#[tokio::test]
async fn calls_that_share_an_id_or_have_odd_ones_get_each_its_own_result() {
    let long = "i".repeat(5_000);
    let ids = [
        json!("same"),
        json!("same"),
        json!(""),
        json!(""),
        json!(null),
        json!(7),
        json!("a b/c:ü\u{7}"),
        json!("a b/c:ö\u{7}"),
        json!({"a": 1}),
        json!(long),
    ];
    for wire in WIRES {
        let calls: Vec<(Value, &str, Value)> = ids
            .iter()
            .enumerate()
            .map(|(at, id)| (id.clone(), "glob", json!({"pattern": format!("none-{at}")})))
            .collect();
        let lived = lived(wire, &events(wire, &calls)).await;
        assert_eq!(lived.end, TurnEnd::Completed, "{wire:?}");
        let sent = String::from_utf8(lived.request.clone()).unwrap();
        assert_eq!(lived.results().len(), ids.len(), "{wire:?}: {sent}");
    }
}

#[tokio::test]
async fn tool_names_nobody_may_send_are_not_sent_back() {
    let long = "n".repeat(100_000);
    let names = [
        "",
        "read\u{0}",
        "re ad",
        "\u{1b}[2Jread",
        "лист",
        "a/b",
        &long,
    ];
    for wire in WIRES {
        let calls: Vec<(Value, &str, Value)> = names
            .iter()
            .enumerate()
            .map(|(at, name)| (json!(format!("c{at}")), *name, json!({})))
            .collect();
        let lived = lived(wire, &events(wire, &calls)).await;
        assert_eq!(lived.end, TurnEnd::Completed, "{wire:?}");
        let body: Value = serde_json::from_slice(&lived.request).unwrap();
        for name in sent_names(&body) {
            // What both providers demand of a name; anything else makes every later request a 400.
            let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            assert!(
                (1..=64).contains(&name.len()) && name.chars().all(fine),
                "{wire:?}: {name:?}"
            );
        }
        assert!(
            lived.request.len() < 200_000,
            "{wire:?}: {}",
            lived.request.len()
        );
    }
}

fn sent_names(body: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut names = Vec::new();
    for message in list(&body["messages"]) {
        let blocks = list(&message["content"]);
        names.extend(
            blocks
                .iter()
                .filter(|b| b["type"] == "tool_use")
                .map(|b| b["name"].clone()),
        );
        names.extend(
            list(&message["tool_calls"])
                .iter()
                .map(|c| c["function"]["name"].clone()),
        );
    }
    names
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn arguments_nested_without_end_are_refused_and_not_sent_back() {
    let deep = format!(
        "{{\"pattern\":{}1{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    for wire in WIRES {
        let lived = lived(wire, &events(wire, &[(json!("c1"), "glob", json!(deep))])).await;
        assert_eq!(lived.end, TurnEnd::Completed, "{wire:?}");
        let told: String = lived.results().iter().map(text).collect();
        assert!(
            told.contains("not one whole JSON object"),
            "{wire:?}: {told}"
        );
        let sent = String::from_utf8(lived.request).unwrap();
        assert!(!sent.contains(&"[".repeat(1_000)), "{wire:?}");
    }
}

#[tokio::test]
async fn ten_megabytes_of_arguments_reach_their_call() {
    let pattern = "x".repeat(10 * 1024 * 1024);
    for wire in WIRES {
        let call = (
            json!("c1"),
            "write",
            json!({"file_path": "big.txt", "content": pattern}),
        );
        let lived = lived(wire, &events(wire, &[call])).await;
        assert_eq!(lived.end, TurnEnd::Completed, "{wire:?}");
        assert_eq!(lived.wild.bench.file("big.txt").len(), pattern.len());
    }
}

#[tokio::test]
async fn a_hundred_thousand_calls_in_one_reply_are_no_reply() {
    for wire in WIRES {
        let call = |at: usize| (json!(format!("c{at}")), "list", json!({}));
        let calls: Vec<_> = (0..100_000).map(call).collect();
        let lived = lived(wire, &events(wire, &calls)).await;
        assert!(
            matches!(&lived.end, TurnEnd::Failed(fault) if fault.message.contains("blocks")),
            "{wire:?}: {:?}",
            lived.end
        );
        let records = lived.wild.bench.records(lived.id);
        assert!(
            !records
                .iter()
                .any(|r| matches!(r.event, Event::Model(ModelEvent::Replied { .. })))
        );
    }
}

#[tokio::test]
async fn two_hundred_calls_in_one_reply_are_all_answered() {
    for wire in WIRES {
        let call = |at: usize| {
            (
                json!(format!("c{at}")),
                "read",
                json!({"file_path": "a.txt", "offset": at}),
            )
        };
        let calls: Vec<_> = (0..200).map(call).collect();
        let lived = lived(wire, &events(wire, &calls)).await;
        assert_eq!(lived.end, TurnEnd::Completed, "{wire:?}");
        assert_eq!(lived.results().len(), 200);
    }
}

#[tokio::test]
async fn a_stream_without_end_is_left() {
    // Two hundred million bytes stand for endless ones; nothing is written here that was not asked for.
    for (wire, event) in [
        (
            Wire::Anthropic,
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x".repeat(2_000_000)}}),
        ),
        (
            Wire::OpenAiChat,
            json!({"choices": [{"index": 0, "delta": {"content": "x".repeat(2_000_000)}}]}),
        ),
    ] {
        let lived = lived(wire, &vec![event.to_string(); 100]).await;
        assert!(
            matches!(&lived.end, TurnEnd::Failed(fault) if fault.message.contains("larger than")),
            "{wire:?}: {:?}",
            lived.end
        );
    }
}

#[tokio::test]
async fn words_of_megabytes_do_not_swell_the_record() {
    let word = "w".repeat(1024 * 1024);
    for wire in WIRES {
        let mut events = two_calls(wire);
        events.push(format!("{{\"type\":\"{word}\"}}"));
        let events: Vec<String> = events
            .iter()
            .map(|event| {
                let event = event.replace("\"tool_use\"}", &format!("\"{word}\"}}"));
                event
                    .replace("\"tool_calls\"}", &format!("\"{word}\"}}"))
                    .replace("\"m\"", &format!("\"{word}\""))
            })
            .collect();
        let lived = lived(wire, &events).await;
        let data = actors::archive::DataFolder::at(lived.wild.bench.data.path());
        let journal = data.session(lived.id).join("journal-00001.jsonl");
        let longest = std::fs::read_to_string(journal)
            .unwrap()
            .lines()
            .map(str::len)
            .max();
        assert!(longest.unwrap() < 100_000, "{wire:?}: {longest:?}");
    }
}
