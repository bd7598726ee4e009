//! `formic demo swarm`: a dozen agents migrate a sample workspace side by side, played by a scripted model over real HTTP.

mod edit;
mod live;
mod sample;
mod script;
mod tally;

use std::io::Write;
use std::path::Path;

use actors::{RunCommand, Swarm, SwarmOptions};
use anyhow::Context;
use protocol::{Event, Kind, Notice, Plan, PlanEvent, Record, SessionId};
use scripted::{LoggedRequest, Server};
use views::SwarmReport;

use super::ground;
use crate::runtime::{self, drive};
use live::Live;
use tally::Tally;

const GOAL: &str = "A text that is no length should say why: read lengths with `str::parse` and a `ParseError` in every crate, \
                    instead of `base::parse` with its Option, and remove the old function. Move the guide below docs.";

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
    writeln!(
        out,
        "A sample workspace of a dozen crates: {}\n> {GOAL}\n",
        root.display(),
    )?;
    let server = Server::in_background(script::script()?)?;
    let runtime = runtime::new()?;
    let report = drive(&runtime, carry_out(data, &root, server.base_url(), out))?;
    let is_landed = report.status == views::RunStatus::Success;
    let is_green = proof(&root, out)?;
    let agrees = agreement(&report, &server.requests(), out)?;
    writeln!(
        out,
        "\nLook at the run:  formic swarm show {}",
        report.run_id.digits()
    )?;
    Ok(is_landed && is_green && agrees)
}

async fn carry_out(
    data: &Path,
    root: &Path,
    base_url: String,
    out: &mut dyn Write,
) -> anyhow::Result<SwarmReport> {
    let options = ground::options(data, root, base_url);
    let wanted = SwarmOptions {
        goal: GOAL.to_owned(),
        ..SwarmOptions::default()
    };
    let swarm = Swarm::open(options, wanted, None).await?;
    let mut watch = swarm.subscribe();
    let mut live = Live::default();
    while let Some(notice) = watch.next().await {
        if let Notice::Record(record) = &notice {
            live.record(record, out)?;
            if let Some(plan) = proposed(record) {
                let plan = shown(plan, swarm.id(), out)?;
                let approve = RunCommand::Approve { plan: Some(plan) };
                swarm.command(approve).await?;
            }
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

/// The plan that a record puts up for approval; not the one whose only node makes it.
fn proposed(record: &Record) -> Option<&Plan> {
    let Event::Plan(PlanEvent::Proposed { plan, .. }) = &record.event else {
        return None;
    };
    let is_real = plan.nodes.iter().all(|node| node.kind != Kind::Plan);
    is_real.then_some(plan)
}

/// Shows the planner's plan, and the plan that is approved in its place.
fn shown(plan: &Plan, run: SessionId, out: &mut dyn Write) -> anyhow::Result<Plan> {
    let drawn = |plan: &Plan| crate::swarm::drawing(plan).unwrap_or_default();
    writeln!(
        out,
        "\nThe model chose, code put the plan together:\n\n{}\n",
        drawn(plan)
    )?;
    let edited = edit::edited(plan, run)?;
    writeln!(
        out,
        "Approved with an edit, as you could make it in your editor: three crates write the one Cargo.toml of all (so \
         they take turns), two nodes are added, and two of all will not merge:\n\n{}\n",
        drawn(&edited)
    )?;
    Ok(edited)
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
