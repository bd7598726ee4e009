//! `formic swarm`: a plan is shown, approved, carried out and reported; runs there are get listed, looked at and steered.

mod document;
mod draw;
mod plan;
mod preview;
mod screen;
mod words;

use std::process::ExitCode;

use crate::args::OutputFormat;
use crate::args::swarm::{BeginArgs, SwarmArgs};
use crate::failure::{Failure, Kind};
use crate::resolve::swarm::{SwarmRun, unread};
use crate::{output, runtime};

use preview::Preview;
use screen::Screen;

/// Runs `formic swarm`.
///
/// # Errors
/// Whatever kept a run from beginning or from going on; a run that ended is an exit code instead.
pub fn run(args: &SwarmArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        None => runtime::block_on(begin(&args.run)).map(ExitCode::from),
        Some(_) => Err(Failure::new(
            Kind::NotYet,
            "formic swarm: not in this version yet",
            "wait",
        )),
    }
}

async fn begin(args: &BeginArgs) -> Result<u8, Failure> {
    let mut run = SwarmRun::prepare(&args.crew)?;
    let warnings = run.ground.loaded.warnings.iter().map(ToString::to_string);
    for warning in warnings.chain(unread(&run.ground)) {
        output::note(&format!("warning: {warning}"));
    }
    let file = args.plan.as_deref();
    let document = file.map(|file| plan::read(&run, file, args)).transpose()?;
    if let (true, Some(document)) = (args.dry_run, &document) {
        // Prices are worth asking for, a missing server is not worth failing for: nothing is done with it.
        let models = run.find_servers(&args.crew).await.ok();
        let prices = models.map(|models| run.prices(&models)).unwrap_or_default();
        let normal = plan::rehearse(&run, document, args).await?;
        let preview = Preview::new(normal.plan, normal.derived, normal.remarks, &prices);
        return show(&run, &preview, args.crew.output.format()).map(|()| 0);
    }
    Err(Failure::new(
        Kind::NotYet,
        "formic swarm: not in this version yet",
        "use --dry-run",
    ))
}

/// Prints a plan to stdout.
fn show(run: &SwarmRun, preview: &Preview, format: OutputFormat) -> Result<(), Failure> {
    let environment = &run.ground.environment;
    match format {
        OutputFormat::Text => {
            let (width, _) = screen::size(environment);
            output::line(&preview.text(width, Screen::find(environment).strokes))
        }
        OutputFormat::Json | OutputFormat::StreamJson | OutputFormat::Events => {
            output::json(&preview.json())
        }
    }
}
