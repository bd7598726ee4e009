//! The `formic` binary: parse, resolve, run.
//!
//! May: print, read arguments, environment, home and stdin, choose exit codes.
//! Never: open the store, call a provider, judge a permission: it asks `actors`.

mod args;
mod commands;
mod demo;
mod failure;
mod log;
mod output;
mod resolve;
mod run;
mod runtime;
mod swarm;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Cli, Command, Stop};
use failure::Failure;

/// Most of what a run computes is made of small pieces, made by one thread and let go by another: a journal taken up, the
/// streams of a thousand agents.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let outcome = match args::parse(&words) {
        Ok(cli) => start_log(&cli).and_then(|()| dispatch(&cli)),
        Err(Stop::Help(text)) => output::line(&text).map(|()| ExitCode::SUCCESS),
        Err(Stop::Failed(failure)) => Err(failure),
    };
    outcome.unwrap_or_else(|failure| {
        output::failure(&failure, args::wants_json(&words));
        ExitCode::from(failure.kind.exit_code())
    })
}

fn dispatch(cli: &Cli) -> Result<ExitCode, Failure> {
    let done = match &cli.command {
        None => return run::headless(&cli.run),
        Some(Command::Swarm(args)) => return swarm::run(args),
        Some(Command::Config(args)) => commands::config::run(args),
        Some(Command::Completions(args)) => commands::completions::run(args),
        Some(Command::Sessions(args)) => return commands::sessions::run(args),
        Some(Command::Permissions(args)) => return commands::permissions::run(args),
        Some(Command::Replay(args)) => return commands::replay::run(args),
        Some(Command::Cost(args)) => commands::cost::run(args),
        Some(Command::Doctor(args)) => return commands::doctor::run(args),
        Some(Command::Demo(args)) => commands::demo::run(args),
        Some(Command::ModelServer(args)) => commands::model_server::run(args),
        Some(Command::Models(args)) => commands::models::run(args),
    };
    done.map(|()| ExitCode::SUCCESS)
}

fn start_log(cli: &Cli) -> Result<(), Failure> {
    let mut flag = cli.run.output.debug.as_ref();
    if let Some(Command::Swarm(args)) = &cli.command {
        flag = args.debug();
    }
    let flag = flag.map(Option::as_deref);
    let variable = std::env::var("FORMIC_LOG")
        .ok()
        .filter(|filter| !filter.is_empty());
    log::start(flag, variable.as_deref())
}
