//! What a program takes as the answer of a session.

use protocol::{Block, Event, Fact, NodeId, StopReason, TASK_TOOL, TurnEnd};
use views::{LastTurn, View};

use crate::given::*;

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
        let last = LastTurn::fold(&records(events.clone()));
        assert_eq!(last.get().unwrap().answer(), then, "{events:?}");
    }
}

#[test]
fn a_structured_answer_belongs_to_the_turn_that_gave_it() {
    let fact = Fact::Structured(r#"{"n": 1.0}"#.into());
    let mut events = vec![submitted(1, "q"), finished(1, (0, 1), ok("").knowing(fact))];
    let structured = |events: &[Event]| {
        let last = LastTurn::fold(&records(events.to_vec()));
        last.get().unwrap().structured.clone()
    };
    let told = structured(&events);
    assert_eq!(told.as_deref(), Some(r#"{"n": 1.0}"#), "byte for byte");
    events.push(submitted(2, "r"));
    assert_eq!(structured(&events), None);
}

#[test]
fn a_turn_of_a_sub_agent_is_never_the_last() {
    let asked = reply(vec![use_block(1, TASK_TOOL, "{}")]);
    let mut records = records(vec![submitted(1, "q"), replied(0, asked)]);
    let mut of_sub_agent = |seq: u64, event: Event| {
        let mut record = by(2, seq, event);
        record.node = Some(NodeId::of_call(call(1)));
        record.turn = Some(turn(2));
        records.push(record);
    };
    of_sub_agent(3, submitted(2, "for the sub-agent"));
    of_sub_agent(
        4,
        replied(0, reply(vec![text_block("the sub-agent's answer")])),
    );
    of_sub_agent(5, ended(TurnEnd::Completed));
    let last = LastTurn::fold(&records);
    let standing = last.get().unwrap();
    assert_eq!(
        (standing.id, standing.answer(), &standing.end),
        (turn(1), None, &None)
    );
}
