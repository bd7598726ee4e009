//! A run of many agents, from a plan file to a merged branch: what lands, what is said of it, what it took.

use std::collections::BTreeSet;

use protocol::{Event, SessionEvent};
use scripted::{Fault, Reply, Rule, Step};
use serde_json::{Value, json};

use crate::stage::{Report, Stage, WIRES, agent, node, plan, script, writer};

/// Two that stand side by side and one after both.
fn three() -> Value {
    let mut plan = plan([
        node("left", &[], &["left.txt"], "grep -q done left.txt"),
        node("right", &[], &["right.txt"], "grep -q done right.txt"),
        node(
            "both",
            &["left", "right"],
            &["both.txt"],
            "grep -q done both.txt",
        ),
    ]);
    plan["gate"] = json!({"cmd": "test ! -e both.txt || test -e left.txt -a -e right.txt"});
    plan
}

/// The last one joins what the two before it made: it must see their work.
fn stage() -> Stage {
    let join = Step::tool(
        "bash",
        json!({"command": "cat left.txt right.txt > both.txt"}),
    );
    let joining = agent("both", [Reply::steps([join]), Reply::text("Joined.")]);
    Stage::new(script([
        writer("left", "left.txt", "left done\n"),
        writer("right", "right.txt", "right done\n"),
        joining,
    ]))
    .file("README", "before\n")
    .committed()
}

#[test]
fn a_plan_becomes_one_commit_a_node_on_the_users_branch() {
    for wire in WIRES {
        let stage = stage().on(wire);
        let before = stage.git(["rev-parse", "HEAD"]);
        let ended = stage.swarm(&three()).succeed();
        let report = Report::of(&ended);
        assert_eq!(report.0["status"], "success", "{wire}: {ended}");
        assert_eq!(report.in_state("done"), ["left", "right", "both"], "{wire}");
        assert_eq!(
            stage.content("both.txt"),
            "left done\nright done\n",
            "{wire}"
        );
        assert_eq!(stage.git(["status", "--porcelain"]), "", "{wire}");

        let commits = stage.commits(&before, "main");
        let told: BTreeSet<String> = ["left", "right", "both"]
            .map(|name| {
                report.node(name)["commit"]
                    .as_str()
                    .expect("a commit")
                    .to_owned()
            })
            .into();
        let made: BTreeSet<String> = commits.iter().map(ToString::to_string).collect();
        assert_eq!(told, made, "{wire}");
        let target = &report.0["target"];
        assert_eq!(target["branch"], "main", "{wire}");
        assert_eq!(target["fast_forwarded"], true, "{wire}");
        assert_eq!(
            target["commit"],
            *stage.git(["rev-parse", "HEAD"]),
            "{wire}"
        );
        assert_eq!(report.took(), stage.took(), "{wire}");
    }
}

#[test]
fn each_commit_says_which_run_and_node_it_comes_from() {
    let stage = stage();
    stage.swarm(&three()).succeed();
    let run = stage.session().to_string();
    for line in stage
        .git(["log", "-3", "--format=%(trailers:unfold,separator=%x20)"])
        .lines()
    {
        let names_node = ["left", "right", "both"]
            .iter()
            .any(|name| line.contains(name));
        assert!(names_node, "{line}");
        let uuid = run.rsplit('_').next().expect("an id");
        assert!(line.contains(uuid), "{line} names {run}");
    }
}

#[test]
fn what_every_node_took_adds_up_to_what_the_server_gave() {
    let stage = stage();
    let report = Report::of(&stage.swarm(&three()).succeed());
    let of_nodes = ["left", "right", "both"].map(|name| report.node(name));
    let calls: u64 = of_nodes
        .iter()
        .filter_map(|node| node["model_calls"].as_u64())
        .sum();
    let tools: u64 = of_nodes
        .iter()
        .filter_map(|node| node["tool_calls"].as_u64())
        .sum();
    assert_eq!(calls, stage.took().replies);
    assert_eq!(tools, 3);
    for (name, line) in ["left", "right", "both"].iter().zip(of_nodes) {
        assert_eq!(line["model_calls"], stage.asked_by(name), "{name}");
    }
    let shown = stage.formic(["swarm", "show", "--json"]).succeed();
    assert_eq!(Report::of(&shown).0["totals"], report.0["totals"]);
}

#[test]
fn the_same_plan_in_toml_does_the_same() {
    let stage = stage();
    let toml = r#"
version = 1
goal = "change everything"

[[nodes]]
id = "left"
brief = "do left"
writes = ["left.txt"]
accept = { cmd = "grep -q done left.txt", timeout = "30s" }

[[nodes]]
id = "right"
brief = "do right"
deps = ["left"]
writes = ["right.txt"]
"#;
    let path = stage.config().join("plan.toml");
    std::fs::write(&path, toml).expect("a file of the stage");
    let report = Report::of(&stage.swarm_of(&path).succeed());
    assert_eq!(report.in_state("done"), ["left", "right"]);
    assert_eq!(stage.content("right.txt"), "right done\n");
}

#[test]
fn a_dry_run_shows_the_plan_and_does_nothing() {
    let stage = stage();
    let path = stage.config().join("plan.json");
    std::fs::write(&path, three().to_string()).expect("a file of the stage");
    let (before, kept) = (stage.tree(), stage.sessions());
    let path = path.to_str().expect("a path of the stage");
    let ended = stage
        .formic(["swarm", "--plan", path, "--dry-run"])
        .succeed();
    for name in ["left", "right", "both"] {
        assert!(ended.stdout.contains(name), "{ended}");
    }
    assert_eq!((stage.tree(), stage.sessions()), (before, kept));
    assert_eq!(stage.asked().len(), 0);
    assert_eq!(stage.git(["branch", "--format=%(refname:short)"]), "main");
}

#[test]
fn a_run_that_is_over_is_not_taken_up_again() {
    let stage = stage();
    stage.swarm(&three()).succeed();
    let (asked, head) = (stage.asked().len(), stage.git(["rev-parse", "HEAD"]));
    let again = stage.formic(["swarm", "resume", "--json"]).run();
    assert_ne!(again.code(), None, "{again}");
    assert_eq!(stage.asked().len(), asked, "{again}");
    assert_eq!(stage.git(["rev-parse", "HEAD"]), head);
}

#[test]
fn the_branch_of_a_run_is_deleted_when_all_of_it_landed_and_kept_and_named_when_not() {
    let stage = stage();
    let branches = || stage.git(["branch", "--format=%(refname:short)"]);
    stage.swarm(&three()).succeed();
    assert_eq!(branches(), "main", "it landed");

    // The same nodes once more, in a checkout with work of its own.
    stage.git(["reset", "--quiet", "--hard", "HEAD~3"]);
    stage.write("README", "mine\n");
    let report = Report::of(&stage.swarm(&three()).succeed());
    let target = &report.0["target"];
    let branch = target["branch"].as_str().expect("a branch").to_owned();
    assert_eq!(target["fast_forwarded"], false);
    assert_eq!(branches(), format!("{branch}\nmain"));
    assert_eq!(target["commit"], *stage.git(["rev-parse", &branch]));
    let remark = target["remark"].as_str().expect("a remark");
    assert!(remark.contains(&format!("git merge {branch}")), "{remark}");
}

#[test]
fn a_sparse_node_has_the_folders_of_its_paths_and_lands_like_any_other() {
    let look = Step::tool("bash", json!({"command": "ls; ls here there || true"}));
    let write = Step::tool(
        "write",
        json!({"file_path": "here/new.txt", "content": "done\n"}),
    );
    let rules = agent("a", [Reply::steps([look, write]), Reply::text("Done.")]);
    let stage = Stage::new(script([rules]))
        .file("top.txt", "top\n")
        .file("here/a.txt", "begun\n")
        .file("there/b.txt", "other\n")
        .committed();
    let mut node = node("a", &[], &["here/**"], "grep -q done here/new.txt");
    node["hints"] = json!({"sparse": true});
    stage.swarm(&plan([node])).succeed();
    let asked = stage.asked();
    let seen = asked.iter().flat_map(|asked| asked.results()).next();
    let seen = seen.expect("the command's result").text;
    assert!(seen.contains("top.txt") && seen.contains("a.txt"), "{seen}");
    assert!(!seen.contains("b.txt"), "{seen}");
    assert_eq!(stage.content("here/new.txt"), "done\n");
    assert_eq!(stage.content("there/b.txt"), "other\n");
}

#[test]
fn a_refused_key_or_a_gateway_without_a_server_pauses_the_run_and_it_goes_on_once_that_is_mended() {
    let gateway = json!({"status": 502, "headers": {"retry-after-ms": "1"}});
    for (fault, times, mend) in [
        (json!({"status": 401}), 1, "check the key"),
        (gateway, 7, "check that the server runs"),
    ] {
        let refusal: Fault = serde_json::from_value(fault).expect("a fault");
        let refused = Rule::new("refused", Reply::failing(refusal)).times(times);
        let done = ["left", "right", "both"]
            .map(|name| writer(name, &format!("{name}.txt"), &format!("{name} done\n")));
        let rules = script([vec![refused]].into_iter().chain(done));
        let stage = Stage::new(rules).file("README", "before\n").committed();

        let ended = stage.swarm(&three()).args(["--max-parallel", "1"]).run();
        let report = Report::of(&ended);
        assert_eq!(ended.code(), Some(3), "{ended}");
        assert_eq!(stage.asked().len() as u64, times, "{ended}");
        assert_eq!(report.0["status"], "unfinished", "{ended}");
        let resume = "go on with: formic swarm resume";
        let hint = report.0["hint"].as_str().expect("a hint");
        assert!(hint.contains(mend) && hint.contains(resume), "{hint}");
        assert!(ended.stderr.contains(resume), "{ended}");

        let again = stage.formic(["swarm", "resume", "--json"]).succeed();
        let report = Report::of(&again);
        assert_eq!(report.0["status"], "success", "{again}");
        assert_eq!(report.0["why"], Value::Null, "{again}");
    }
}

#[test]
fn what_a_worker_model_named_by_a_flag_costs_is_in_the_records_whatever_settings_say_later() {
    let prices = |input: f64| {
        let price = json!({"price": {"input": input, "output": 15.0}});
        json!({"providers": {"anthropic": {"models": {"worker-1": price}}}})
    };
    let stage = Stage::new(script([writer("lone", "a.txt", "done\n")]));
    let stage = stage.file("README", "x\n").user_settings(&prices(3.0));
    let stage = stage.committed();
    let only = plan([node("lone", &[], &["a.txt"], "grep -q done a.txt")]);
    let crew = ["--worker-model", "anthropic/worker-1"];
    stage.swarm(&only).args(crew).succeed();
    let records = stage.run_records();
    let begun = records.iter().find_map(|record| match &record.event {
        Event::Session(SessionEvent::Opened(opening)) if record.node.is_some() => Some(opening),
        _ => None,
    });
    let begun = begun.expect("its agent's first record");
    let price = begun.traits.price.expect("a price");
    assert_eq!((begun.model.model.as_str(), price.input), ("worker-1", 3.0));

    let shown = |stage: &Stage| {
        let shown = stage.formic(["swarm", "show", "--json"]).succeed();
        let report = Report::of(&shown).0;
        assert!(
            report["forecast"]["cost_usd"].as_f64().is_some(),
            "{report}"
        );
        (
            report["forecast"]["cost_usd"].clone(),
            report["totals"]["cost_usd"].clone(),
        )
    };
    let before = shown(&stage);
    let stage = stage.user_settings(&prices(300.0));
    assert_eq!(shown(&stage), before);
}
