//! A crowd at a provider's rate limit: nobody's attempt is burnt, and nearly all that is allowed is used.

use protocol::{Event, PlanEvent};
use scripted::Rate;
use serde_json::json;

use crate::stage::{Report, Stage, node, plan, returned, script, writer};

const AGENTS: usize = 40;
const REQUESTS: u64 = 10;
/// A minute of the provider, scaled.
const MINUTE_MS: u64 = 1_000;

fn names() -> impl Iterator<Item = String> {
    (0..AGENTS).map(|at| format!("a{at:02}"))
}

#[test]
fn forty_agents_at_ten_requests_a_minute_burn_no_attempt_and_use_the_rate() {
    let rate = Rate {
        requests: REQUESTS.try_into().expect("not zero"),
        per_ms: MINUTE_MS.try_into().expect("not zero"),
    };
    let rules = names().map(|name| writer(&name, &format!("{name}.txt"), "done\n"));
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
    used(&stage);
}

/// How much of what the rate allowed between the first and the last reply was used.
fn used(stage: &Stage) {
    let requests = stage.server().requests();
    let answered: Vec<u64> = requests
        .iter()
        .filter(|request| request.answer.status == Some(200))
        .map(|request| request.at_ms)
        .collect();
    let refused = requests.len() - answered.len();
    assert!(refused > 0, "there was no storm");
    let (first, last) = (answered.iter().min(), answered.iter().max());
    let span = last
        .zip(first)
        .map(|(last, first)| last - first)
        .expect("replies");
    // The first window's worth is there at once.
    let allowed = REQUESTS + span * REQUESTS / MINUTE_MS;
    let share = answered.len() as f64 / allowed as f64;
    assert!(
        share >= 0.9,
        "{} of {allowed} allowed requests in {span} ms, {refused} refused",
        answered.len()
    );
}
