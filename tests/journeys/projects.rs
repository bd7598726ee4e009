//! Projects as they are: instruction files, line endings, and how little the first request carries.

use serde_json::{Value, json};

use crate::stage::{Reply, Stage, WIRES};

#[test]
fn an_instruction_file_is_delivered_when_a_file_below_it_is_touched() {
    for wire in WIRES {
        let stage = Stage::of([
            Reply::tool("read", json!({"file_path": "plain.txt"})),
            Reply::tool("read", json!({"file_path": "deep/er/file.txt"})),
            Reply::tool("read", json!({"file_path": "deep/other.txt"})),
            Reply::text("Read."),
        ]);
        let stage = stage
            .on(wire)
            .file("AGENTS.md", "The root says: be kind.\n")
            .file("deep/AGENTS.md", "The deep says: be quiet.\n")
            .file("deep/er/file.txt", "deep\n")
            .file("deep/other.txt", "other\n")
            .file("plain.txt", "plain\n");
        stage.prompt("read").succeed();
        let asked = stage.asked();
        let times = |at: usize, text: &str| {
            Value::from(asked[at].said())
                .to_string()
                .matches(text)
                .count()
        };
        assert_eq!(
            times(0, "be kind"),
            1,
            "{wire}: the project's own comes with the first words"
        );
        assert_eq!(
            (times(0, "be quiet"), times(1, "be quiet")),
            (0, 0),
            "{wire}: nothing below it was touched"
        );
        assert_eq!(times(2, "be quiet"), 1, "{wire}: it comes with the touch");
        assert_eq!(
            (times(3, "be quiet"), times(3, "be kind")),
            (1, 1),
            "{wire}: each is told once"
        );
    }
}

#[test]
fn an_edited_file_keeps_its_line_endings() {
    let edit =
        json!({"file_path": "dos.txt", "old_string": "two\nthree", "new_string": "2\n3\n3½"});
    let stage = Stage::of([
        Reply::tool("read", json!({"file_path": "dos.txt"})),
        Reply::tool("edit", edit),
        Reply::text("Edited."),
    ]);
    let stage = stage.file("dos.txt", "one\r\ntwo\r\nthree\r\nfour\r\n");
    stage.prompt("edit").succeed();
    assert_eq!(stage.content("dos.txt"), "one\r\n2\r\n3\r\n3½\r\nfour\r\n");
}

#[test]
fn the_first_request_has_at_most_ten_kibibytes() {
    for wire in WIRES {
        let stage = Stage::of([Reply::text("Hello.")]).on(wire);
        stage.prompt("hello").succeed();
        let bytes = stage.asked()[0].raw().len();
        assert!(bytes <= 10 * 1024, "{wire}: {bytes} bytes");
    }
}

#[test]
fn an_edit_of_a_file_that_was_not_read_or_has_changed_since_is_refused() {
    let edit = |old: &str, new: &str| {
        Reply::tool(
            "edit",
            json!({"file_path": "a.txt", "old_string": old, "new_string": new}),
        )
    };
    let stage = Stage::of([
        edit("old", "unread"),
        Reply::tool("read", json!({"file_path": "a.txt"})),
        Reply::tool(
            "bash",
            json!({"command": "echo 'old, but changed' > a.txt"}),
        ),
        edit("old", "stale"),
        Reply::text("Refused twice."),
    ]);
    let stage = stage.file("a.txt", "old\n");
    stage.prompt("edit").succeed();
    assert_eq!(stage.content("a.txt"), "old, but changed\n");
}

#[test]
fn commands_get_the_variables_of_the_users_settings_and_no_others() {
    let stage = Stage::of([
        Reply::tool(
            "bash",
            json!({"command": "echo \"[$MINE|${THEIRS-unset}|${OPENAI_API_KEY-unset}|$PAGER]\""}),
        ),
        Reply::text("Done."),
    ]);
    let stage = stage
        .user_settings(
            &json!({"env": {"MINE": "of the user", "OPENAI_API_KEY": "sk-in-settings-12345", "PAGER": "less"}}),
        )
        .settings(&json!({"env": {"THEIRS": "of the project"}}));
    stage.prompt("show the environment").succeed();
    let shown = &stage.asked()[1].results()[0];
    assert!(
        shown.text.contains("[of the user|unset|unset|cat]"),
        "{}",
        shown.text
    );
}
