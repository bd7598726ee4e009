//! Calls of one reply: what runs beside what, and what becomes of those that do not run.

use protocol::{BlobId, Fact, Todo, TodoState, ToolResult, ToolStatus};

use crate::given::*;
use crate::story::{Story, session};

fn asked(calls: impl IntoIterator<Item = Wanted>) -> Story {
    session().when(submit(1, "go")).reply(asks(calls))
}

#[test]
fn what_may_run_beside_what() {
    for (calls, wishes) in [
        // Reads run beside each other, even of the same file.
        (
            vec![read(1, "/w/a"), read(2, "/w/a"), grep(3, "/w")],
            "run 1, run 2, run 3",
        ),
        // Writes run one by one, wherever they write.
        (vec![edit(1, "/w/a"), edit(2, "/w/b")], "run 1"),
        // A read runs beside a write elsewhere, on either side of it.
        (
            vec![read(1, "/w/a"), edit(2, "/w/b"), read(3, "/w/c")],
            "run 1, run 2, run 3",
        ),
        // Not beside one that changes what it reads, on either side.
        (
            vec![read(1, "/w/a"), edit(2, "/w/a"), read(3, "/w/a")],
            "run 1",
        ),
        // A search waits for a change below its root and a change below a search waits for it.
        (
            vec![edit(1, "/w/d/a"), grep(2, "/w/d"), grep(3, "/w/e")],
            "run 1, run 3",
        ),
        (
            vec![grep(1, "/w/d"), edit(2, "/w/d/a"), edit(3, "/w/e/a")],
            "run 1",
        ),
        // A command may touch anything: it runs alone.
        (vec![read(1, "/w/a"), bash(2), read(3, "/w/b")], "run 1"),
        (vec![bash(1), read(2, "/w/b"), bash(3)], "run 1"),
        // File systems that fold case make one file of two names.
        (vec![edit(1, "/w/Readme"), read(2, "/w/README")], "run 1"),
        // A name that only begins alike is another file.
        (vec![edit(1, "/w/dd/a"), grep(2, "/w/d")], "run 1, run 2"),
        // What touches nothing of the tree waits for nothing.
        (
            vec![bash(1), wanted(2, "todo", false, Vec::new())],
            "run 1, run 2",
        ),
    ] {
        asked(calls).wishes(wishes);
    }
}

#[test]
fn a_read_waits_for_the_write_in_whose_shadow_the_reply_put_it() {
    asked([edit(1, "/w/a"), read(2, "/w/a"), edit(3, "/w/b")])
        .wishes("run 1")
        .when(permitted(1, file_intent("/w/a")))
        .tells("allowed 1, started 1 file")
        .wishes("commit 1")
        .when(ok(1))
        .wishes("run 2, run 3");
}

#[test]
fn a_later_write_does_not_overtake_a_read_of_the_same_file_behind_a_write() {
    asked([edit(1, "/w/a"), read(2, "/w/b"), bash(3), read(4, "/w/c")])
        .wishes("run 1, run 2")
        .when(ok(1))
        .wishes("run 2")
        .when(ok(2))
        .wishes("run 3")
        .when(permitted(3, command_intent()))
        .wishes("commit 3")
        .when(ok(3))
        .wishes("run 4");
}

#[test]
fn a_refused_call_is_answered_at_once_and_stands_in_nobodys_way() {
    asked([broken(1), bash(2), broken(3)])
        .tells("replied 0, finished 1 Failed, finished 3 Failed")
        .wishes("run 2");
}

#[test]
fn a_reply_of_refused_calls_only_goes_straight_on() {
    let story = asked([broken(1), broken(2)])
        .tells("replied 0, finished 1 Failed, finished 2 Failed, requested 1");
    assert_eq!(
        story.conversation()[2],
        "user: Failed wire-1 | Failed wire-2"
    );
}

#[test]
fn a_denied_call_is_told_to_the_model_with_the_reason() {
    let story = asked([edit(1, "/w/a"), edit(2, "/w/b")])
        .when(denied(1))
        .tells("denied 1, finished 1 Denied")
        .wishes("run 2")
        .when(denied(2))
        .tells("denied 2, finished 2 Denied, requested 1");
    let told = serde_json::to_string(&story.state.messages[2]).unwrap();
    assert!(
        told.contains("permission denied: outside the tree"),
        "{told}"
    );
}

#[test]
fn a_read_may_be_denied_too() {
    asked([read(1, "/etc/shadow")])
        .when(denied(1))
        .tells("denied 1, finished 1 Denied, requested 1");
}

#[test]
fn a_write_that_fails_before_its_start_ends_without_one() {
    asked([edit(1, "/w/a")])
        .when(ended_with(1, ToolResult::failed("not read yet")))
        .tells("finished 1 Failed, requested 1");
}

#[test]
fn an_answer_to_a_wish_that_is_not_held_gives_nothing() {
    let story = asked([edit(1, "/w/a"), read(2, "/w/a"), edit(3, "/w/b")]);
    for stale in [
        permitted(3, file_intent("/w/b")),
        denied(3),
        ok(3),
        ok(2),
        not_done(1),
        waited(0, 0),
        says("again").to(0),
        says("again").to(1),
    ] {
        story.clone().when(stale).tells("").wishes("run 1");
    }
    let begun = story.when(permitted(1, file_intent("/w/a")));
    for stale in [permitted(1, file_intent("/w/a")), denied(1), not_done(1)] {
        begun.clone().when(stale).tells("").wishes("commit 1");
    }
    begun
        .when(ok(1))
        .when(ok(1))
        .tells("")
        .wishes("run 2, run 3");
}

#[test]
fn results_leave_what_they_teach() {
    let todo = Todo {
        content: "x".into(),
        status: TodoState::Pending,
    };
    let result = ToolResult::ok("out")
        .knowing(Fact::FileSeen {
            path: "/w/a".into(),
            content: BlobId::of(b"1"),
        })
        .knowing(Fact::Cwd("/w/sub".into()))
        .knowing(Fact::Todos(vec![todo.clone()]))
        .knowing(Fact::Instructions {
            path: "/w/sub/AGENTS.md".into(),
            text: "be kind".into(),
        });
    let story = asked([bash(1)]).when(ended_with(1, result));
    assert_eq!(
        story.state.seen[std::path::Path::new("/w/a")],
        BlobId::of(b"1")
    );
    assert_eq!(story.state.flow.cwd, std::path::Path::new("/w/sub"));
    assert_eq!(*story.state.flow.todos, [todo]);
    assert!(
        story
            .state
            .flow
            .instructed
            .contains(std::path::Path::new("/w/sub/AGENTS.md"))
    );
    assert_eq!(
        story.conversation()[2],
        "user: Ok wire-1 | <instructions from=\"/w/sub/AGENTS.md\">\nbe kind\n</instructions>"
    );
}

#[test]
fn instructions_that_two_calls_bring_are_given_once() {
    let bringing = |n| {
        let result = ToolResult::ok("out").knowing(Fact::Instructions {
            path: "/w/sub/AGENTS.md".into(),
            text: "be kind".into(),
        });
        ended_with(n, result)
    };
    let story = asked([read(1, "/w/sub/a"), read(2, "/w/sub/b")]);
    let said = story.when(bringing(1)).when(bringing(2)).conversation()[2].clone();
    assert_eq!(said.matches("be kind").count(), 1, "{said}");
}

#[test]
fn a_calls_status_reaches_the_model_as_it_is() {
    for status in [
        ToolStatus::Ok,
        ToolStatus::Failed,
        ToolStatus::Denied,
        ToolStatus::Interrupted,
    ] {
        let story =
            asked([read(1, "/w/a")]).when(ended_with(1, ToolResult::with_status(status, "x")));
        assert_eq!(story.conversation()[2], format!("user: {status:?} wire-1"));
    }
}
