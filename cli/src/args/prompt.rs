//! Flags about what goes in, what comes out, and what the model is told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What a headless run writes to stdout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// The final answer only
    #[default]
    Text,
    /// One result object
    Json,
    /// One JSON object a line, the result last
    StreamJson,
    /// The journal's records, one a line
    Events,
}

/// What a headless run reads from stdin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum InputFormat {
    /// Text that goes after the prompt
    #[default]
    Text,
    /// One user message a line, each a turn
    StreamJson,
}

/// Forms of input and output.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input and output")]
pub struct OutputArgs {
    /// What -p writes
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    pub output_format: OutputFormat,
    /// What -p reads from stdin
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    pub input_format: InputFormat,
    /// Stream partial messages too (stream-json)
    #[arg(long)]
    pub include_partial_messages: bool,
    /// Say on stderr what goes on
    #[arg(long)]
    pub verbose: bool,
    /// Write a debug log to stderr; a filter may follow after `=`
    #[arg(long, value_name = "FILTER", num_args = 0..=1, require_equals = true)]
    pub debug: Option<Option<String>>,
}

/// What the model is told besides the prompt.
#[derive(Debug, Args)]
#[command(next_help_heading = "System prompt and answer")]
pub struct SystemArgs {
    /// Replace the system prompt
    #[arg(long, value_name = "TEXT", conflicts_with = "system_prompt_file")]
    pub system_prompt: Option<String>,
    /// Replace the system prompt by a file's text
    #[arg(long, value_name = "FILE")]
    pub system_prompt_file: Option<PathBuf>,
    /// Add to the system prompt
    #[arg(
        long,
        value_name = "TEXT",
        conflicts_with = "append_system_prompt_file"
    )]
    pub append_system_prompt: Option<String>,
    /// Add a file's text to the system prompt
    #[arg(long, value_name = "FILE")]
    pub append_system_prompt_file: Option<PathBuf>,
    /// The JSON Schema the answer must fit: a file, or JSON
    #[arg(long, value_name = "FILE|JSON")]
    pub json_schema: Option<String>,
}
