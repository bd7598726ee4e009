//! Limits of a run: each stops it before the call that would pass it, and the requests prove it.

use scripted::Rule;
use serde_json::{Value, json};

use crate::stage::{Ended, Reply, Report, Stage, Usage, WIRES, node, plan, script, writer};

/// A model that never comes to an end.
fn endless(usage: Usage) -> Reply {
    Reply::tool("bash", json!({"command": "true"})).usage(Some(usage))
}

fn used(input: u64, output: u64) -> Usage {
    Usage {
        input: Some(input),
        output: Some(output),
        ..Usage::default()
    }
}

fn stopped(ended: &Ended, subtype: &str) -> Value {
    assert_eq!(ended.code(), Some(4), "{ended}");
    let result = ended.json();
    assert_eq!(result["type"], "result", "{ended}");
    assert_eq!(result["subtype"], subtype, "{ended}");
    assert_eq!(result["is_error"], true, "{ended}");
    result
}

#[test]
fn the_turn_limit_stops_before_the_call_that_would_pass_it() {
    for wire in WIRES {
        let stage = Stage::of([endless(used(10, 10))]).on(wire);
        let ended = stage
            .prompt("go")
            .args(["--max-turns", "3", "--output-format", "json"])
            .run();
        let result = stopped(&ended, "error_max_turns");
        assert_eq!(result["num_turns"], 3, "{ended}");
        assert_eq!(stage.asked().len(), 3);
    }
}

#[test]
fn the_token_limit_stops_before_the_call_that_would_pass_it() {
    for wire in WIRES {
        let stage = Stage::of([endless(used(30_000, 1_000))]).on(wire);
        // After two calls 62,000 are used, and a third would need another 30,000 for its prompt alone.
        let ended = stage
            .prompt("go")
            .args(["--max-budget-tokens", "80000", "--output-format", "json"])
            .run();
        let result = stopped(&ended, "error_max_budget_tokens");
        assert_eq!(stage.asked().len(), 2, "{ended}");
        assert!(
            result["terminal_reason"].to_string().contains("token"),
            "{ended}"
        );
    }
}

#[test]
fn the_money_limit_stops_before_the_call_that_would_pass_it() {
    let stage = Stage::of([endless(used(100_000, 1_000))]);
    // At 3 dollars a million in and 15 out, one call costs 31.5 cents.
    let price = json!({"price": {"input": 3.0, "output": 15.0}});
    let prices = json!({"providers": {"anthropic": {"models": {"scripted-1": price}}}});
    let stage = stage.user_settings(&prices);
    let ended = stage
        .prompt("go")
        .args(["--max-budget-usd", "0.75", "--output-format", "json"])
        .run();
    let result = stopped(&ended, "error_max_budget_usd");
    assert_eq!(stage.asked().len(), 2, "{ended}");
    let cost = result["total_cost_usd"].as_f64().expect("a price is known");
    assert!((cost - 0.63).abs() < 1e-9, "{cost}");
}

#[test]
fn a_cost_nobody_knows_is_null_and_never_nothing() {
    let stage = Stage::of([Reply::text("Done.")]);
    let ended = stage
        .prompt("go")
        .args(["--output-format", "json"])
        .succeed();
    assert!(ended.json()["total_cost_usd"].is_null(), "{ended}");
}

#[test]
fn the_time_limit_stops_a_model_that_does_not_answer() {
    let silent: Reply =
        serde_json::from_value(json!({"text": "...", "fault": {"stall_after_events": 1}})).unwrap();
    let stage = Stage::of([silent]);
    let ended = stage
        .prompt("go")
        .args(["--timeout", "5s", "--output-format", "json"])
        .run();
    stopped(&ended, "error_timeout");
    assert_eq!(stage.asked().len(), 1);
}

#[test]
fn a_run_below_its_limits_is_not_stopped() {
    let stage = Stage::of([endless(used(1_000, 10)), Reply::text("Done.")]);
    let limits = [
        "--max-turns",
        "2",
        "--max-budget-tokens",
        "100000",
        "--timeout",
        "10m",
    ];
    let ended = stage.prompt("go").args(limits).succeed();
    assert_eq!(ended.answer(), "Done.");
}

/// Eight writers side by side, two at a time, each of two replies.
fn eight(change: impl Fn(&mut Reply)) -> (Stage, Value) {
    let names: Vec<String> = (0..8).map(|n| format!("n{n}")).collect();
    let mut rules: Vec<Vec<Rule>> = names
        .iter()
        .map(|name| writer(name, &format!("{name}.txt"), "done\n"))
        .collect();
    let replies = rules.iter_mut().flatten().map(|rule| &mut rule.reply);
    replies.for_each(change);
    let nodes = names
        .iter()
        .map(|name| node(name, &[], &[&format!("{name}.txt")], "true"));
    let mut plan = plan(nodes);
    plan["caps"] = json!({"max_parallel": 2});
    (
        Stage::new(script(rules)).file("README", "x").committed(),
        plan,
    )
}

fn tokens_of(report: &Report) -> u64 {
    let (prompts, replies) = report.took().tokens;
    prompts + replies
}

#[test]
fn a_swarm_that_comes_to_its_limit_says_what_the_server_counted() {
    let (stage, plan) = eight(|_| {});
    let limit = ["--max-budget-tokens", "40000"];
    let ended = stage.swarm(&plan).args(limit).run();
    assert_eq!(ended.code(), Some(4), "{ended}");
    let report = Report::of(&ended);
    assert_eq!(report.0["status"], "limit_reached", "{ended}");
    assert!(!report.in_state("done").is_empty(), "{ended}");
    assert!(!report.in_state("failed").is_empty(), "{ended}");
    assert_eq!(report.took(), stage.took(), "{ended}");
    assert!(tokens_of(&report) <= 40_000, "{ended}");
    assert_eq!(report.0["totals"]["overrun_tokens"], 0, "{ended}");
    let budget = &report.0["totals"]["budget"];
    let spent = (&json!(40_000), &json!(tokens_of(&report)));
    assert_eq!(
        (&budget["tokens"], &budget["used_tokens"]),
        spent,
        "{ended}"
    );
}

#[test]
fn a_swarm_that_came_to_its_limit_goes_on_with_more_and_not_without() {
    let (stage, plan) = eight(|_| {});
    let limit = |most| ["--max-budget-tokens", most];
    let ended = stage.swarm(&plan).args(limit("40000")).run();
    assert_eq!(ended.code(), Some(4), "{ended}");
    let report = Report::of(&ended);
    let run = report.0["run_id"].as_str().expect("an id").to_owned();
    let (asked, used) = (stage.asked().len(), tokens_of(&report));
    let failed = report.in_state("failed").remove(0);
    let retried = stage.formic(["swarm", "retry", &run, &failed]).run();
    let said = retried.to_string();
    assert_eq!(retried.code(), Some(2), "{retried}\n{ended}");
    assert!(said.contains("limit of 40000 tokens"), "{retried}");
    assert!(said.contains("--max-budget-tokens N"), "{retried}");
    let resume = || stage.formic(["swarm", "resume", "--json"]);
    let less = resume().args(limit("100")).run();
    let both = format!("to 100 tokens: it has used {used} tokens");
    assert_eq!(less.code(), Some(2), "{less}");
    assert!(less.json().to_string().contains(&both), "{less}");
    assert_eq!(stage.asked().len(), asked, "nothing was asked for so far");
    let ended = resume().args(limit("400000")).succeed();
    let report = Report::of(&ended);
    assert_eq!(report.in_state("done").len(), 8, "{ended}");
    assert_eq!(report.0["totals"]["budget"]["tokens"], 400_000, "{ended}");
    assert_eq!(report.took(), stage.took(), "{ended}");
    let more = stage.formic(["swarm", "resume", &run, "--json"]);
    let ended = more.args(limit("500000")).succeed();
    assert!(
        ended
            .to_string()
            .contains("may use 500000 tokens in all; it is over"),
        "{ended}"
    );
}

#[test]
fn what_a_provider_counts_beyond_its_share_is_told_and_ends_the_run() {
    // Each reply counts far more tokens than were asked for.
    let (stage, plan) = eight(|reply| reply.usage = Some(used(30_000, 20_000)));
    let limit = ["--max-budget-tokens", "100000"];
    let ended = stage.swarm(&plan).args(limit).run();
    assert_eq!(ended.code(), Some(4), "{ended}");
    let report = Report::of(&ended);
    assert_eq!(report.took(), stage.took(), "{ended}");
    let over = report.0["totals"]["overrun_tokens"]
        .as_u64()
        .expect("a count");
    let spent = tokens_of(&report);
    assert!(
        over > 0 && spent <= 100_000 + over,
        "{spent}, {over}: {ended}"
    );
    // Of the two at work each may still have one reply under way when the other passes the limit.
    assert!(stage.took().replies <= 4, "{ended}");
}

#[test]
fn a_plan_that_limits_money_is_refused_where_no_price_is_known() {
    let (stage, mut plan) = eight(|_| {});
    plan["nodes"][3]["budget"] = json!({"usd": 0.5});
    let ended = stage.swarm(&plan).run();
    assert_eq!(ended.code(), Some(2), "{ended}");
    let error = ended.json();
    let said = format!("{} {}", error["message"], error["hint"]);
    assert!(
        said.contains("scripted-1") && said.contains(".price"),
        "{ended}"
    );
    assert_eq!(stage.asked().len(), 0);
}
