//! What agents of a swarm do stays in their trees: the user's checkout changes by what lands, and by nothing else.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use protocol::{Event, PermissionEvent, ToolEvent, ToolStatus, Verdict};
use scripted::{Reply, Rule, Script, Step};
use serde_json::{Value, json};

use crate::stage::Stage;

const NODES: u64 = 8;

/// What every agent tries before it does its work; `@` stands for the user's checkout, `#` for the number of the next.
const FILES: [&str; 9] = [
    "@/n#.txt",
    "@/new.txt",
    "@/sub/../n#.txt",
    "n#.txt",
    "door/new.txt",
    "sub/up/door/new.txt",
    "../../t#/tree/new.txt",
    "../new.txt",
    "/proc/self/cwd/new.txt",
];

/// What is there already, to be changed in place.
const THERE: [&str; 6] = [
    "@/n#.txt",
    "n#.txt",
    "door/n#.txt",
    "sub/up/door/sub/kept.txt",
    "../../t#/tree/n#.txt",
    "/proc/self/cwd/sub/kept.txt",
];

const COMMANDS: [&str; 9] = [
    "echo x > @/new.txt",
    "rm -rf @/sub",
    "cd door && echo x > new.txt",
    "mv n#.txt door/new.txt",
    "ln @/n#.txt hard && echo x > hard",
    "cp sub/kept.txt ../../t#/tree/new.txt",
    "git -C @ checkout -b new",
    "git --git-dir=door/.git update-ref refs/heads/new HEAD",
    "python3 -c \"open('@/new.txt', 'w')\"",
];

/// What no look at a command's text finds; the kernel does, where it can.
const SCRIPTS: [&str; 3] = [
    "C=door; echo x > $C/new.txt",
    "d=do; python3 -c \"open('${d}or/new.txt', 'w')\"",
    "s=sub; cd $s/up/door && git branch new",
];

fn steps(next: u64, checkout: &Path) -> Vec<Step> {
    let place = |text: &str| {
        let text = text.replace('@', &checkout.display().to_string());
        text.replace('#', &next.to_string())
    };
    let writes = FILES.iter().chain(&THERE).map(|path| {
        let args = json!({"file_path": place(path), "content": "stolen\n"});
        Step::tool("write", args)
    });
    let edits = THERE.iter().flat_map(|path| {
        let edit = json!({"old_string": "e", "new_string": "stolen"});
        let mut one = json!({"file_path": place(path)});
        let mut many = one.clone();
        many["edits"] = json!([edit]);
        one["old_string"] = edit["old_string"].clone();
        one["new_string"] = edit["new_string"].clone();
        [Step::tool("edit", one), Step::tool("multi_edit", many)]
    });
    let hidden = SCRIPTS.iter().filter(|_| tools::walls_hold());
    let runs = COMMANDS
        .iter()
        .chain(hidden)
        .map(|command| Step::tool("bash", json!({"command": place(command)})));
    let left = json!({"command": place("echo x > @/new.txt"), "run_in_background": true});
    let left = std::iter::once(Step::tool("bash", left));
    writes.chain(edits).chain(runs).chain(left).collect()
}

fn script(checkout: &Path) -> Script {
    let mut script = Script::new();
    for own in 1..=NODES {
        let work = json!({"file_path": format!("n{own}.txt"), "content": "done\n"});
        let read = json!({"file_path": format!("n{own}.txt")});
        let replies = [
            Reply::steps(steps(own % NODES + 1, checkout)),
            Reply::tool("read", read),
            Reply::tool("write", work),
            Reply::text("done"),
        ];
        for (turn, reply) in (0_u64..).zip(replies) {
            let rule = Rule::new(format!("n{own} {turn}"), reply);
            script = script.rule(rule.marker(format!("[node n{own}]")).turn(turn));
        }
    }
    script
}

fn git(stage: &Stage, args: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=A User",
            "-c",
            "user.email=user@example.org",
        ])
        .args(args)
        .current_dir(stage.project())
        .env("HOME", stage.home())
        .output()
        .expect("git runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?}: {told}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A project whose own links lead out of every copy of it.
fn stage() -> Stage {
    let stage = Stage::knowing(script);
    for own in 1..=NODES {
        stage.write(&format!("n{own}.txt"), "begin\n");
    }
    stage.write("sub/kept.txt", "kept\n");
    symlink(stage.project(), stage.path("door")).expect("a link");
    symlink("..", stage.path("sub/up")).expect("a link");
    git(&stage, &["add", "-A"]);
    git(&stage, &["commit", "-qm", "begin"]);
    let node = |own: u64| {
        let (name, file) = (format!("n{own}"), format!("n{own}.txt"));
        json!({"id": name, "kind": "edit", "brief": "write done", "writes": [file]})
    };
    let nodes: Vec<Value> = (1..=NODES).map(node).collect();
    let plan = json!({"version": 1, "goal": "write done", "nodes": nodes});
    let file = stage.home().join("plan.json");
    std::fs::write(file, plan.to_string()).expect("a plan");
    stage
}

#[test]
fn eight_agents_who_try_to_leave_change_only_what_is_theirs() {
    let stage = stage();
    let (config, tried) = (stage.content(".git/config"), steps(1, Path::new("/")).len());
    let plan = stage.home().join("plan.json");
    let ended = stage
        .formic(["swarm", "--yes", "--json", "--dangerously-skip-permissions"])
        .arg("--plan")
        .arg(&plan)
        .succeed();
    assert_eq!(ended.json()["status"], "success", "{}", ended.json());

    for own in 1..=NODES {
        assert_eq!(stage.content(&format!("n{own}.txt")), "done\n");
    }
    assert_eq!(stage.content("sub/kept.txt"), "kept\n");
    assert_eq!(stage.content(".git/config"), config);
    assert_eq!(git(&stage, &["status", "--porcelain"]), "");
    assert_eq!(
        git(&stage, &["rev-list", "--count", "main"]),
        (NODES + 1).to_string()
    );
    let changed = git(&stage, &["diff", "--name-only", "main~8", "main"]);
    assert_eq!(changed.lines().count() as u64, NODES, "{changed}");
    assert!(!git(&stage, &["branch", "--list", "new"]).contains("new"));

    let records = stage.records(stage.session());
    let told = records.iter().filter(|record| {
        matches!(&record.event, Event::Tool(ToolEvent::Finished { result, .. }) if result.status != ToolStatus::Ok)
    });
    let denied = records.iter().filter(|record| {
        matches!(&record.event, Event::Permission(PermissionEvent::Decided { verdict: Verdict::Deny(reason), .. })
            if reason.text.contains("outside this node's"))
    });
    assert!(denied.count() as u64 >= NODES * 30);
    assert_eq!(told.count(), NODES as usize * tried, "each attempt is told");
}
