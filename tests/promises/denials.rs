//! What must not be read is not read by any way in: nothing of it reaches the model.

use std::os::unix::fs::symlink;

use serde_json::json;

use crate::stage::{Reply, Stage, Step, WIRES, Wire, in_order};

const SECRET: &str = "TOKEN-of-the-ants-71c9";

fn bash(command: &str) -> Step {
    Step::tool("bash", json!({"command": command}))
}

fn read(path: &str) -> Step {
    Step::tool("read", json!({"file_path": path}))
}

/// Every way that was thought of.
fn ways(absolute: &str) -> Vec<Reply> {
    let grep = |path: &str| {
        Step::tool(
            "grep",
            json!({"pattern": "=", "path": path, "output_mode": "content"}),
        )
    };
    let files = Reply::steps([
        read(".env"),
        read("./sub/../.env"),
        read("sub/../../project/.env"),
        read(absolute),
        read("link"),
        read("sub/link"),
        read("folder/.env"),
        grep(".env"),
        grep("."),
        grep("link"),
        grep("folder"),
        Step::tool("glob", json!({"pattern": "**/*env*"})),
        Step::tool(
            "edit",
            json!({"file_path": ".env", "old_string": "KEY", "new_string": "KEY2"}),
        ),
        read("open.txt"),
    ]);
    let quoted = format!("cat {absolute}");
    let commands = Reply::steps([
        bash("cat .env"),
        bash("cat ./sub/../.env"),
        bash(&quoted),
        bash("cat link"),
        bash("cat sub/link"),
        bash("cat '.e'nv"),
        bash("cat .en?"),
        bash("cat .e*"),
        bash("head -c 100 .env"),
        bash("grep -r = ."),
        bash("grep = .env"),
        bash("cat < .env"),
        bash("cd sub && cat ../.env"),
        bash("true; tail .env | cat"),
        bash("x=.env; cat $x"),
        bash("cat open.txt"),
    ]);
    vec![files, commands, Reply::text("I saw nothing.")]
}

#[test]
fn a_denied_file_is_read_by_no_way_in() {
    for wire in WIRES {
        for mode in ["bypassPermissions", "acceptEdits", "default"] {
            let stage = denied_stage(wire);
            stage
                .formic(["-p", "look for keys", "--permission-mode", mode])
                .run();
            let asked = stage.asked();
            assert_eq!(
                asked.len(),
                3,
                "{wire}, {mode}: the model was told of every call"
            );
            for one in &asked {
                assert!(
                    !one.raw().contains(SECRET),
                    "{wire}, {mode}: {:?}",
                    one.results()
                );
            }
            let read = asked[1].results().pop().expect("a result");
            assert!(
                read.text.contains("for everybody"),
                "what is not denied is read: {read:?}"
            );
            assert_eq!(stage.content(".env"), format!("KEY={SECRET}\n"));
        }
    }
}

fn denied_stage(wire: Wire) -> Stage {
    let stage = Stage::knowing(|project| {
        let absolute = project.join(".env");
        in_order(ways(absolute.to_str().expect("a path of plain letters")))
    });
    let stage = stage
        .on(wire)
        .settings(&json!({"permissions": {"deny": ["Read(./.env)"]}}))
        .file(".env", format!("KEY={SECRET}\n"))
        .file("open.txt", "for everybody = yes\n")
        .file("sub/file.txt", "here\n");
    symlink(".env", stage.path("link")).unwrap();
    symlink("../.env", stage.path("sub/link")).unwrap();
    symlink(".", stage.path("folder")).unwrap();
    stage
}
