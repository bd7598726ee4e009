//! What a person reads of a session, and what a program takes as its answer.

use protocol::{
    Block, Event, Fact, FaultEvent, StopReason, ToolResult, ToolStatus, TurnEnd, TurnEvent, Verdict,
};
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
    assert_eq!(transcript.answer().as_deref(), Some("Seven lines."));
    assert_eq!(transcript.turns[0].end, Some(TurnEnd::Completed));
}

#[test]
fn the_answer_is_the_text_of_the_last_reply_of_the_last_turn() {
    let mut paused = reply(vec![text_block("one ")]);
    paused.stop = StopReason::PauseTurn;
    let call = || use_block(1, "Read", "{}");
    let thought = || Block::RedactedThinking("x".into());
    let given = [
        (vec![submitted(1, "q")], None),
        (
            vec![submitted(1, "q"), replied(0, reply(vec![text_block("a")]))],
            Some("a"),
        ),
        (
            vec![
                submitted(1, "q"),
                replied(0, reply(vec![text_block("a"), call()])),
                replied(1, reply(vec![call()])),
            ],
            None,
        ),
        (
            vec![
                submitted(1, "q"),
                replied(0, reply(vec![text_block("a")])),
                submitted(2, "r"),
            ],
            None,
        ),
        (
            vec![
                submitted(1, "q"),
                replied(0, reply(vec![text_block("a"), thought(), text_block("b")])),
            ],
            Some("a\n\nb"),
        ),
        (
            vec![
                submitted(1, "q"),
                replied(0, reply(vec![text_block("a"), text_block("b")])),
            ],
            Some("ab"),
        ),
        (
            vec![
                submitted(1, "q"),
                replied(0, paused),
                replied(1, reply(vec![text_block("two")])),
            ],
            Some("one two"),
        ),
    ];
    for (events, then) in given {
        let transcript = Transcript::fold(&records(events.clone()));
        assert_eq!(transcript.answer().as_deref(), then, "{events:?}");
    }
}

#[test]
fn a_structured_answer_belongs_to_the_turn_that_gave_it() {
    let fact = Fact::Structured(r#"{"n": 1.0}"#.into());
    let mut events = vec![submitted(1, "q"), finished(1, (0, 1), ok("").knowing(fact))];
    let transcript = Transcript::fold(&records(events.clone()));
    assert_eq!(
        transcript.structured().as_deref(),
        Some(r#"{"n": 1.0}"#),
        "byte for byte"
    );
    events.push(submitted(2, "r"));
    assert_eq!(Transcript::fold(&records(events)).structured(), None);
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
