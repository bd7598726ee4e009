//! Runs of a swarm from outside: plan files, approval, the report, what is landed, steering from another process.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::formic::{Ran, World, ran};

pub const PLAN: &str = r#"{"version": 1, "goal": "append a line to two files", "nodes": [
    {"id": "a", "title": "edit a", "brief": "append done to a.txt", "writes": ["a.txt"], "accept": {"cmd": "grep -q done a.txt"}},
    {"id": "b", "title": "edit b", "brief": "append done to b.txt", "deps": ["a"], "writes": ["b.txt"], "accept": {"cmd": "grep -q done b.txt"}},
    {"id": "c", "title": "edit c", "brief": "make c.txt", "writes": ["c.txt"], "accept": {"cmd": "grep -q done c.txt"}}]}"#;

/// Agents that do what their node says; c says it is done before it is.
pub fn script() -> Value {
    let says = |node: &str, turn: u32, reply: Value| json!({"name": node, "when": {"marker": format!("[node {node}]"), "turn": turn}, "reply": reply});
    let writes = |path: &str| json!({"steps": [{"tool": "write", "input": {"path": path, "content": "done\n"}}]});
    let appends = |path: &str| json!({"steps": [{"tool": "bash", "input": {"command": format!("echo done >> {path}")}}]});
    json!({"version": 1, "models": ["m"], "rules": [
        says("a", 0, appends("a.txt")), says("a", 1, json!({"text": "Done a."})),
        says("b", 0, appends("b.txt")), says("b", 1, json!({"text": "Done b."})),
        says("c", 0, json!({"text": "It is done."})), says("c", 1, writes("c.txt")), says("c", 2, json!({"text": "Done c."})),
    ]})
}

/// A git repository with two files and a plan beside it.
pub fn world(script: &Value) -> (World, scripted::Background) {
    let (world, server) = World::with_model(script);
    world.write("project/a.txt", "a\n");
    world.write("project/b.txt", "b\n");
    world.write("plan.json", PLAN);
    git(&world, &["init", "--quiet", "--initial-branch=main"]);
    git(&world, &["add", "--all"]);
    git(&world, &["commit", "--quiet", "--message", "init"]);
    (world, server)
}

pub fn git(world: &World, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@t"])
        .args(arguments)
        .current_dir(world.path("project"))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

pub fn swarm(world: &World, more: &[&str]) -> Ran {
    let mut args = vec!["swarm", "--plan", "../plan.json"];
    args.extend(more);
    world.run(&args)
}

pub fn runs(world: &World) -> Vec<Value> {
    let listed = world.run(&["swarm", "ls", "--json"]).json();
    listed.as_array().unwrap().clone()
}

#[test]
fn a_plan_is_carried_out_and_lands_on_the_branch() {
    let (world, server) = world(&script());
    let done = swarm(&world, &["--yes", "--json"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let report = done.json();
    assert_eq!(
        (&report["type"], &report["status"]),
        (&json!("swarm_result"), &json!("success"))
    );
    let told: Vec<_> = report["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (&node["id"], &node["state"], &node["attempts"]))
        .collect();
    let then = [("a", 1), ("b", 1), ("c", 2)]
        .map(|(id, attempts)| (json!(id), json!("done"), json!(attempts)));
    assert_eq!(
        told,
        then.iter()
            .map(|(id, state, attempts)| (id, state, attempts))
            .collect::<Vec<_>>()
    );
    assert_eq!(report["target"]["fast_forwarded"], true, "{report:#}");
    assert_eq!(
        report["target"]["commit"],
        git(&world, &["rev-parse", "main"]).trim()
    );
    assert_eq!(
        report["totals"]["used"],
        Value::Null,
        "sums stand beside the counts"
    );
    assert_eq!(report["totals"]["model_calls"], server.requests().len());
    assert_eq!(
        fs::read_to_string(world.path("project/c.txt")).unwrap(),
        "done\n"
    );
    assert_eq!(git(&world, &["status", "--porcelain"]), "");
    assert!(done.err.contains("c: came back, no change"), "{}", done.err);
    let shown = world.run(&["swarm", "show"]);
    assert!(
        shown.out.contains("every node is done (3 of 3 nodes)"),
        "{}",
        shown.out
    );
    let cost = world.run(&["cost", "--json"]).json();
    assert_eq!(cost["sessions"][0]["nodes"]["c"]["calls"], 3);
    assert!(
        world
            .run(&["sessions", "list"])
            .out
            .contains("swarm: landed")
    );
}

#[test]
fn nobody_to_approve_it_stops_with_the_plan_and_resume_carries_it_out() {
    let (world, server) = world(&script());
    let stopped = swarm(&world, &[]);
    assert_eq!(stopped.code, 5, "{}", stopped.err);
    assert!(
        stopped.out.contains("longest chain: a > b"),
        "{}",
        stopped.out
    );
    assert!(
        stopped
            .err
            .contains("hint: approve it with: formic swarm resume "),
        "{}",
        stopped.err
    );
    assert_eq!(server.requests().len(), 0);
    assert_eq!(runs(&world)[0]["stage"], "proposed");
    let done = world.run(&["swarm", "resume", "--yes", "--json"]);
    assert_eq!(
        (done.code, &done.json()["status"]),
        (0, &json!("success")),
        "{}",
        done.err
    );
    let again = world.run(&["swarm", "resume"]);
    assert_eq!(again.code, 2, "there is nothing left to resume");
    assert_eq!(runs(&world).len(), 1);
}

#[test]
fn a_dry_run_changes_nothing_and_keeps_nothing() {
    let (world, server) = world(&script());
    let shown = swarm(&world, &["--dry-run", "--json"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let plan = shown.json();
    assert_eq!(
        (&plan["type"], &plan["forecast"]["agents"]),
        (&json!("swarm_plan"), &json!(3))
    );
    assert_eq!(plan["forecast"]["critical_path"], json!(["a", "b"]));
    assert_eq!((runs(&world).len(), server.requests().len()), (0, 0));
    let hash = plan["hash"].as_str().unwrap();
    let (short, _) = hash.split_at(12);
    let told = swarm(&world, &["--dry-run"]);
    assert!(
        told.out.contains(&format!("plan {short}: 3 nodes")),
        "{}",
        told.out
    );
    let mut other = plan["plan"].clone();
    let mut hash_of = |change: &dyn Fn(&mut Value)| {
        change(&mut other);
        let file = world.write("other.json", &other.to_string());
        let file = file.to_str().unwrap();
        let shown = world.run(&["swarm", "--plan", file, "--dry-run", "--json"]);
        shown.json()["hash"].as_str().map(str::to_owned)
    };
    assert_eq!(hash_of(&|_| {}).as_deref(), Some(hash), "the same plan");
    let briefed = hash_of(&|plan| plan["nodes"][0]["brief"] = "something else".into());
    assert_ne!(briefed.as_deref(), Some(hash));
}

#[test]
fn streams_carry_the_node_of_every_line_and_end_with_the_report() {
    let (world, _server) = world(&script());
    let streamed = swarm(&world, &["--yes", "--output-format", "stream-json"]);
    let lines = streamed.lines();
    assert_eq!(lines[0]["subtype"], "init");
    let replies = lines.iter().filter(|line| line["type"] == "assistant");
    let nodes: Vec<&Value> = replies.map(|line| &line["node"]).collect();
    assert_eq!(nodes.len(), 7);
    assert!(
        nodes
            .iter()
            .all(|node| ["a", "b", "c"].iter().any(|name| *node == name))
    );
    let of_b = lines
        .iter()
        .filter(|line| line["subtype"] == "swarm_node" && line["node"] == "b");
    let states: Vec<&str> = of_b.map(|line| line["state"].as_str().unwrap()).collect();
    assert_eq!(states.first(), Some(&"waiting"));
    assert_eq!(states.last(), Some(&"done"));
    assert_eq!(lines.last().unwrap()["type"], "swarm_result");
    let events = swarm(&world, &["--yes", "--output-format", "events"]);
    let records = events.lines();
    assert!(
        records
            .iter()
            .any(|record| record["node"].is_string() && record["agent"].is_string())
    );
    assert!(records.iter().all(|record| record["seq"].is_u64()));
}

#[test]
fn a_node_that_cannot_be_done_fails_alone_and_says_why() {
    let mut lazy = script();
    lazy["rules"] = json!([{"name": "a", "when": {"marker": "[node a"}, "reply": {"text": "I think it is done."}},
        lazy["rules"][4], lazy["rules"][5], lazy["rules"][6]]);
    let (world, _server) = world(&lazy);
    let done = swarm(&world, &["--yes", "--json"]);
    let report = done.json();
    assert_eq!(
        (done.code, &report["status"]),
        (1, &json!("partial")),
        "{report:#}"
    );
    let told: Vec<_> = report["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["state"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["failed", "skipped", "done"]);
    let why = report["nodes"][0]["reason"].as_str().unwrap();
    assert!(why.starts_with("no change"), "{why}");
    assert_eq!(report["nodes"][1]["reason"], "it needs a, not done");
    assert!(!git(&world, &["log", "--oneline", "main"]).contains("edit a"));
}

/// A plan whose node a cannot be done as it says, and a planner that knows how.
pub fn replanned() -> (World, scripted::Background) {
    let mut lazy = script();
    let parts = json!([{"title": "edit a at last", "brief": "append done to a.txt", "writes": ["a.txt"], "after": [], "check": false, "size": "S"}]);
    let answer = json!({"why": "say how", "parts": parts, "rewrite": [{"node": "b", "brief": "append the word done to b.txt"}], "drop": []});
    let says = |node: &str, reply: Value| json!({"name": node, "when": {"marker": format!("[node {node}")}, "reply": reply});
    let rules = lazy["rules"].as_array_mut().unwrap();
    let again = rules.drain(0..2).collect::<Vec<Value>>().into_iter();
    let again = again.map(|mut rule| {
        rule["when"]["marker"] = json!("[node a.1]");
        rule
    });
    let again: Vec<Value> = again.collect();
    rules.splice(0..0, again);
    rules.insert(
        0,
        says(
            "a-replan-1]",
            json!({"steps": [{"tool": "structured_output", "input": answer}]}),
        ),
    );
    rules.push(says("a", json!({"text": "IMPOSSIBLE: nobody says how"})));
    let (world, server) = world(&lazy);
    let plan = PLAN.replacen(
        r#""version": 1,"#,
        r#""version": 1, "caps": {"max_replans": 1},"#,
        1,
    );
    world.write("plan.json", &plan);
    (world, server)
}

#[test]
fn a_node_that_cannot_be_done_is_planned_anew_and_the_change_is_shown() {
    let (world, _server) = replanned();
    let done = swarm(&world, &["--yes", "--json"]);
    let report = done.json();
    assert_eq!(
        (done.code, &report["status"]),
        (0, &json!("success")),
        "{}",
        done.err
    );
    for line in [
        "plan: node a is planned anew: say how",
        "  - a: edit a",
        "  + a.1: edit a at last; changes a.txt",
        "  ~ b; waits for a.1; is told: append the word done to b.txt",
    ] {
        assert!(done.err.contains(line), "{line}: {}", done.err);
        let shown = world.run(&["swarm", "show"]).out;
        assert!(shown.contains(line.trim_start_matches("plan: ")), "{shown}");
    }
    assert_eq!(
        report["changes"][0]["why"],
        "node a is planned anew: say how"
    );
    assert!(
        fs::read_to_string(world.path("project/a.txt"))
            .unwrap()
            .ends_with("done\n")
    );
}

#[test]
fn another_process_pauses_steers_and_cancels_a_run() {
    let mut slow = script();
    slow["rules"][0]["reply"]["delay_ms"] = json!(600_000);
    let (world, _server) = world(&slow);
    let mut command = world.command(&["swarm", "--plan", "../plan.json", "--yes", "--json"]);
    let child = command.stdin(Stdio::null()).spawn().unwrap();
    let id = loop {
        match runs(&world).first() {
            Some(run) if run["locked_by"].is_u64() && run["stage"] == "running" => {
                break run["run_id"].as_str().unwrap().to_owned();
            }
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let told = world.run(&["swarm", "pause", &id[..20], "--json"]);
    assert_eq!(told.json()["state"], "done", "{}", told.err);
    let unknown = world.run(&["swarm", "steer", &id, "z", "mind the gap"]);
    assert_eq!(
        (unknown.code, unknown.err.lines().next()),
        (
            2,
            Some(format!("error: NODE: z: run {} has no such node", &id[24..]).as_str())
        )
    );
    let early = world.run(&["swarm", "retry", &id, "a"]);
    assert!(
        early.err.contains("could not try node a again"),
        "{}",
        early.err
    );
    assert_eq!(
        world.run(&["swarm", "resume", &id]).code,
        0,
        "a paused run goes on where it is"
    );
    assert_eq!(
        world.run(&["swarm", "cancel", &id, "--why", "enough"]).code,
        0
    );
    let ended = ran(child.wait_with_output().unwrap());
    assert_eq!(
        (ended.code, &ended.json()["status"]),
        (1, &json!("cancelled")),
        "{}",
        ended.err
    );
}

#[test]
fn a_budget_given_as_a_flag_holds_for_the_plan_a_model_makes() {
    let (world, server) = world(&script());
    let spent = world.run(&[
        "swarm",
        "do it",
        "--yes",
        "--json",
        "--max-budget-tokens",
        "50",
    ]);
    assert_eq!(
        (spent.code, &spent.json()["status"]),
        (4, &json!("limit_reached")),
        "{}",
        spent.err
    );
    assert_eq!(spent.json()["totals"]["budget"]["tokens"], 50);
    assert_eq!(server.requests().len(), 0);
}
