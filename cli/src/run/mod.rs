//! Run: one headless run from its first record to its exit code.

mod account;
mod blocks;
pub mod ending;
mod engine;
mod input;
mod result;
mod show;
pub mod signals;
pub mod stream;

use std::process::ExitCode;

use crate::args::RunArgs;
use crate::failure::{Failure, Kind};
use crate::output;
use crate::resolve::run::Run;
use crate::runtime;

pub use show::{status, warning};

use engine::Engine;
use input::Input;
use show::{Form, Show};
use signals::Stops;
use stream::Stream;

/// Runs `formic -p`.
///
/// # Errors
/// Whatever kept the run from beginning or from going on; a run that ended in an error is an exit code instead.
pub fn headless(args: &RunArgs) -> Result<ExitCode, Failure> {
    if !args.print {
        return Err(Failure::new(
            Kind::NotYet,
            "formic: the terminal mode is not in this version yet",
            "ask one thing and get the answer on stdout: formic -p \"PROMPT\"",
        ));
    }
    runtime::block_on(run(args)).map(ExitCode::from)
}

async fn run(args: &RunArgs) -> Result<u8, Failure> {
    let mut run = Run::prepare(args)?;
    for warning in &run.ground.loaded.warnings {
        output::note(&format!("warning: {warning}"));
    }
    let input = Input::open(args.prompt.as_deref(), args.output.input_format)?;
    input.check(run.take)?;
    let form = Form {
        format: args.output.output_format,
        is_partial: args.output.include_partial_messages,
        is_verbose: args.output.verbose,
        key_source: run.find_server(&args.model).await?,
    };
    let stops = Stops::listen(run.timeout)?;
    let source = run.options.source.clone();
    let retries = run.options.limits.retries;
    let (session, past) = engine::open(run.options, run.take).await?;
    let show = Show::new(form, Stream::new(session.id(), source, retries));
    let mut engine = Engine::new(session, show, stops);
    let ended = engine.live(&past, input).await;
    let closed = engine.close().await;
    // The session of a run without persistence goes only after everything is closed.
    drop(run.scratch);
    let code = ended?;
    closed.map(|()| code)
}
