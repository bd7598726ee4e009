//! `formic demo swarm`: a dozen agents migrate a sample workspace side by side, played by a scripted model over real HTTP.

mod live;
mod sample;
mod script;
mod tally;

use std::io::Write;
use std::path::Path;

use actors::{Swarm, SwarmOptions};
use anyhow::Context;
use protocol::{Event, Notice, PlanDocument, PlanEvent};
use scripted::{LoggedRequest, Server};
use views::SwarmReport;

use super::ground;
use live::Live;
use tally::Tally;

/// Runs the demo; its run is kept in `data`. True if everything landed, the tests pass, and the counts agree.
///
/// # Errors
/// Whatever did not work, naming it.
pub fn run(data: &Path, out: &mut dyn Write) -> anyhow::Result<bool> {
    let folder = tempfile::Builder::new().prefix("formic-demo-").tempdir();
    let root = folder
        .context("create a temporary folder")?
        .keep()
        .canonicalize()?;
    sample::create(&root)?;
    let plan: PlanDocument =
        serde_json::from_str(include_str!("plan.json")).context("read the demo's plan")?;
    writeln!(
        out,
        "A sample workspace of a dozen crates: {}\n> {}\n",
        root.display(),
        plan.goal
    )?;
    let server = Server::in_background(script::script()?)?;
    let runtime = crate::runtime::new()?;
    let report = runtime.block_on(carry_out(data, &root, (server.base_url(), plan), out))?;
    let is_landed = report.status == views::RunStatus::Success;
    let is_green = proof(&root, out)?;
    let agrees = agreement(&report, &server.requests(), out)?;
    writeln!(
        out,
        "\nLook at the run:  formic swarm show {}",
        report.run_id
    )?;
    Ok(is_landed && is_green && agrees)
}

async fn carry_out(
    data: &Path,
    root: &Path,
    (base_url, plan): (String, PlanDocument),
    out: &mut dyn Write,
) -> anyhow::Result<SwarmReport> {
    let options = ground::options(data, root, base_url);
    let wanted = SwarmOptions {
        goal: plan.goal.clone(),
        plan: Some(plan),
        approve: true,
        ..SwarmOptions::default()
    };
    let swarm = Swarm::open(options, wanted, None).await?;
    let mut watch = swarm.subscribe();
    let mut live = Live::default();
    while let Some(notice) = watch.next().await {
        if let Notice::Record(record) = &notice {
            if let Event::Plan(PlanEvent::Accepted { plan }) = &record.event {
                let drawn = crate::swarm::drawing(plan).unwrap_or_default();
                writeln!(out, "{drawn}\n")?;
            }
            live.record(record, out)?;
            if live.swarm.is_over() {
                break;
            }
        }
    }
    swarm.rest().await?;
    let report = live.swarm.report(swarm.id());
    writeln!(out, "\n{}", crate::swarm::reported(&live.swarm, swarm.id()))?;
    swarm.close().await;
    Ok(report)
}

/// The history and the tests of what landed, looked at from outside.
fn proof(root: &Path, out: &mut dyn Write) -> anyhow::Result<bool> {
    writeln!(out, "\nWhat landed, as git tells it:\n")?;
    for line in sample::history(root)?.lines() {
        writeln!(out, "  {line}")?;
    }
    let (passed, is_green) = sample::test(root)?;
    let all = if is_green { "all" } else { "NOT ALL" };
    writeln!(
        out,
        "\nThe tests of the result, run once more outside of every agent: {passed} passed, {all} of them."
    )?;
    Ok(is_green)
}

fn agreement(
    report: &SwarmReport,
    requests: &[LoggedRequest],
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let (reported, served) = (Tally::reported(&report.totals), Tally::served(requests));
    let agrees = reported == served;
    writeln!(out, "The report counts {}.", reported.said())?;
    let verdict = if agrees { "the same" } else { "SOMETHING ELSE" };
    writeln!(out, "The server's log says {verdict}: {}.", served.said())?;
    Ok(agrees)
}
