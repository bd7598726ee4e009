//! The life of a turn, from the words of the user to rest.

use std::sync::Arc;

use agent::{Phase, decide};
use protocol::{BlobId, Block, Command, Input, Message, Role, StopReason, Text};

use crate::given::*;
use crate::story::session;

#[test]
fn a_question_and_its_answer_are_a_turn() {
    let story = session()
        .when(submit(1, "hi"))
        .tells("submitted, requested 0")
        .wishes("model 0.0")
        .reply(says("hello"))
        .tells("replied 0, ended completed")
        .wishes("");
    assert_eq!(story.conversation(), ["user: hi", "model: hello"]);
}

#[test]
fn calls_and_results_go_back_and_forth_until_a_reply_has_no_calls() {
    let story = session()
        .when(submit(1, "look"))
        .reply(asks([read(1, "/w/a"), read(2, "/w/b")]))
        .tells("replied 0")
        .wishes("run 1, run 2")
        .when(ok(2))
        .wishes("run 1")
        .when(ok(1))
        .tells("finished 1 Ok, requested 1")
        .wishes("model 1.0")
        .reply(says("seen"))
        .tells("replied 1, ended completed");
    assert_eq!(
        story.conversation(),
        [
            "user: look",
            "model: call wire-1 | call wire-2",
            "user: Ok wire-1 | Ok wire-2",
            "model: seen"
        ],
        "results stand in the order of the calls, not of their ends"
    );
}

#[test]
fn context_goes_before_the_words_in_one_message() {
    let submit = Input::Command(Command::Submit {
        turn: turn(1),
        context: vec![Text::from("environment"), Text::from("rules")],
        content: vec![text("hi")],
    });
    let story = session().when(submit);
    assert_eq!(story.conversation(), ["user: environment | rules | hi"]);
}

#[test]
fn what_was_said_in_between_is_read_at_the_next_step_after_the_results() {
    let story = session()
        .when(submit(1, "go"))
        .reply(asks([read(1, "/w/a")]))
        .when(steer("not b"))
        .tells("steered")
        .wishes("run 1")
        .when(steer("nor c"))
        .when(ok(1));
    let said = story.conversation();
    assert_eq!(said[2..], ["user: Ok wire-1", "user: not b | nor c"]);
}

#[test]
fn words_during_the_last_reply_continue_the_turn() {
    for stop in [
        StopReason::EndTurn,
        StopReason::MaxTokens,
        StopReason::Refusal,
        StopReason::ContextFull,
    ] {
        let story = session()
            .when(submit(1, "go"))
            .when(steer("wait"))
            .reply(says("done").stop(stop))
            .tells("replied 0, requested 1");
        assert_eq!(
            story.conversation(),
            ["user: go", "model: done", "user: wait"]
        );
    }
}

#[test]
fn words_an_ended_turn_left_unread_come_before_the_next_input() {
    let story = session()
        .when(submit(1, "one"))
        .when(steer("late"))
        .when(interrupt())
        .tells("interrupted, lost 0, ended interrupted")
        .when(submit(2, "two"));
    assert_eq!(
        story.conversation(),
        ["user: one", "user: late", "user: two"]
    );
    assert!(story.state.flow.steering.is_empty());
}

#[test]
fn a_reply_ends_the_turn_by_how_it_stopped() {
    for (stop, told) in [
        (StopReason::EndTurn, "replied 0, ended completed"),
        (StopReason::ToolUse, "replied 0, ended completed"),
        (StopReason::StopSequence, "replied 0, ended completed"),
        (
            StopReason::Other("new".into()),
            "replied 0, ended completed",
        ),
        (StopReason::MaxTokens, "replied 0, ended cut"),
        (StopReason::ContextFull, "replied 0, ended cut"),
        (StopReason::Refusal, "replied 0, ended refused"),
        (StopReason::PauseTurn, "replied 0, requested 1"),
    ] {
        session()
            .when(submit(1, "go"))
            .reply(says("x").stop(stop))
            .tells(told);
    }
}

#[test]
fn a_paused_turn_goes_on_with_what_was_said_so_far() {
    let story = session()
        .when(submit(1, "search"))
        .reply(says("searching").stop(StopReason::PauseTurn))
        .wishes("model 1.0");
    assert_eq!(story.conversation(), ["user: search", "model: searching"]);
}

#[test]
fn a_pause_that_says_nothing_ends_the_turn_instead_of_asking_the_same_for_ever() {
    session()
        .when(submit(1, "go"))
        .reply(blocks(Vec::new()).stop(StopReason::PauseTurn))
        .tells("replied 0, ended completed");
}

#[test]
fn an_empty_reply_leaves_no_empty_message() {
    let story = session()
        .when(submit(1, "go"))
        .reply(blocks(Vec::new()))
        .tells("replied 0, ended completed")
        .when(submit(2, "still there?"));
    assert_eq!(story.conversation(), ["user: go", "user: still there?"]);
}

#[test]
fn a_cut_reply_whose_calls_came_broken_is_told_and_may_try_again() {
    let mut call = broken(1);
    call.written.malformed = Some("{\"path\": \"/w".into());
    session()
        .when(submit(1, "go"))
        .reply(asks([call]).stop(StopReason::MaxTokens))
        .tells("replied 0, finished 1 Failed, requested 1");
}

#[test]
fn a_call_nobody_planned_is_refused_and_a_plan_without_its_call_is_passed_over() {
    let mut answer = asks([read(1, "/w/a"), read(2, "/w/b")]);
    answer.calls = vec![read(3, "/w/c").planned, read(2, "/w/b").planned];
    let story = session()
        .when(submit(1, "go"))
        .reply(answer)
        .tells("replied 0, finished 1 Failed")
        .wishes("run 2")
        .when(ok(2))
        .tells("finished 2 Ok, requested 1");
    assert_eq!(story.conversation()[2], "user: Failed wire-1 | Ok wire-2");
}

#[test]
fn a_reply_with_plans_only_does_not_hang() {
    let mut answer = says("done");
    answer.calls = vec![read(1, "/w/a").planned];
    session()
        .when(submit(1, "go"))
        .reply(answer)
        .tells("replied 0, ended completed");
}

#[test]
fn the_digest_is_the_content_id_of_the_written_state_however_long_it_is() {
    for length in [0, 1, 16 * 1024, 100_000] {
        let mut story = session().when(submit(1, "go"));
        let (role, content) = (Role::User, vec![text(&"a\n".repeat(length))]);
        let said = Message { role, content };
        story.state.messages.push(Arc::new(said));
        let written = serde_json::to_vec(&story.state).unwrap();
        assert_eq!(story.state.digest(), BlobId::of(&written));
    }
}

#[test]
fn deciding_leaves_the_state_alone() {
    let story = session().when(submit(1, "go"));
    let before = story.state.digest();
    decide(&story.state, says("x").to(0)).unwrap();
    assert_eq!(story.state.digest(), before);
    assert_eq!(
        story.state.flow.phase,
        Phase::Calling {
            attempt: 0,
            room: protocol::Room {
                reserved: 1_819,
                max_tokens: None
            }
        }
    );
}

#[test]
fn reasoning_and_foreign_blocks_go_back_as_they_came() {
    let content = vec![
        Block::Thinking {
            text: "hm".into(),
            signature: Some("sig".into()),
        },
        Block::RedactedThinking("xx".into()),
        Block::Foreign("{\"type\":\"new\"}".into()),
        text("x"),
    ];
    let story = session()
        .when(submit(1, "go"))
        .reply(blocks(content.clone()));
    assert_eq!(story.state.messages[1].content, content);
}
