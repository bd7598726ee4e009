//! Runs of a swarm by name: the short form of an id, what may be left out, one node in full, one node ended.

use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::formic::{World, ran};
use crate::swarm::{PLAN, runs, script, swarm, world};

/// The last digits of a run's id, as commands print them.
fn short(run: &Value) -> String {
    let id = run["run_id"].as_str().unwrap();
    id[id.len() - 12..].to_owned()
}

/// A run whose node a takes long, once it is under way.
pub fn under_way(world: &World) -> (Child, String) {
    let mut command = world.command(&["swarm", "--plan", "../plan.json", "--yes", "--json"]);
    let child = command.stdin(Stdio::null()).spawn().unwrap();
    loop {
        match runs(world).first() {
            Some(run) if run["outcome"] == "live" && run["stage"] == "running" => {
                return (child, short(run));
            }
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Agents of a and c that take their time when they are asked first, and no longer than others then.
pub fn slow() -> Value {
    let mut slow = script();
    let rules = slow["rules"].as_array_mut().unwrap();
    let quick = rules.clone();
    for rule in [0, 4] {
        rules[rule]["times"] = json!(1);
        rules[rule]["reply"]["delay_ms"] = json!(600_000);
    }
    rules.extend(quick);
    slow
}

#[test]
fn what_commands_print_of_an_id_every_command_takes() {
    let (world, _server) = world(&script());
    assert_eq!(swarm(&world, &["--yes"]).code, 0);
    let run = runs(&world)[0].clone();
    let short = short(&run);
    assert_eq!(run["short_id"], json!(short));
    let shown = world.run(&["swarm", "show"]).out;
    assert!(
        shown.contains(&format!("run {short}: every node")),
        "{shown}"
    );
    for args in [["swarm", "ls"], ["sessions", "list"]] {
        let listed = world.run(&args).out;
        assert!(
            listed.contains(&short) && !listed.contains("ses_"),
            "{listed}"
        );
    }
    let whole = run["run_id"].as_str().unwrap();
    for name in [&short, &short[4..], whole, &whole[..20], &whole[4..20]] {
        for args in [
            ["swarm", "show"],
            ["sessions", "show"],
            ["sessions", "export"],
        ] {
            let shown = world.run(&[args[0], args[1], name]);
            assert_eq!(shown.code, 0, "{args:?} {name}: {}", shown.err);
        }
    }
    let none = world.run(&["swarm", "show", "0000"]);
    assert_eq!(
        none.err.lines().next(),
        Some("error: session 0000: no id begins or ends so")
    );
}

#[test]
fn a_name_that_several_ids_begin_or_end_with_is_answered_with_the_candidates() {
    let (world, _server) = World::with_model(
        &json!({"version": 1, "rules": [{"name": "any", "reply": {"text": "Yes."}}]}),
    );
    for (id, prompt) in [
        ("0198c0de-0000-7000-8000-000000000001", "first"),
        ("0198c0de-0000-7000-8000-aaaaaaaaaaaa", "second"),
        ("0298c0de-0000-7000-8000-aaaaaaaaaaaa", "third"),
    ] {
        let args = ["-p", prompt, "--session-id", id];
        assert_eq!(world.run(&args).code, 0);
    }
    let said = |name: &str| world.run(&["sessions", "show", name]).err;
    assert_eq!(
        said("0198"),
        "error: session 0198: the ids of 2 sessions begin or end so\n\
         hint: name one of them: aaaaaaaaaaaa (second), 000000000001 (first)\n"
    );
    assert_eq!(
        said("aaaa"),
        "error: session aaaa: the ids of 2 sessions begin or end so\n\
         hint: name one of them: ses_0298c0de000070008000aaaaaaaaaaaa (third), ses_0198c0de000070008000aaaaaaaaaaaa (second)\n"
    );
    assert_eq!(said("000000000001"), "");
}

#[test]
fn a_listing_says_what_came_of_each_run_and_on_which_branch_it_is() {
    let mut lazy = script();
    lazy["rules"][2] = json!({"name": "b", "when": {"marker": "[node b"}, "reply": {"text": "I think it is done."}});
    let (world, _server) = world(&lazy);
    assert_eq!(swarm(&world, &[]).code, 5);
    assert_eq!(runs(&world)[0]["outcome"], "proposed");
    let rejected = world.run(&["swarm", "cancel"]);
    assert!(rejected.out.contains("turned down"), "{}", rejected.out);
    assert_eq!(runs(&world)[0]["outcome"], "rejected");
    assert_eq!(swarm(&world, &["--yes"]).code, 1);
    let run = &runs(&world)[0];
    let told = ["outcome", "done", "nodes", "branch", "fast_forwarded"].map(|key| &run[key]);
    assert_eq!(
        told,
        [
            &json!("partial"),
            &json!(2),
            &json!(3),
            &json!("main"),
            &json!(true)
        ]
    );
    let listed = world.run(&["swarm", "ls"]).out;
    let lines: Vec<&str> = listed.lines().collect();
    assert!(
        lines[1].contains("s ago  partial 2 of 3  main "),
        "{listed}"
    );
    assert!(lines[2].contains("s ago  rejected        - "), "{listed}");
}

#[test]
fn one_node_is_shown_in_full() {
    let mut checked = script();
    checked["rules"][0]["reply"]["steps"][0]["input"]["command"] = json!("echo wrong >> a.txt");
    let (world, _server) = world(&checked);
    let plan = PLAN.replacen(
        "\"grep -q done a.txt\"",
        "\"seq 1 99; echo a.txt says:; cat a.txt; grep -q done a.txt\"",
        1,
    );
    world.write("plan.json", &plan);
    assert_eq!(swarm(&world, &["--yes"]).code, 1);
    let short = short(&runs(&world)[0]);
    let shown = world.run(&["swarm", "show", &short, "a"]).out;
    assert_eq!(
        world.run(&["swarm", "show", "a"]).out,
        shown,
        "the newest run's"
    );
    for part in [
        "node a: edit a\n".to_owned(),
        format!("run {short}: append a line to two files"),
        "state   x failed".to_owned(),
        "writes  a.txt".to_owned(),
        "blocks  b (skipped)".to_owned(),
        "\n    append done to a.txt\n".to_owned(),
        "\nattempt 1 with an empty context: ".to_owned(),
        "\n  came back, check:\n".to_owned(),
        "\n    1\n    2\n".to_owned(),
        " lines left out ...\n".to_owned(),
        "\n    a.txt says:\n    a\n    wrong".to_owned(),
        format!("kept    git show refs/formic/{short}/a"),
    ] {
        assert!(shown.contains(&part), "{part:?}: {shown}");
    }
    let object = world.run(&["swarm", "show", &short, "a", "--json"]).json();
    assert_eq!(
        (&object["type"], &object["state"], &object["brief"]),
        (
            &json!("swarm_node"),
            &json!("failed"),
            &json!("append done to a.txt")
        )
    );
    assert_eq!(object["blocks"], json!([{"id": "b", "state": "skipped"}]));
    assert_eq!(object["history"].as_array().unwrap().len(), 3);
    assert_eq!(object["history"][0]["failure"]["class"], "check");
    let nothing = world.run(&["swarm", "show", &short, "z"]);
    assert_eq!(
        nothing.err,
        format!("error: NODE: z: run {short} has no such node\nhint: name one of a, b, c\n")
    );
}

/// What was asked of a run that is over is found without its name.
fn is_tried_again(world: &World) {
    let kept = world.run(&["swarm", "retry", "a"]);
    assert!(kept.out.contains("kept: "), "{}{}", kept.out, kept.err);
    let early = world.run(&["swarm", "steer", "c", "mind the gap"]);
    assert_eq!(early.code, 2, "what waits is for a: {}", early.out);
    let told = world.run(&["swarm", "steer", "a", "mind the gap"]);
    assert!(told.out.contains("kept: "), "{}{}", told.out, told.err);
    let again = world.run(&["swarm", "resume", "--json"]);
    let report = again.json();
    let attempts = (
        &report["nodes"][0]["state"],
        &report["nodes"][0]["attempts"],
    );
    assert_eq!(
        attempts,
        (&json!("done"), &json!(2)),
        "a kept retry is found: {report:#}"
    );
}

#[test]
fn a_run_under_way_is_meant_where_none_is_named_and_one_node_of_it_can_be_ended() {
    let (world, _server) = world(&slow());
    let (child, short) = under_way(&world);
    let paused = world.run(&["swarm", "pause"]);
    assert!(
        paused
            .out
            .starts_with(&format!("run {short} (append a line to two files): paused")),
        "{}{}",
        paused.out,
        paused.err
    );
    let listed = world.run(&["swarm", "ls"]).out;
    assert!(listed.contains("paused 0 of 3 in process"), "{listed}");
    assert!(listed.contains("formic swarm resume"), "{listed}");
    let resumed = world.run(&["swarm", "resume"]);
    assert_eq!(resumed.code, 0, "{}", resumed.err);
    assert!(
        resumed.err.starts_with(&format!("run {short}: append")),
        "{}",
        resumed.err
    );
    let listed = world.run(&["swarm", "ls"]).out;
    assert!(listed.contains("runs 0 of 3 in process"), "{listed}");
    let told = world.run(&["swarm", "steer", "a", "mind the gap"]);
    assert!(
        told.out.contains("a is told before its next step"),
        "{}",
        told.err
    );
    let ended = world.run(&["swarm", "cancel", "a", "--why", "it takes too long"]);
    assert!(
        ended.out.contains("a is ended"),
        "{}{}",
        ended.out,
        ended.err
    );
    let twice = world.run(&["swarm", "cancel", &short, "a"]);
    assert_eq!(
        twice.err.lines().next(),
        Some(format!("error: run {short}: could not end node a: it has come to its end").as_str())
    );
    let last = world.run(&["swarm", "cancel", "c"]);
    assert!(last.out.contains("c is ended"), "{}{}", last.out, last.err);
    let ended = ran(child.wait_with_output().unwrap());
    let report = ended.json();
    assert_eq!(
        (ended.code, &report["status"]),
        (1, &json!("failed")),
        "{report:#}"
    );
    let states: Vec<&Value> = (0..3).map(|at| &report["nodes"][at]["state"]).collect();
    assert_eq!(states, ["cancelled", "skipped", "cancelled"]);
    assert_eq!(report["nodes"][0]["reason"], "it takes too long");
    assert_eq!(report["nodes"][1]["reason"], "it needs a, not done");
    is_tried_again(&world);
}

#[test]
fn a_misspelt_command_is_no_goal_and_a_goal_may_be_called_like_one() {
    let (world, server) = world(&script());
    for (args, first) in [
        (&["swarm", "lss"][..], "lss"),
        (&["swarm", "resmue", "1234"][..], "resmue"),
    ] {
        let slip = world.run(args);
        let mut lines = slip.err.lines();
        let error = format!("error: {first}: no such command");
        assert_eq!((slip.code, lines.next()), (2, Some(error.as_str())));
        let hint = lines.next().unwrap();
        assert!(
            hint.starts_with("hint: did you mean formic swarm "),
            "{hint}"
        );
        assert!(
            hint.ends_with(&format!("formic swarm -- {first}")),
            "{hint}"
        );
    }
    assert_eq!((runs(&world).len(), server.requests().len()), (0, 0));
    let meant = world.run(&["swarm", "--dry-run", "--", "ls"]);
    assert!(!meant.err.contains("no such command"), "{}", meant.err);
    assert_eq!(runs(&world)[0]["goal"], "ls", "{}", meant.err);
}

#[test]
fn a_forecast_says_whose_price_is_not_known() {
    let (world, _server) = world(&script());
    let shown = swarm(&world, &["--dry-run", "--model", "m"]).out;
    assert!(
        shown.contains(" tokens, no price known for anthropic/m, about "),
        "{shown}"
    );
    let done = swarm(&world, &["--yes", "--model", "m"]).out;
    assert!(done.contains(" tokens, no price known for m, "), "{done}");
}

#[test]
fn a_plan_that_waits_is_shown_with_the_forecast_it_was_proposed_with() {
    let (world, _server) = world(&script());
    let settings =
        r#"{"providers": {"anthropic": {"models": {"m": {"price": {"input": 3, "output": 15}}}}}}"#;
    world.write("config/settings.json", settings);
    let model = ["--model", "m"];
    let forecast = |text: &str| {
        let mut lines = text.lines();
        lines
            .find(|line| line.starts_with("forecast: "))
            .map(str::to_owned)
    };
    let dry = forecast(&swarm(&world, &[&model[..], &["--dry-run"]].concat()).out);
    assert!(
        dry.as_ref().is_some_and(|line| line.contains(" tokens, $")),
        "{dry:?}"
    );
    assert_eq!(swarm(&world, &model).code, 5);
    assert_eq!(forecast(&world.run(&["swarm", "show"]).out), dry);
}

#[test]
fn a_run_that_is_taken_up_is_reported_with_the_forecast_at_the_prices_it_began_with() {
    let (world, server) = world(&slow());
    let costs = |input: u32| {
        let model = json!({"m": {"price": {"input": input, "output": 5 * input}}});
        let settings = json!({"model": "m", "providers": {"anthropic": {"models": model}}});
        world.write("config/settings.json", &settings.to_string());
    };
    costs(3);
    let dry: Value = swarm(&world, &["--dry-run", "--json"]).json();
    let (mut child, _) = under_way(&world);
    assert!(server.wait_until_blocking(|log| !log.is_empty()));
    child.kill().unwrap();
    child.wait().unwrap();
    costs(30);
    let resumed = world.run(&["swarm", "resume", "--json"]);
    assert_eq!(resumed.code, 0, "{}", resumed.err);
    let forecast = &resumed.json()["forecast"];
    assert!(forecast["cost_usd"].is_number(), "{forecast}");
    assert_eq!(forecast["cost_usd"], dry["forecast"]["cost_usd"]);
    let shown = world.run(&["swarm", "show", "--json"]).json();
    assert_eq!(&shown["forecast"], forecast);
}

#[test]
fn a_gate_that_is_given_checks_the_plan_that_code_makes() {
    let (world, _server) = world(&script());
    let shown = world.run(&["swarm", "append a line", "--gate", "true", "--dry-run"]);
    assert!(
        shown.out.contains("; gate: true"),
        "{}{}",
        shown.out,
        shown.err
    );
    assert!(!shown.out.contains("nothing checks"), "{}", shown.out);
}

#[test]
fn a_run_that_was_killed_at_work_and_then_cancelled_ends_when_it_is_taken_up() {
    for what in [&["swarm", "cancel"][..], &["swarm", "cancel", "a"]] {
        let (world, server) = world(&slow());
        let (mut child, _) = under_way(&world);
        while server.requests().len() < 2 {
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let kept = world.run(what);
        assert_eq!(kept.code, 0, "{}", kept.err);
        // It would wait for ever for agents that nobody brings back.
        let done = world.run(&["swarm", "resume", "--json", "--timeout", "100s"]);
        assert_eq!(done.code, 1, "{what:?}: {}{}", done.out, done.err);
        let a = &done.json()["nodes"][0];
        assert_eq!((&a["id"], &a["state"]), (&json!("a"), &json!("cancelled")));
    }
}
