//! Taking a session up again in every phase: what was done is not done again, what was not is.

use protocol::{Fact, FaultKind, Limits, RetryHint, ToolResult};

use crate::given::*;
use crate::story::{Story, session, wanting_schema, within};

fn again(story: Story) -> Story {
    story.when(resume(Limits::default()))
}

fn acting() -> Story {
    session().when(submit(1, "go")).reply(asks([
        read(1, "/w/a"),
        edit(2, "/w/b"),
        read(3, "/w/b"),
        bash(4),
    ]))
}

#[test]
fn at_rest_it_stays_at_rest() {
    again(session()).tells("resumed").wishes("");
    again(session().when(submit(1, "go")).reply(says("x")))
        .tells("resumed")
        .wishes("");
}

#[test]
fn a_model_call_without_an_answer_is_made_again() {
    let calling = session().when(submit(1, "go"));
    let passing = fault(FaultKind::Overloaded, RetryHint::Backoff);
    again(calling.clone())
        .tells("lost 0, resumed, requested 0")
        .wishes("model 0.0");
    again(calling.when(fails(0, 0, passing)))
        .tells("resumed, requested 0")
        .wishes("model 0.0");
}

#[test]
fn the_limits_of_the_new_run_hold_for_the_call_that_is_made_again() {
    let calling = session().when(submit(1, "go"));
    let limits = Limits {
        tokens: Some(2_375),
        ..Limits::default()
    };
    calling
        .clone()
        .when(resume(limits))
        .wishes("model 0.0 max 481");
    let limits = Limits {
        tokens: Some(10),
        ..Limits::default()
    };
    calling
        .when(resume(limits))
        .tells("lost 0, resumed, ended limited by tokens");
}

#[test]
fn what_was_said_before_the_crash_is_read_with_the_call_that_is_made_again() {
    let story = again(session().when(submit(1, "go")).when(steer("wait")));
    assert_eq!(story.conversation(), ["user: go", "user: wait"]);
}

#[test]
fn reads_and_writes_not_started_are_run_again_and_ends_are_kept() {
    again(acting()).tells("resumed").wishes("run 1, run 2");
    again(acting().when(ok(1))).tells("resumed").wishes("run 2");
}

#[test]
fn a_file_write_in_doubt_is_settled_before_what_depends_on_it() {
    let doubt =
        again(acting().when(ok(1)).when(permitted(2, file_intent("/w/b")))).wishes("settle 2");
    // It had happened.
    doubt
        .clone()
        .when(ok(2))
        .tells("finished 2 Ok")
        .wishes("run 3");
    // It had not: it is run as if it had never started, permission and all.
    doubt
        .when(not_done(2))
        .tells("reopened 2")
        .wishes("run 2")
        .when(permitted(2, file_intent("/w/b")))
        .tells("allowed 2, started 2 file")
        .wishes("commit 2");
}

#[test]
fn a_command_in_doubt_is_told_and_not_run_again() {
    let ready = acting().when(ok(1)).when(ok(2)).when(ok(3));
    let story = again(ready.when(permitted(4, command_intent())))
        .tells("resumed, finished 4 InDoubt, requested 1")
        .wishes("model 1.0");
    let told = serde_json::to_string(&story.state.messages[2]).unwrap();
    assert!(
        told.contains("make") && told.contains("not run again"),
        "{told}"
    );
}

#[test]
fn a_session_taken_up_while_it_stopped_ends_as_stopped() {
    let file = acting()
        .when(permitted(2, file_intent("/w/b")))
        .when(interrupt());
    again(file.clone())
        .tells("resumed")
        .wishes("settle 2")
        .when(not_done(2))
        .tells("reopened 2, ended interrupted")
        .wishes("");
    again(file)
        .when(ok(2))
        .tells("finished 2 Ok, ended interrupted");
    let ready = acting().when(ok(1)).when(ok(2)).when(ok(3));
    let command = ready.when(permitted(4, command_intent())).when(interrupt());
    again(command).tells("resumed, finished 4 InDoubt, ended interrupted");
}

#[test]
fn a_process_that_dies_over_and_over_loses_nothing() {
    let doubt = acting().when(ok(1)).when(permitted(2, file_intent("/w/b")));
    again(again(again(doubt)))
        .wishes("settle 2")
        .when(ok(2))
        .wishes("run 3");
}

#[test]
fn what_follows_of_itself_follows_after_a_crash_too() {
    let never = fault(FaultKind::BadRequest, RetryHint::Never);
    let calling = || session().when(submit(1, "go"));
    again(calling().without(1)).tells("resumed, requested 0");
    again(calling().reply(says("x")).without(1)).tells("resumed, ended completed");
    again(calling().when(fails(0, 0, never)).without(1)).tells("resumed, ended failed");
    again(calling().when(interrupt()).without(1)).tells("resumed, ended interrupted");
    let refused = calling().reply(asks([broken(1), broken(2)]));
    again(refused.clone().without(1)).tells("resumed, requested 1");
    again(refused.clone().without(2)).tells("resumed, finished 2 Failed, requested 1");
    again(refused.without(3)).tells("resumed, finished 1 Failed, finished 2 Failed, requested 1");
    // Between a verdict and the start it allowed: the write has not started and is asked for again.
    again(acting().when(permitted(2, file_intent("/w/b"))).without(1)).wishes("run 1, run 2");
}

#[test]
fn a_miss_before_the_crash_is_a_miss_after_it() {
    let limits = Limits {
        schema_misses: Some(1),
        ..Limits::default()
    };
    let missed = wanting_schema(limits)
        .when(submit(1, "go"))
        .reply(says("plain"));
    for story in [missed.clone(), missed.clone().without(1), missed.without(2)] {
        let story = story.when(resume_for(limits, true));
        assert_eq!(story.state.flow.spent.misses, 1);
        story
            .reply(says("plain again"))
            .tells("replied 1, ended limited by misses");
    }
}

#[test]
fn a_run_that_takes_up_a_session_says_whether_it_wants_a_fitting_answer() {
    let none = Limits::default();
    for (opened, structured, end) in [
        (wanting_schema(none), false, "replied 0, ended completed"),
        (session(), false, "replied 0, ended completed"),
        (wanting_schema(none), true, "replied 0, nudged, requested 1"),
        (session(), true, "replied 0, nudged, requested 1"),
    ] {
        let story = opened.when(resume_for(none, structured));
        story.when(submit(1, "go")).reply(says("plain")).tells(end);
    }
}

#[test]
fn a_turn_taken_up_goes_on_counting_and_the_next_begins_anew() {
    let limits = Limits {
        steps: Some(2),
        ..Limits::default()
    };
    let story = within(limits)
        .when(submit(1, "go"))
        .reply(asks([read(1, "/w/a")]))
        .when(resume(limits))
        .when(ok(1))
        .tells("finished 1 Ok, requested 1")
        .reply(asks([read(2, "/w/a")]))
        .when(ok(2))
        .tells("finished 2 Ok, ended limited by steps")
        .when(submit(2, "more"))
        .tells("submitted, requested 2");
    assert_eq!(story.state.flow.spent.steps, 0);
    story
        .reply(says("x"))
        .when(submit(3, "go"))
        .reply(says("y"))
        .when(submit(4, "go"))
        .tells("submitted, ended limited by steps");
}

#[test]
fn what_was_learnt_is_still_known() {
    let seen = Fact::FileSeen {
        path: "/w/a".into(),
        content: protocol::BlobId::of(b"1"),
    };
    let story = again(acting().when(ended_with(1, ToolResult::ok("x").knowing(seen))));
    assert_eq!(story.state.seen.len(), 1);
}
