//! A crowd at a provider's rate limit: nobody's attempt is burnt. How much of what is allowed is used is proven where time
//! is not the machine's: beside the pool of model calls.

use protocol::{Event, PlanEvent};
use scripted::{LoggedRequest, Rate, Rule};
use serde_json::json;

use crate::stage::{Fault, Reply, Report, Stage, node, plan, returned, script, writer};

const AGENTS: usize = 40;
const REQUESTS: u64 = 10;
/// A minute of the provider, scaled.
const MINUTE_MS: u64 = 1_000;

fn names() -> impl Iterator<Item = String> {
    (0..AGENTS).map(|at| format!("a{at:02}"))
}

/// Refuses an agent once, whatever the rate: on a slow machine forty agents may ask too slowly for a storm.
fn refusal(name: &str) -> Rule {
    let later = json!({"status": 429, "headers": {"retry-after-ms": "20"}});
    let fault: Fault = serde_json::from_value(later).expect("a fault");
    Rule::new(format!("{name} later"), Reply::failing(fault))
        .marker(format!("[node {name}"))
        .times(1)
}

#[test]
fn forty_agents_at_ten_requests_a_minute_burn_no_attempt() {
    let rate = Rate {
        requests: REQUESTS.try_into().expect("not zero"),
        per_ms: MINUTE_MS.try_into().expect("not zero"),
    };
    let rules = names().map(|name| {
        let mut rules = writer(&name, &format!("{name}.txt"), "done\n");
        rules.insert(0, refusal(&name));
        rules
    });
    let stage = Stage::new(script(rules).rate(rate))
        .file("README", "x\n")
        .committed();
    let nodes = names().map(|name| {
        let file = format!("{name}.txt");
        node(&name, &[], &[&file], &format!("grep -q done {file}"))
    });
    let mut plan = plan(nodes);
    plan["caps"] = json!({"max_parallel": AGENTS});

    let ended = stage.swarm(&plan).succeed();

    let report = Report::of(&ended);
    assert_eq!(report.in_state("done").len(), AGENTS);
    let records = stage.run_records();
    assert_eq!(returned(&records), [], "no attempt came to nothing");
    let attempts = records.iter().filter_map(|record| match &record.event {
        Event::Plan(PlanEvent::NodeStarted { attempt, .. }) => attempt.as_ref(),
        _ => None,
    });
    assert!(attempts.into_iter().all(|attempt| attempt.number == 1));
    assert_eq!(report.took(), stage.took());
    stormed(&stage);
}

/// Whether everybody was told to come later at least once, and all were answered in the end.
fn stormed(stage: &Stage) {
    let requests = stage.server().requests();
    let with = |status: u16| {
        let is = |request: &&LoggedRequest| request.answer.status == Some(status);
        requests.iter().filter(is).count()
    };
    assert!(with(429) >= AGENTS, "there was no storm: {}", with(429));
    assert_eq!(with(200), 2 * AGENTS);
    assert_eq!(with(200) + with(429), requests.len());
}
