//! Sessions: gone on with, branched off, fed line by line, held by one process, and side by side.

use rustix::process::Signal;
use scripted::{Rule, Script};
use serde_json::{Value, json};

use crate::stage::{Fifo, Reply, Stage, WIRES};

/// A model that tells how often it has spoken and what it was told last.
fn counting() -> Script {
    Script::new().otherwise(Reply::text("{{turn}}: {{last_user}}"))
}

/// The texts people and the model said, in the newest request.
fn conversation(stage: &Stage) -> String {
    Value::from(stage.last_asked().said()).to_string()
}

#[test]
fn a_continued_session_remembers_what_was_said() {
    for wire in WIRES {
        let stage = Stage::new(counting()).on(wire);
        stage.prompt("my name is Ada").succeed();
        let again = stage.prompt("what is my name").arg("--continue").succeed();
        assert!(again.answer().starts_with("1: "), "{again}");
        let said = conversation(&stage);
        assert!(
            said.contains("my name is Ada") && said.contains("what is my name"),
            "{said}"
        );
        let session = stage.session();
        let third = stage
            .prompt("and now")
            .args(["--resume", &session.to_string()])
            .succeed();
        assert!(third.answer().starts_with("2: "), "{third}");
        assert_eq!(stage.session(), session, "no other session came to be");
    }
}

#[test]
fn to_continue_means_the_newest_session_of_this_folder() {
    let stage = Stage::new(counting());
    stage.prompt("the first").succeed();
    stage.prompt("the second").succeed();
    let elsewhere = stage.home();
    stage
        .prompt("elsewhere")
        .args(["--cwd", elsewhere.to_str().unwrap()])
        .succeed();
    stage.prompt("go on").arg("--continue").succeed();
    let said = conversation(&stage);
    assert!(
        said.contains("the second") && !said.contains("the first") && !said.contains("elsewhere"),
        "{said}"
    );
}

#[test]
fn to_continue_where_nothing_was_said_names_the_way_on() {
    let stage = Stage::new(counting());
    let ended = stage.prompt("go on").arg("--continue").run();
    assert_ne!(ended.code(), Some(0), "{ended}");
    assert!(ended.stderr.contains("--continue"), "{ended}");
    assert!(stage.asked().is_empty());
}

#[test]
fn a_fork_knows_the_past_and_leaves_its_origin_as_it_was() {
    for wire in WIRES {
        let stage = Stage::new(counting()).on(wire);
        stage.prompt("the trunk").succeed();
        let trunk = stage.session();
        let before = std::fs::read(stage.segment(trunk)).unwrap();
        let fork = stage
            .prompt("the branch")
            .args(["--continue", "--fork-session"])
            .succeed();
        assert!(fork.answer().starts_with("1: "), "{fork}");
        assert!(conversation(&stage).contains("the trunk"));
        assert_eq!(std::fs::read(stage.segment(trunk)).unwrap(), before);
        assert_eq!(stage.sessions().len(), 2);
        stage
            .prompt("go on")
            .args(["--resume", &trunk.to_string()])
            .succeed();
        assert!(!conversation(&stage).contains("the branch"));
    }
}

#[test]
fn two_lines_of_streamed_input_are_two_turns_of_one_session() {
    let line = |text: &str| json!({"type": "user", "message": {"role": "user", "content": text}});
    let blocks = json!({"type": "user", "message": {"role": "user", "content": [{"type": "text", "text": "second"}]}});
    for wire in WIRES {
        let stage = Stage::new(counting()).on(wire);
        let flags = [
            "-p",
            "--input-format",
            "stream-json",
            "--output-format",
            "stream-json",
            "--verbose",
        ];
        let run = stage
            .formic(flags)
            .stdin(format!("{}\n{blocks}\n", line("first")));
        let lines = run.succeed().lines();
        let results: Vec<&Value> = lines
            .iter()
            .filter(|line| line["type"] == "result")
            .collect();
        assert_eq!(results.len(), 2, "{lines:?}");
        assert!(
            results[1]["result"]
                .as_str()
                .unwrap()
                .starts_with("1: second"),
            "{results:?}"
        );
        assert_eq!(stage.asked().len(), 2);
        assert_eq!(results[0]["session_id"], results[1]["session_id"]);
        stage.session();
    }
}

#[test]
fn a_second_process_is_told_who_holds_the_session() {
    let stage = Stage::of([
        Reply::tool(
            "bash",
            json!({"command": "echo up > ready; read go < gate"}),
        ),
        Reply::text("Let through."),
    ]);
    let (ready, gate) = (
        Fifo::at(&stage.path("ready")),
        Fifo::at(&stage.path("gate")),
    );
    let first = stage.prompt("wait").start();
    ready.line();
    let session = stage.session().to_string();
    let second = stage.prompt("me too").args(["--resume", &session]).run();
    assert_eq!(second.code(), Some(2), "{second}");
    assert!(second.stderr.contains(&first.id().to_string()), "{second}");
    let shown = stage.formic(["sessions", "show", &session]).succeed();
    assert!(
        shown.stdout.contains("wait"),
        "reading needs no lock: {shown}"
    );
    let _open = gate.tell("go");
    let first = first.end();
    assert_eq!(
        (first.code(), first.answer()),
        (Some(0), "Let through."),
        "{first}"
    );
    let third = stage
        .prompt("now me")
        .args(["--resume", &session])
        .succeed();
    assert_eq!(third.answer(), "Let through.");
}

#[test]
fn sessions_of_one_project_run_side_by_side() {
    let hold = |name: &str| {
        let command =
            format!("echo up > ready-{name}; read go < gate-{name}; echo {name} >> {name}.txt");
        Reply::tool("bash", json!({"command": command}))
    };
    let names = ["one", "two", "three"];
    let script = names.into_iter().fold(Script::new(), |script, name| {
        script.rule(
            Rule::new(name, hold(name))
                .turn(0)
                .last_user(format!("work {name}")),
        )
    });
    let stage = Stage::new(script.otherwise(Reply::text("{{last_user}}")));
    let pipe = |kind: &str, name: &str| Fifo::at(&stage.path(&format!("{kind}-{name}")));
    let pipes = names.map(|name| (pipe("ready", name), pipe("gate", name)));
    let runs = names.map(|name| stage.prompt(&format!("work {name}")).start());
    // All of them are inside their commands before the first is let through.
    pipes.iter().for_each(|(ready, _)| drop(ready.line()));
    let _open = pipes.each_ref().map(|(_, gate)| gate.tell("go"));
    for (run, name) in runs.into_iter().zip(names) {
        let ended = run.end();
        assert_eq!(ended.code(), Some(0), "{ended}");
        assert!(ended.answer().contains(name), "{ended}");
        assert_eq!(stage.content(&format!("{name}.txt")), format!("{name}\n"));
    }
    assert_eq!(stage.sessions().len(), 3);
}

#[test]
fn a_session_that_was_interrupted_goes_on_where_it_was_asked_to() {
    let stage = Stage::of([
        Reply::tool("bash", json!({"command": "echo up > ready; sleep 3600"})),
        Reply::text("On we go."),
    ]);
    let ready = Fifo::at(&stage.path("ready"));
    let run = stage.prompt("wait").start();
    ready.line();
    run.signal(Signal::INT);
    assert_eq!(run.end().code(), Some(130));
    let again = stage.prompt("go on").arg("--continue").succeed();
    assert_eq!(again.answer(), "On we go.");
    let said = conversation(&stage);
    assert!(
        said.contains("wait") && said.contains("interrupted"),
        "{said}"
    );
}
