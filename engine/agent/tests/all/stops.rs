//! Interrupts: what has started is brought to its end, nothing new starts, nothing is lost.

use protocol::{Command, FaultKind, Input, InterruptCause, RetryHint, ToolResult, ToolStatus};

use crate::given::*;
use crate::story::{Story, session};

fn asked(calls: impl IntoIterator<Item = Wanted>) -> Story {
    session().when(submit(1, "go")).reply(asks(calls))
}

#[test]
fn nothing_happens_to_an_agent_at_rest() {
    session().when(interrupt()).tells("").wishes("");
}

#[test]
fn a_model_call_and_a_pause_end_at_once() {
    let calling = session().when(submit(1, "go"));
    let passing = fault(FaultKind::Overloaded, RetryHint::Backoff);
    let waiting = calling.clone().when(fails(0, 0, passing));
    for (story, told) in [
        (calling, "interrupted, lost 0, ended interrupted"),
        (waiting, "interrupted, ended interrupted"),
    ] {
        let story = story.when(interrupt()).tells(told).wishes("");
        for late in [says("late").to(0), waited(0, 1)] {
            story.clone().when(late).tells("");
        }
    }
}

#[test]
fn what_a_stopped_or_given_up_call_still_brings_home_is_no_answer_to_the_next() {
    let calling = session().when(submit(1, "go"));
    let never = fault(FaultKind::BadRequest, RetryHint::Never);
    for ended in [
        calling.clone().when(interrupt()),
        calling.when(fails(0, 0, never.clone())),
    ] {
        let next = ended.when(submit(2, "now this")).wishes("model 1.0");
        for late in [says("to the first").to(0), fails(0, 0, never.clone())] {
            next.clone().when(late).tells("").wishes("model 1.0");
        }
    }
}

#[test]
fn calls_that_have_not_started_are_answered_as_interrupted() {
    let story = asked([read(1, "/w/a"), edit(2, "/w/a")])
        .when(interrupt())
        .tells("interrupted, ended interrupted")
        .wishes("");
    assert_eq!(
        story.conversation()[2],
        "user: Interrupted wire-1 | Interrupted wire-2"
    );
    story
        .when(ok(1))
        .tells("")
        .when(permitted(2, file_intent("/w/a")))
        .tells("");
}

#[test]
fn a_write_that_has_started_is_waited_for_and_its_result_kept() {
    let story = asked([
        edit(1, "/w/a"),
        read(2, "/w/b"),
        read(3, "/w/c"),
        edit(4, "/w/d"),
    ])
    .when(ok(2))
    .when(permitted(1, file_intent("/w/a")))
    .when(interrupt())
    .tells("interrupted")
    .wishes("commit 1")
    .when(ok(3))
    .tells("finished 3 Ok")
    .when(permitted(4, file_intent("/w/d")))
    .tells("")
    .when(interrupt())
    .tells("")
    .wishes("commit 1")
    .when(ended_with(
        1,
        ToolResult::with_status(ToolStatus::Interrupted, "half"),
    ))
    .tells("finished 1 Interrupted, ended interrupted");
    assert_eq!(
        story.conversation()[2],
        "user: Interrupted wire-1 | Ok wire-2 | Ok wire-3 | Interrupted wire-4"
    );
}

#[test]
fn the_next_turn_follows_a_whole_conversation() {
    let story = asked([bash(1)])
        .when(interrupt())
        .when(submit(2, "and now?"))
        .tells("submitted, requested 1")
        .reply(says("fine"));
    assert_eq!(
        story.conversation(),
        [
            "user: go",
            "model: call wire-1",
            "user: Interrupted wire-1",
            "user: and now?",
            "model: fine"
        ]
    );
}

#[test]
fn the_end_says_who_stopped_it() {
    for cause in [
        InterruptCause::User,
        InterruptCause::Terminate,
        InterruptCause::Timeout,
    ] {
        let story = session()
            .when(submit(1, "go"))
            .when(Input::Command(Command::Interrupt { cause }));
        let told = serde_json::to_string(story.past.last().unwrap()).unwrap();
        let cause = serde_json::to_string(&cause).unwrap();
        assert!(
            told.contains(&format!("{{\"interrupted\":{cause}}}")),
            "{told}"
        );
    }
}
