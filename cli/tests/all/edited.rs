//! A person at a terminal who changes the plan in an editor before it is carried out.

use crate::formic::World;
use crate::swarm::{PLAN, git, runs, script, swarm, world};
use crate::terminal::Terminal;

const ASKED: &str = "[a]pprove, [e]dit or [r]eject this plan, then Enter: ";
const AGAIN: &str = "[e]dit again, or Enter to keep the plan as it was: ";

/// What the editor of the first test makes of the plan, and those of the others in the end.
const RETITLED: &str = r#"sed 's/"edit a"/"a at last"/' "$0.plan" > "$1""#;

/// The world of a plan whose editor is this script; `$1` is the plan's file, and files beside `$0` are the script's own.
fn edited_by(lines: &[&str]) -> (World, scripted::Background) {
    let (world, server) = world(&script());
    let keeps = r#"[ -e "$0.plan" ] || cp "$1" "$0.plan""#;
    let lines = [&[keeps], lines].concat().join("\n");
    let file = world.write("editor.sh", &lines);
    let world = world
        .with("EDITOR", "false")
        .with("VISUAL", &format!("sh {}", file.display()));
    (world, server)
}

/// One that is asked about its plan and says it wants to edit it.
fn editing(world: &World) -> Terminal {
    let mut terminal = Terminal::start(world.command(&["swarm", "--plan", "../plan.json"]));
    terminal.wait_for(ASKED);
    terminal.types("e\n");
    terminal
}

#[test]
fn a_plan_that_was_edited_is_shown_again_and_carried_out_as_edited() {
    let (world, _server) = edited_by(&[RETITLED]);
    let mut terminal = editing(&world);
    terminal.wait_for("a at last");
    terminal.wait_for(ASKED);
    terminal.types("a\n");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(0), "{lines:#?}");
    let landed = git(&world, &["log", "--oneline", "main"]);
    assert!(landed.contains("a at last"), "{landed}");
    assert!(!landed.contains("edit a"), "{landed}");
}

#[test]
fn a_plan_that_waits_is_edited_with_the_limit_it_is_taken_up_with() {
    let (world, _server) = edited_by(&[RETITLED]);
    let limited = r#"{"budget": {"tokens": 900000}, "version""#;
    world.write("plan.json", &PLAN.replacen("{\"version\"", limited, 1));
    assert_eq!(swarm(&world, &[]).code, 5);
    let taken_up = ["swarm", "resume", "--max-budget-tokens", "800000"];
    let mut terminal = Terminal::start(world.command(&taken_up));
    terminal.wait_for(ASKED);
    terminal.types("e\n");
    terminal.wait_for("a at last");
    terminal.wait_for(ASKED);
    terminal.types("a\n");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(0), "{lines:#?}");
    let shown = world.run(&["swarm", "show", "--json"]).json();
    assert_eq!(shown["totals"]["budget"]["tokens"], 800_000, "{lines:#?}");
}

#[test]
fn an_edited_plan_with_faults_is_told_them_and_can_be_edited_again() {
    let (world, _server) = edited_by(&[
        r#"if [ ! -e "$0.1" ]; then touch "$0.1"; printf '{"version": 1,\n' > "$1""#,
        r#"elif [ ! -e "$0.2" ]; then touch "$0.2"; sed '/"deps"/,/]/s/"a"/"zz"/' "$0.plan" > "$1""#,
        &format!("else {RETITLED}; fi"),
    ]);
    let mut terminal = editing(&world);
    terminal.wait_for("plan: 2:");
    terminal.wait_for(AGAIN);
    terminal.types("e\n");
    terminal.wait_for("plan: ");
    terminal.wait_for("zz");
    terminal.wait_for(AGAIN);
    terminal.types("E\n");
    terminal.wait_for("a at last");
    terminal.wait_for(ASKED);
    terminal.types("a\n");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(0), "{lines:#?}");
    assert!(git(&world, &["log", "--oneline", "main"]).contains("a at last"));
}

#[test]
fn what_the_editor_leaves_unusable_can_be_left_and_the_plan_is_the_one_before() {
    let (world, _server) = edited_by(&[r#"echo nothing > "$1""#]);
    let mut terminal = editing(&world);
    terminal.wait_for("plan: 1:");
    terminal.wait_for(AGAIN);
    terminal.types("a\n");
    terminal.wait_for("\"a\" is no answer here; type e to edit it again, or Enter alone");
    terminal.wait_for(AGAIN);
    terminal.types("\n");
    terminal.wait_for(ASKED);
    terminal.types("a\n");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(0), "{lines:#?}");
    assert!(git(&world, &["log", "--oneline", "main"]).contains("edit a"));
}

#[test]
fn an_editor_that_fails_or_is_not_there_leaves_the_plan_and_says_so() {
    for (editor, says) in [
        ("exit 3;", "exit 3;: it ended with exit status: 3"),
        ("no-such-editor -w", "no-such-editor -w: there is no such"),
    ] {
        let (world, server) = world(&script());
        let world = world.with("EDITOR", editor);
        let mut terminal = editing(&world);
        terminal.wait_for(says);
        terminal.wait_for("the plan stays as it was");
        terminal.wait_for(ASKED);
        terminal.types("r\n");
        let (code, lines) = terminal.end();
        assert_eq!(code, Some(5), "{lines:#?}");
        assert_eq!(server.requests().len(), 0);
    }
}

#[test]
fn a_signal_ends_it_while_it_asks_whether_to_edit_again() {
    let (world, server) = edited_by(&[r#"echo nothing > "$1""#]);
    let mut terminal = editing(&world);
    terminal.wait_for(AGAIN);
    terminal.signal("INT");
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(130), "{lines:#?}");
    assert_eq!(runs(&world)[0]["stage"], "proposed", "it can be taken up");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_signal_that_comes_while_the_editor_is_open_ends_it_afterwards() {
    let (world, server) = edited_by(&[
        r#"mkfifo "$0.close" && echo the editor is open && cat "$0.close""#,
        RETITLED,
    ]);
    let mut terminal = editing(&world);
    terminal.wait_for("the editor is open");
    terminal.signal("TERM");
    std::fs::write(world.path("editor.sh.close"), "").unwrap();
    let (code, lines) = terminal.end();
    assert_eq!(code, Some(143), "{lines:#?}");
    assert_eq!(runs(&world)[0]["stage"], "proposed", "it can be taken up");
    assert_eq!(server.requests().len(), 0);
}
