//! What a person reads of a session.

use protocol::{Block, Event, FaultEvent, ToolResult, ToolStatus, TurnEnd, TurnEvent, Verdict};
use views::{Item, Transcript, View};

use crate::given::*;

/// The transcript as short lines.
fn shown(transcript: &Transcript) -> Vec<String> {
    let items = transcript.turns.iter().flat_map(|turn| &turn.items);
    items
        .map(|item| match item {
            Item::User(text) => format!("user: {text}"),
            Item::Assistant { text, .. } => format!("assistant: {text}"),
            Item::Nudge(text) => format!("nudge: {text}"),
            Item::Call(line) => format!(
                "{} {} {:?} {:?} {:?}+{}",
                line.tool, line.about, line.status, line.denied, line.lines, line.more_lines
            ),
            Item::Retry { message, .. } => format!("retry: {message}"),
            Item::TakenUp => "taken up".to_owned(),
            Item::Fault(text) => format!("fault: {text}"),
        })
        .collect()
}

#[test]
fn a_turn_reads_from_its_question_to_its_end() {
    let content = vec![
        Block::Thinking {
            text: "hm".into(),
            signature: None,
        },
        text_block("Let me "),
        text_block("look."),
        use_block(1, "Read", r#"{"limit":3,"path":"/w/a"}"#),
        use_block(2, "Bash", r#"{"command":"\n rm -r x\nls"}"#),
    ];
    let transcript = Transcript::fold(&records(vec![
        submitted(1, "what is in a?"),
        retried(0, false),
        replied(0, reply(content)),
        decided(2, Verdict::Deny(reason("a rule forbids it"))),
        finished(1, (0, 1), ok("1\n2\n3\n4\n5\n6\n7")),
        finished(2, (0, 1), ToolResult::with_status(ToolStatus::Denied, "no")),
        Event::Turn(TurnEvent::Steered {
            content: vec![text_block("quick")],
        }),
        replied(1, reply(vec![text_block("Seven lines.")])),
        ended(TurnEnd::Completed),
    ]));
    let then = [
        "user: what is in a?",
        "retry: overloaded",
        "assistant: Let me look.",
        r#"read /w/a Some(Ok) None ["1", "2", "3", "4", "5"]+2"#,
        r#"bash rm -r x Some(Denied) Some("a rule forbids it") ["no"]+0"#,
        "user: quick",
        "assistant: Seven lines.",
    ];
    assert_eq!(shown(&transcript), then);
    let printed = serde_json::to_value(&transcript).unwrap();
    assert_eq!(printed["turns"][0]["answer"], "Seven lines.");
    assert_eq!(transcript.turns[0].end, Some(TurnEnd::Completed));
}

#[test]
fn being_taken_up_and_faults_are_told_and_nothing_is_told_before_the_first_turn() {
    let cut = || {
        Event::Fault(FaultEvent::JournalCut {
            at_byte: 1,
            lost_bytes: 9,
            reason: "torn".into(),
        })
    };
    let transcript = Transcript::fold(&records(vec![
        opened("/w"),
        resumed(),
        cut(),
        submitted(1, "q"),
        resumed(),
        cut(),
    ]));
    let then = [
        "user: q",
        "taken up",
        "fault: 9 bytes at the journal's end were set aside: torn",
    ];
    assert_eq!(shown(&transcript), then);
}
