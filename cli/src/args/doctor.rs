//! Commands about formic itself: doctor, demo, model-server, models, completions.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ModelArgs, PlaceArgs};

/// `formic doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Build the indexes again from the journals
    #[arg(long)]
    pub rebuild: bool,
    /// Take away what runs left behind and nobody comes back to; nothing that is on no branch
    #[arg(long)]
    pub tidy: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `formic demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Which one
    #[arg(value_enum, value_name = "WHICH", default_value_t)]
    pub which: DemoName,
}

/// The demos.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DemoName {
    /// A dozen agents migrate a workspace side by side
    #[default]
    Swarm,
    /// One agent mends a failing test
    Chat,
}

/// What a script is, in short.
const SCRIPT: &str = r#"A script, which gives every request the first reply that fits:
  {"version": 1, "models": ["scripted-1"], "rules": [
     {"name": "look", "when": {"turn": 0, "last_user": "README"},
      "reply": {"steps": [{"tool": "read", "input": {"path": "README.md"}}]}},
     {"name": "sum up", "when": {"turn": 1}, "reply": {"text": "It says: {{last_result}}"}}],
   "otherwise": {"text": "I only know how to read a README."}}

Set ANTHROPIC_BASE_URL or OPENAI_BASE_URL to the address it prints, and run formic."#;

/// `formic model-server`.
#[derive(Debug, Args)]
#[command(after_help = SCRIPT)]
pub struct ModelServerArgs {
    /// The script to play
    #[arg(long, value_name = "FILE")]
    pub script: PathBuf,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,
    /// Append one JSON object a request to this file
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `formic models`.
#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Which provider.
    #[command(flatten)]
    pub model: ModelArgs,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `formic completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}
