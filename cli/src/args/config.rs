//! `formic config`: show and change settings.

use clap::{Args, Subcommand, ValueEnum};

use super::PlaceArgs;

/// `formic config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// The subcommands of `formic config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show a setting, or everything below a name
    Get(GetArgs),
    /// Change a setting in one of formic's files
    Set(SetArgs),
    /// Show every setting, where it comes from and what it shadows
    List(ListArgs),
    /// Show the settings files, lowest first
    Path(ListArgs),
}

/// `formic config get`.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// The setting, for example permissions.defaultMode
    #[arg(value_name = "KEY")]
    pub key: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `formic config list` and `path`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `formic config set`.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// The setting
    #[arg(value_name = "KEY")]
    pub key: String,
    /// The value: JSON, or plain text
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub value: String,
    /// Which file
    #[arg(long, value_enum, default_value_t)]
    pub layer: WritableLayer,
    /// Add the value to a list instead of replacing the list
    #[arg(long)]
    pub append: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// The layers with a file of formic's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum WritableLayer {
    /// settings.json in formic's config folder
    #[default]
    User,
    /// .formic/settings.json of the project
    Project,
    /// .formic/settings.local.json of the project
    Local,
}
