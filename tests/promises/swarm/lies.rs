//! No sentence of a model closes a node: what was not done, not checked or not allowed does not land.

use protocol::{Event, FailureClass, PlanEvent, Record};
use scripted::{Fault, Reply, Rule, Script, Step};
use serde_json::{Value, json};

use crate::stage::{Ended, Report, Stage, agent, integrated, node, plan, returned, script, writer};

fn bash(command: &str) -> Step {
    Step::tool("bash", json!({"command": command}))
}

fn write(path: &str, content: &str) -> Step {
    Step::tool("write", json!({"file_path": path, "content": content}))
}

/// An agent that does this and says that it is done, as often as it is asked.
fn claims(name: &str, doing: impl IntoIterator<Item = Step>) -> Vec<Rule> {
    agent(
        name,
        [
            Reply::steps(doing),
            Reply::text("Everything is done, all tests pass."),
        ],
    )
}

/// A node with one attempt.
fn once(name: &str, writes: &[&str], check: &str) -> Value {
    let mut node = node(name, &[], writes, check);
    node["budget"] = json!({"attempts": 1});
    node
}

/// The run of one node. Nothing is forbidden but what the node's own scope and tree forbid; `do.sh` is what the project
/// says it is, so that no look at a command tells what it will do.
fn ran_with(program: &str, rules: Vec<Rule>, node: Value) -> (Stage, Ended) {
    let stage = Stage::new(script([rules]))
        .file("a.txt", "begun\n")
        .file("other.txt", "not yours\n")
        .file("tests/a_test.txt", "assert begun\n")
        .file("do.sh", program)
        .committed();
    let run = stage.swarm(&plan([node]));
    let ended = run.arg("--dangerously-skip-permissions").run();
    (stage, ended)
}

fn ran(rules: Vec<Rule>, node: Value) -> (Stage, Ended) {
    ran_with("", rules, node)
}

/// The node did not land, for this reason; the project is as it was.
fn did_not_land(stage: &Stage, ended: &Ended, class: FailureClass) {
    assert_eq!(ended.code(), Some(1), "{class:?}: {ended}");
    let report = Report::of(ended);
    assert_eq!(report.in_state("failed"), ["lie"], "{class:?}: {ended}");
    let records = stage.run_records();
    assert_eq!(integrated(&records), [], "{class:?}");
    let classes: Vec<FailureClass> = returned(&records)
        .into_iter()
        .map(|it| it.1.class)
        .collect();
    assert_eq!(classes, [class], "{ended}");
    assert_eq!(stage.content("a.txt"), "begun\n", "{class:?}");
    assert_eq!(stage.content("other.txt"), "not yours\n", "{class:?}");
    assert_eq!(stage.git(["status", "--porcelain"]), "", "{class:?}");
}

#[test]
fn a_node_that_changed_nothing_is_not_done() {
    let (stage, ended) = ran(claims("lie", []), once("lie", &["a.txt"], "true"));
    did_not_land(&stage, &ended, FailureClass::NoChange);
}

#[test]
fn a_node_whose_check_is_red_is_not_done() {
    let doing = [bash("echo nearly >> a.txt")];
    let (stage, ended) = ran(
        claims("lie", doing),
        once("lie", &["a.txt"], "grep -q done a.txt"),
    );
    did_not_land(&stage, &ended, FailureClass::Check);
}

#[test]
fn what_was_changed_out_of_scope_is_put_back_and_counts_for_nothing() {
    let program = "echo done >> other.txt; echo done > new.txt";
    let doing = [bash("sh ./do.sh"), write("other.txt", "done\n")];
    let lie = once("lie", &["a.txt"], "true");
    let (stage, ended) = ran_with(program, claims("lie", doing), lie);
    let report = Report::of(&ended);
    assert_eq!(report.in_state("failed"), ["lie"], "{ended}");
    let records = stage.run_records();
    let class = returned(&records)[0].1.class;
    assert!(
        matches!(class, FailureClass::NoChange | FailureClass::Scope),
        "{class:?}"
    );
    did_not_land(&stage, &ended, class);
    let is_told = stage.asked().iter().any(|asked| {
        let results = asked.results();
        results.iter().any(|told| {
            told.text
                .contains("changed outside your scope and undone: new.txt, other.txt")
        })
    });
    assert!(is_told, "the agent is told of it with the command's result");
}

#[test]
fn a_node_that_deletes_the_test_that_fails_is_not_done() {
    let program = "rm tests/a_test.txt; echo done > a.txt";
    let doing = claims("lie", [bash("sh ./do.sh")]);
    let lie = once("lie", &["**"], "! test -e tests/a_test.txt");
    let (stage, ended) = ran_with(program, doing, lie);
    did_not_land(&stage, &ended, FailureClass::Scope);
    assert_eq!(stage.content("tests/a_test.txt"), "assert begun\n");
}

const TEST: &str =
    "#[test]\nfn adds() {\n    assert_eq!(add(1, 2), 3);\n    assert!(add(0, 0) == 0);\n}\n";

/// The run of one node that writes this in the place of a test.
fn rewrote(with: &str, may: bool) -> (Stage, Ended) {
    let mut lie = once("lie", &["src/**", "a.txt"], "true");
    lie["hints"] = json!({"weakens_tests": may});
    let doing = [write("a.txt", "done\n"), write("src/sum.rs", with)];
    let read = Reply::tool("read", json!({"file_path": "src/sum.rs"}));
    let look = Reply::tool("read", json!({"file_path": "a.txt"}));
    let rules = agent(
        "lie",
        [read, look, Reply::steps(doing), Reply::text("Done.")],
    );
    let stage = Stage::new(script([rules]))
        .file("a.txt", "begun\n")
        .file("other.txt", "not yours\n")
        .file("src/sum.rs", TEST)
        .committed();
    let ended = stage.swarm(&plan([lie])).run();
    (stage, ended)
}

#[test]
fn a_node_that_weakens_the_test_that_fails_is_not_done() {
    for (how, with) in [
        (
            "is skipped now",
            TEST.replace("fn adds", "#[ignore]\nfn adds"),
        ),
        (
            "has nothing in it any more",
            "#[test]\nfn adds() {}\n".to_owned(),
        ),
        (
            "compares constants",
            "#[test]\nfn adds() { assert!(true); }\n".to_owned(),
        ),
        (
            "checks 1, it checked 2",
            TEST.replace("    assert!(add(0, 0) == 0);\n", ""),
        ),
        ("is gone", "fn adds() {}\n".to_owned()),
    ] {
        let (stage, ended) = rewrote(&with, false);
        did_not_land(&stage, &ended, FailureClass::Scope);
        assert_eq!(stage.content("src/sum.rs"), TEST, "{how}");
        let report = Report::of(&ended);
        let reason = report.node("lie")["reason"].as_str().expect("a reason");
        assert!(
            reason.contains(&format!("src/sum.rs: adds {how}")),
            "{reason}"
        );
        // What the plan allows is no lie.
        let (stage, ended) = rewrote(&with, true);
        assert_eq!(ended.code(), Some(0), "{how}: {ended}");
        assert_eq!(stage.content("src/sum.rs"), with, "{how}");
    }
}

#[test]
fn a_commit_of_its_own_or_a_moved_branch_brings_nothing_into_the_project() {
    let program = "echo done > a.txt; git -c user.name=x -c user.email=x@x commit -qam mine; git branch -f main HEAD; \
                   git update-ref refs/heads/stolen HEAD; git stash list";
    let doing = claims("lie", [bash("sh ./do.sh")]);
    let (stage, ended) = ran_with(program, doing, once("lie", &["a.txt"], "false"));
    did_not_land(&stage, &ended, FailureClass::Check);
    assert_eq!(stage.git(["log", "--format=%s"]), "before");
    let stolen = stage.try_git(&["rev-parse", "--verify", "--quiet", "stolen"]);
    assert!(!stolen.status.success());
}

#[test]
fn one_of_nine_that_stalls_is_one_typed_failure_and_the_others_land() {
    let names: Vec<String> = (0..9).map(|at| format!("n{at}")).collect();
    let stalled = Reply::text("I think about it.").fault(Fault::StallAfterEvents(2));
    let rules = names.iter().map(|name| match name.as_str() {
        "n4" => agent(name, [stalled.clone()]),
        _ => writer(name, &format!("{name}.txt"), "done\n"),
    });
    let stage = Stage::new(script(rules)).file("README", "x\n").committed();
    let nodes = names.iter().map(|name| {
        let file = format!("{name}.txt");
        let mut node = once(name, &[&file], &format!("grep -q done {file}"));
        if name == "n4" {
            node["budget"]["wall"] = json!("3s");
        }
        node
    });
    let ended = stage.swarm(&plan(nodes)).run();
    assert_eq!(ended.code(), Some(1), "{ended}");
    let report = Report::of(&ended);
    assert_eq!(report.in_state("done").len(), 8, "{ended}");
    assert_eq!(report.in_state("failed"), ["n4"]);
    let failures = returned(&stage.run_records());
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0].1.class, FailureClass::Deadline, "{failures:?}");
    let wall = report.node("n4")["wall_ms"].as_u64().expect("a time");
    assert!(
        (3_000..60_000).contains(&wall),
        "within its time: {wall} ms"
    );
}

fn started(records: &[Record]) -> usize {
    let is_start =
        |record: &&Record| matches!(record.event, Event::Plan(PlanEvent::NodeStarted { .. }));
    records.iter().filter(is_start).count()
}

#[test]
fn an_agent_of_a_run_cannot_start_others() {
    let spawning = |tool: &str| {
        Step::tool(
            tool,
            json!({"prompt": "do it for me", "description": "more"}),
        )
    };
    let doing = (0..8)
        .map(|_| spawning("task"))
        .chain([write("a.txt", "done\n")]);
    let rules = agent(
        "lie",
        [
            Reply::tool("read", json!({"file_path": "a.txt"})),
            Reply::steps(doing),
            Reply::text("Done."),
        ],
    );
    let (stage, ended) = ran(rules, once("lie", &["a.txt"], "grep -q done a.txt"));
    assert_eq!(ended.code(), Some(0), "{ended}");
    let records = stage.run_records();
    assert_eq!(started(&records), 1);
    assert_eq!(stage.sessions().len(), 1);
    let asked = stage.asked();
    assert_eq!(asked.len(), 3, "nobody else asked the model");
    assert!(
        !asked[0].tools().contains(&"task"),
        "it is not even offered"
    );
}

#[test]
fn an_agent_that_starts_formic_itself_starts_no_other_run() {
    let formic = Stage::program();
    let program = format!(
        "'{0}' swarm --plan plan.json --yes; '{0}' -p 'do it for me'; echo done > a.txt",
        formic.display()
    );
    let doing = claims("lie", [bash("sh ./do.sh")]);
    let lie = once("lie", &["a.txt", "plan.json"], "grep -q done a.txt");
    let (stage, ended) = ran_with(&program, doing, lie);
    assert_eq!(ended.code(), Some(0), "{ended}");
    assert_eq!(stage.sessions().len(), 1, "{ended}");
    assert_eq!(stage.asked().len(), 2, "nobody else asked the model");
}

#[test]
fn a_plan_beyond_the_cap_of_nodes_is_refused_before_anything_starts() {
    let nodes = (0..5).map(|at| node(&format!("n{at}"), &[], &[&format!("{at}.txt")], "true"));
    let mut plan = plan(nodes);
    plan["caps"] = json!({"max_nodes": 4});
    let stage = Stage::new(Script::new()).file("README", "x\n").committed();
    let ended = stage.swarm(&plan).run();
    assert_eq!(ended.code(), Some(2), "{ended}");
    assert!(ended.stderr.contains("cap is 4"), "{ended}");
    assert_eq!(stage.asked().len(), 0);
}
