//! `formic swarm`: many agents on one repository, and the commands that look at or steer a run.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use protocol::SessionId;

use super::sessions::{ListArgs, SessionName, session, session_name};
use super::{LimitArgs, ModelArgs, OutputFormat, PermissionArgs, PlaceArgs};

/// What a first look at the help should show.
const EXAMPLES: &str = r#"Examples:
  formic swarm "move every crate to the new error type" --gate "cargo test"
  formic swarm --plan plan.json --dry-run
  formic swarm resume                     after Ctrl-C, a crash, its --timeout
  formic swarm resume --max-budget-usd 5  with more to use, after its budget was used up
  formic swarm steer NODE "keep the old name as an alias"
  formic swarm show NODE                  one node in full

A plan file:
  {"version": 1, "goal": "append a line to two files", "gate": {"cmd": "make test"},
   "nodes": [
     {"id": "a", "brief": "append done to a.txt", "writes": ["a.txt"], "accept": {"cmd": "grep -q done a.txt"}},
     {"id": "b", "brief": "append done to b.txt", "writes": ["b.txt"], "deps": ["a"]}]}"#;

/// `formic swarm`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct SwarmArgs {
    /// What to do with a run there is.
    #[command(subcommand)]
    pub command: Option<SwarmCommand>,
    /// A new run.
    #[command(flatten)]
    pub run: BeginArgs,
}

impl SwarmArgs {
    /// Whether a debug log is wanted, and its filter.
    pub fn debug(&self) -> Option<&Option<String>> {
        match &self.command {
            None => self.run.crew.output.debug.as_ref(),
            Some(SwarmCommand::Resume(args)) => args.crew.output.debug.as_ref(),
            Some(_) => None,
        }
    }
}

/// A new run.
#[derive(Debug, Args)]
pub struct BeginArgs {
    /// What is to be done
    #[arg(value_name = "GOAL")]
    pub goal: Option<String>,
    /// The plan to carry out, JSON or TOML, instead of one that a model makes
    #[arg(long, value_name = "FILE", conflicts_with = "goal")]
    pub plan: Option<PathBuf>,
    /// Show the plan, what it would take, and end; nothing is done
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// How nodes are kept apart
    #[arg(long, value_enum, value_name = "HOW")]
    pub isolation: Option<IsolationName>,
    /// The branch the result is for; without it the one that is checked out
    #[arg(long, value_name = "BRANCH")]
    pub target: Option<String>,
    /// The command that must pass on the merged tree
    #[arg(long, value_name = "CMD")]
    pub gate: Option<String>,
    /// How that command goes before any of the work; without it, it must pass then too
    #[arg(long, value_enum, value_name = "HOW", requires = "gate")]
    pub gate_expect: Option<ExpectName>,
    /// Give the run this UUID
    #[arg(long, value_name = "UUID", value_parser = session)]
    pub session_id: Option<SessionId>,
    /// How it runs.
    #[command(flatten)]
    pub crew: CrewArgs,
}

/// How a run runs, new or taken up again.
#[derive(Debug, Default, Args)]
pub struct CrewArgs {
    /// Approve the plan without looking at it
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Agents at work at once, at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_parallel: Option<u32>,
    /// The model that plans; without it the model of the run
    #[arg(long, value_name = "M")]
    pub planner_model: Option<String>,
    /// The model that works; without it the model of the run
    #[arg(long, value_name = "M")]
    pub worker_model: Option<String>,
    /// Forms of output.
    #[command(flatten)]
    pub output: SwarmOutputArgs,
    /// Model and server.
    #[command(flatten)]
    pub model: ModelArgs,
    /// What it may do.
    #[command(flatten)]
    pub permission: PermissionArgs,
    /// Where it stops.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Where it works.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Forms of output of a run.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct SwarmOutputArgs {
    /// What is written to stdout
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    pub output_format: OutputFormat,
    /// Print the report as JSON; the same as --output-format json
    #[arg(long, conflicts_with = "output_format")]
    pub json: bool,
    /// Say on stderr what every agent does
    #[arg(long)]
    pub verbose: bool,
    /// Write a debug log to stderr; a filter may follow after `=`
    #[arg(long, value_name = "FILTER", num_args = 0..=1, require_equals = true)]
    pub debug: Option<Option<String>>,
}

impl SwarmOutputArgs {
    /// The form on stdout.
    pub fn format(&self) -> OutputFormat {
        match self.json {
            true => OutputFormat::Json,
            false => self.output_format,
        }
    }
}

/// How nodes are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IsolationName {
    /// A tree of its own for every node that writes; needs a git repository
    Worktree,
    /// All work in the one folder, one write at a time
    Shared,
}

/// How a check goes before any of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExpectName {
    /// It passes
    Pass,
    /// It fails: to make it pass is the work
    Fail,
}

/// The subcommands of `formic swarm`.
#[derive(Debug, Subcommand)]
pub enum SwarmCommand {
    /// List runs, newest first
    #[command(visible_alias = "list")]
    Ls(ListArgs),
    /// Show a run: its plan, its nodes, what landed; or one node in full
    Show(ShowArgs),
    /// Go on with a run; one that waits for approval is shown first
    Resume(Box<ResumeArgs>),
    /// Give a run up, or one node of it; what landed stays
    Cancel(CancelArgs),
    /// Let nothing new start; `resume` lets it go on
    Pause(PauseArgs),
    /// Say something to a node's agent; it reads it before its next step
    #[command(override_usage = "formic swarm steer [OPTIONS] [ID] NODE TEXT")]
    Steer(SteerArgs),
    /// Try a node again that failed, was skipped or was cancelled
    #[command(override_usage = "formic swarm retry [OPTIONS] [ID] NODE")]
    Retry(RetryArgs),
}

/// `formic swarm show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Which.
    #[command(flatten)]
    pub named: NamedArgs,
}

/// A run, and perhaps one of its nodes.
#[derive(Debug, Args)]
pub struct NamedArgs {
    /// The run; without it the one of this project that is under way, else its newest
    #[arg(value_name = "ID")]
    pub run: Option<String>,
    /// Only this node, by its name in the plan; ID may be left out before it
    #[arg(value_name = "NODE")]
    pub node: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `formic swarm resume`.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// The run; without it the newest of this project that can go on
    #[arg(value_name = "ID", value_parser = session_name)]
    pub run: Option<SessionName>,
    /// How it runs.
    #[command(flatten)]
    pub crew: CrewArgs,
}

impl ResumeArgs {
    /// Whether the run gets another limit of tokens or money.
    pub const fn has_limit(&self) -> bool {
        let limits = &self.crew.limits;
        limits.max_budget_tokens.is_some() || limits.max_budget_usd.is_some()
    }
}

/// `formic swarm pause`.
#[derive(Debug, Args)]
pub struct PauseArgs {
    /// The run; without it the one of this project that is under way, else its newest
    #[arg(value_name = "ID")]
    pub run: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `formic swarm cancel`.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// Which.
    #[command(flatten)]
    pub named: NamedArgs,
    /// Why, for the report
    #[arg(long, value_name = "TEXT", default_value = "cancelled by the user")]
    pub why: String,
}

/// `formic swarm steer`.
#[derive(Debug, Args)]
pub struct SteerArgs {
    /// The run, which may be left out as for `pause`; the node, by its name in the plan; what its agent is told
    #[arg(value_names = ["ID", "NODE", "TEXT"], num_args = 0..)]
    pub words: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `formic swarm retry`.
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// The run, which may be left out as for `pause`; the node, by its name in the plan
    #[arg(value_names = ["ID", "NODE"], num_args = 0..)]
    pub words: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
