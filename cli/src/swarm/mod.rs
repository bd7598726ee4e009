//! `formic swarm`: a plan is shown, approved, carried out and reported; runs there are get listed, looked at and steered.

mod ask;
mod begin;
mod begun;
mod block;
mod choose;
mod control;
mod document;
mod draw;
mod editor;
mod inbox;
mod keys;
mod list;
mod look;
mod marks;
mod node;
mod painter;
mod pilot;
mod plan;
mod preview;
mod report;
#[cfg(test)]
mod sample;
mod screen;
mod show;
mod told;
mod want;
mod words;

pub use list::outcome;
pub use words::brief;

use std::process::ExitCode;

use protocol::{Plan, PlanDocument, SessionId};

use crate::args::swarm::{SwarmArgs, SwarmCommand};
use crate::commands::data;
use crate::failure::Failure;
use crate::resolve::environment::Environment;
use crate::runtime::block_on;

use screen::{Paper, Screen};

/// Runs `formic swarm`.
///
/// # Errors
/// Whatever kept a run from beginning or from going on; a run that ended is an exit code instead.
pub fn run(args: &SwarmArgs) -> Result<ExitCode, Failure> {
    let Some(command) = &args.command else {
        return block_on(begin::begin(&args.run)).map(ExitCode::from);
    };
    match command {
        SwarmCommand::Resume(args) => return block_on(begin::resume(args)).map(ExitCode::from),
        SwarmCommand::Ls(args) => list::ls(&data()?, args),
        SwarmCommand::Show(args) => block_on(look::show(&data()?, args)),
        SwarmCommand::Cancel(args) => block_on(control::cancel(&data()?, args)),
        SwarmCommand::Pause(args) => block_on(control::pause(&data()?, args)),
        SwarmCommand::Steer(args) => block_on(control::steer(&data()?, args)),
        SwarmCommand::Retry(args) => block_on(control::retry(&data()?, args)),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// A plan drawn as broad as the terminal is; none of nothing, or of more than an eye could follow.
pub fn drawing(plan: &Plan) -> Option<String> {
    let environment = Environment::read();
    let (width, _) = screen::size(&environment);
    preview::drawing(plan, width, Screen::find(&environment).strokes)
}

/// A plan as its file would say it.
pub fn written(plan: &Plan) -> PlanDocument {
    document::of(plan)
}

/// The report of a run for people.
pub fn reported(swarm: &views::Swarm, run: SessionId) -> String {
    let paper = Paper::find(&Environment::read());
    report::Report::new(swarm, run, (None, report::Moment::AtRest)).text(paper)
}
