//! The command line as typed: clap reads it, nothing is looked up or decided here.

pub mod config;
pub mod doctor;
mod fault;
mod later;
mod limits;
mod model;
pub mod permissions;
mod place;
mod prompt;
pub mod sessions;
mod stray;
pub mod swarm;

use std::ffi::OsString;

use clap::error::{ContextKind, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand};

pub use fault::wants_json;
pub use limits::LimitArgs;
pub use model::ModelArgs;
pub use permissions::PermissionArgs;
pub use place::PlaceArgs;
pub use prompt::{InputFormat, OutputArgs, OutputFormat, SystemArgs};
pub use sessions::SessionArgs;

use config::ConfigArgs;
use doctor::{CompletionsArgs, DemoArgs, DoctorArgs, ModelServerArgs, ModelsArgs};
use permissions::PermissionsArgs;
use sessions::{CostArgs, SessionsArgs, SomeSession};
use swarm::SwarmArgs;

use crate::failure::Failure;

/// A terminal agent that remembers: one prompt with -p, or a subcommand.
#[derive(Debug, Parser)]
#[command(name = "formic", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do besides a run.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The run.
    #[command(flatten)]
    pub run: RunArgs,
}

/// A run and nothing besides: half of what there is to read, and most processes are told no more.
#[derive(Debug, Parser)]
#[command(name = "formic", disable_help_flag = true)]
struct OnlyRun {
    #[command(flatten)]
    run: RunArgs,
}

/// Everything a run can be told.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What the agent is asked to do; with -p also read from stdin
    pub prompt: Option<String>,
    /// Answer one prompt on stdout and end (headless)
    #[arg(short = 'p', long)]
    pub print: bool,
    /// Forms of input and output.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Model and server.
    #[command(flatten)]
    pub model: ModelArgs,
    /// What it may do.
    #[command(flatten)]
    pub permission: PermissionArgs,
    /// Where it stops.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Which session.
    #[command(flatten)]
    pub session: SessionArgs,
    /// What the model is told.
    #[command(flatten)]
    pub system: SystemArgs,
    /// Where it works.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Do a large change with many agents: plan, approve, work, merge, test
    Swarm(Box<SwarmArgs>),
    /// List, show, export, fork, delete and check sessions
    Sessions(SessionsArgs),
    /// Try a tool call against the permission rules
    Permissions(PermissionsArgs),
    /// Fold a recorded session again and check that it ends in the same state
    Replay(SomeSession),
    /// Tokens and money by session and model
    Cost(CostArgs),
    /// Show and change settings
    Config(ConfigArgs),
    /// Say what is wrong and how to mend it
    Doctor(DoctorArgs),
    /// Watch agents change a sample repository: no key, no network
    Demo(DemoArgs),
    /// Run a scripted model server on loopback
    ModelServer(ModelServerArgs),
    /// List what the configured providers offer
    Models(ModelsArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// Reads the command line.
///
/// # Errors
/// `Help` with the text to print, or a failure that names the flag.
pub fn parse(words: &[OsString]) -> Result<Cli, Stop> {
    later::refuse(words).map_err(Stop::Failed)?;
    if let Some(run) = only_run(words) {
        return Ok(Cli { command: None, run });
    }
    let cli = Cli::try_parse_from(words).map_err(|error| {
        // A word beside the run's own flags and prompt: clap took it for a command.
        let is_word = error.kind() == ErrorKind::ArgumentConflict
            && error.get(ContextKind::InvalidSubcommand).is_some();
        let is_of_swarm = words.get(1).is_some_and(|word| word == SWARM);
        let find = match is_of_swarm {
            true => misplaced_in_swarm,
            false => misplaced,
        };
        let meant = is_word.then(|| find(words)).flatten();
        meant.unwrap_or_else(|| fault::explain(&error))
    })?;
    let slip = match &cli.command {
        None if !cli.run.print => misplaced(words),
        Some(Command::Swarm(args)) if args.command.is_none() => misplaced_in_swarm(words),
        None | Some(_) => None,
    };
    slip.map_or(Ok(cli), Err)
}

/// The words of a run that answers one prompt, where none of them could be anything else; whatever is wrong with them is
/// for the whole command line to say.
fn only_run(words: &[OsString]) -> Option<RunArgs> {
    let names = |word: &OsString| {
        let word = word.to_str();
        word.is_none_or(|word| word == "help" || Command::has_subcommand(word))
    };
    if words.iter().skip(1).any(names) {
        return None;
    }
    let run = OnlyRun::try_parse_from(words).ok()?.run;
    run.print.then_some(run)
}

/// The command whose goal may be taken for a subcommand, and the other way round.
const SWARM: &str = "swarm";

/// A subcommand of `formic swarm` that was taken for a goal.
fn misplaced_in_swarm(words: &[OsString]) -> Option<Stop> {
    let tree = Cli::command();
    let below = tree.find_subcommand(SWARM)?;
    let names: Vec<&str> = below
        .get_subcommands()
        .flat_map(clap::Command::get_name_and_visible_aliases)
        .collect();
    stray::meant(words.get(1..)?, &names, stray::Place::Swarm).map(Stop::Failed)
}

fn misplaced(words: &[OsString]) -> Option<Stop> {
    let tree = Cli::command();
    let names: Vec<&str> = tree
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    stray::meant(words, &names, stray::Place::Program).map(Stop::Failed)
}

/// Why reading the command line ended without a command to run.
#[derive(Debug)]
pub enum Stop {
    /// Help or the version was asked for: this text goes to stdout.
    Help(String),
    /// It could not be understood.
    Failed(Failure),
}

/// The whole command tree, for completions.
pub fn command() -> clap::Command {
    Cli::command()
}
