//! What formic tells the model of its own accord: that it goes in circles, that its answer missed the schema.

use protocol::{Block, Fact, Limits, ResultBlock, Text, ToolResult};

use crate::given::*;
use crate::story::{Story, session, wanting_schema};

/// One round of the same call; the result is told by `result`.
fn round(story: Story, n: u32, result: &str) -> Story {
    let mut call = read(n, "/w/a");
    call.written.arguments = "{}".into();
    story
        .reply(asks([call]))
        .when(ended_with(n, ToolResult::ok(result)))
}

/// How often the model was told that it goes in circles, and whether ever in a message of its own.
fn reminders(story: &Story) -> (usize, bool) {
    let told = |text: &Text| text.as_str().contains("gave the same results");
    let blocks = story
        .state
        .messages
        .iter()
        .flat_map(|message| &message.content);
    let (mut inside, mut alone) = (0, false);
    for block in blocks {
        match block {
            Block::ToolResult { content, .. } => {
                inside += content
                    .iter()
                    .filter(|part| matches!(part, ResultBlock::Text(text) if told(text)))
                    .count();
            }
            Block::Text(text) => alone |= told(text),
            _ => {}
        }
    }
    (inside, alone)
}

#[test]
fn failing_in_circles_is_told_with_the_results_and_then_ended() {
    let mut story = session().when(submit(1, "go"));
    for n in 1..=12 {
        let mut call = read(n, "/w/a");
        call.written.arguments = "{}".into();
        story = story
            .reply(asks([call]))
            .when(ended_with(n, ToolResult::failed("same")));
        story = match n {
            12 => story.tells("finished 12 Failed, ended looping"),
            _ => story.tells(&format!("finished {n} Failed, requested {n}")),
        };
    }
    assert_eq!(reminders(&story), (4, false));
    assert_eq!(story.state.flow.spent.misses, 0, "a reminder is no miss");
}

#[test]
fn succeeding_in_circles_is_told_and_ended_only_after_very_long() {
    let mut story = session().when(submit(1, "go"));
    for n in 1..500 {
        story = round(story, n, "same").tells(&format!("finished {n} Ok, requested {n}"));
    }
    assert_eq!(reminders(&story), (166, false));
    round(story, 500, "same").tells("finished 500 Ok, ended looping");
}

#[test]
fn polling_that_sees_something_new_is_no_circle() {
    let mut story = session().when(submit(1, "go"));
    for n in 1..=30 {
        story =
            round(story, n, &format!("{n} %")).tells(&format!("finished {n} Ok, requested {n}"));
    }
}

/// So many rounds that take turns, each a look at the next of these files that fails.
fn turns(files: &[&str], rounds: u32) -> Story {
    let mut story = session().when(submit(1, "go"));
    for (n, file) in (1..=rounds).zip(files.iter().cycle()) {
        let mut call = read(n, file);
        call.written.arguments = format!("{{\"path\":\"{file}\"}}").as_str().into();
        story = story
            .reply(asks([call]))
            .when(ended_with(n, ToolResult::failed("gone")));
    }
    story
}

#[test]
fn steps_that_take_turns_are_a_circle_too() {
    let story = turns(&["/w/a", "/w/b"], 23).tells("finished 23 Failed, requested 23");
    assert_eq!(reminders(&story), (3, false));
    turns(&["/w/a", "/w/b"], 24).tells("finished 24 Failed, ended looping");
    let four = ["/w/a", "/w/a", "/w/b", "/w/c"];
    turns(&four, 47).tells("finished 47 Failed, requested 47");
    turns(&four, 48).tells("finished 48 Failed, ended looping");
}

#[test]
fn a_step_that_is_new_breaks_the_circle() {
    let story = turns(&["/w/a", "/w/b", "/w/c", "/w/d", "/w/e"], 60);
    let story = story.tells("finished 60 Failed, requested 60");
    assert_eq!(reminders(&story), (0, false));
}

#[test]
fn results_that_only_join_alike_are_not_alike() {
    let mut story = session().when(submit(1, "go"));
    for (n, (first, second)) in (1..).zip([("ab", "c"), ("a", "bc"), ("ab", "c"), ("a", "bc")]) {
        let calls = [2 * n, 2 * n + 1].map(|n| wanted(n, "read", false, Vec::new()));
        story = story
            .reply(asks(calls))
            .when(ended_with(2 * n, ToolResult::ok(first)))
            .when(ended_with(2 * n + 1, ToolResult::ok(second)))
            .tells(&format!("finished {} Ok, requested {n}", 2 * n + 1));
    }
}

#[test]
fn a_new_turn_begins_with_no_circle() {
    let mut story = session().when(submit(1, "go"));
    story = round(round(story, 1, "same"), 2, "same")
        .reply(says("hm"))
        .when(submit(2, "again"));
    round(story, 3, "same").tells("finished 3 Ok, requested 4");
}

fn wanting(misses: Option<u32>) -> Story {
    let limits = Limits {
        schema_misses: misses,
        ..Limits::default()
    };
    wanting_schema(limits).when(submit(1, "go"))
}

#[test]
fn an_answer_in_words_is_asked_for_again_through_the_tool() {
    let story = wanting(None)
        .reply(says("42"))
        .tells("replied 0, nudged, requested 1")
        .reply(asks([answer_call(1)]))
        .when(ended_with(
            1,
            ToolResult::ok("answer taken").knowing(Fact::Structured("42".into())),
        ))
        .tells("finished 1 Ok, ended completed");
    assert_eq!(story.state.flow.structured.as_deref(), Some("42"));
    assert!(story.conversation()[2].contains(agent::ANSWER_TOOL));
}

#[test]
fn misses_end_the_turn_in_words_or_through_the_tool() {
    for (most, limit) in [(0, Some(0)), (1, Some(1)), (3, None)] {
        let mut spoken = wanting(limit);
        let mut called = wanting(limit);
        for n in 0..most {
            spoken = spoken.reply(says("42"));
            spoken = spoken.tells(&format!("replied {n}, nudged, requested {}", n + 1));
            called = called.reply(asks([answer_call(n)]));
            called = called.when(ended_with(n, ToolResult::failed(format!("bad {n}"))));
            called = called.tells(&format!("finished {n} Failed, requested {}", n + 1));
        }
        spoken
            .reply(says("42"))
            .tells(&format!("replied {most}, ended limited by misses"));
        called
            .reply(asks([answer_call(most)]))
            .when(ended_with(most, ToolResult::failed("bad")))
            .tells(&format!("finished {most} Failed, ended limited by misses"));
    }
}

#[test]
fn the_next_turn_may_miss_as_often_as_the_first() {
    wanting(Some(0))
        .reply(says("42"))
        .tells("replied 0, ended limited by misses")
        .when(submit(2, "again"))
        .tells("submitted, requested 1")
        .reply(asks([answer_call(1)]))
        .when(ended_with(
            1,
            ToolResult::ok("taken").knowing(Fact::Structured("1".into())),
        ))
        .tells("finished 1 Ok, ended completed");
}

#[test]
fn one_good_answer_among_bad_ones_is_an_answer() {
    wanting(Some(0))
        .reply(asks([answer_call(1), answer_call(2)]))
        .when(ended_with(1, ToolResult::failed("bad")))
        .when(ended_with(
            2,
            ToolResult::ok("taken").knowing(Fact::Structured("1".into())),
        ))
        .tells("finished 2 Ok, ended completed");
}

#[test]
fn an_answer_is_of_its_turn_only() {
    let story = wanting(None)
        .reply(asks([answer_call(1)]))
        .when(ended_with(
            1,
            ToolResult::ok("taken").knowing(Fact::Structured("1".into())),
        ))
        .when(submit(2, "and now"))
        .tells("submitted, requested 1");
    assert_eq!(story.state.flow.structured, None);
}

#[test]
fn without_a_wanted_schema_a_failed_call_of_that_name_is_no_miss() {
    let mut call = answer_call(1);
    call.planned.refusal = Some("no such tool".into());
    let story = session().when(submit(1, "go")).reply(asks([call]));
    assert_eq!(story.state.flow.spent.misses, 0);
}

#[test]
fn an_answer_written_out_ends_the_turn_as_a_call_does() {
    let story = wanting(None)
        .reply(says("{\"n\": 7}").written("{\"n\":7}"))
        .tells("replied 0, ended completed");
    assert_eq!(story.state.flow.structured.as_deref(), Some("{\"n\":7}"));
    // It is that turn's answer and no other's.
    story
        .when(submit(2, "again"))
        .reply(says("seven"))
        .tells("replied 1, nudged, requested 2");
}
