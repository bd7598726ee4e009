//! Flags about what a run may do, and the command that tries a call against the rules.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::PlaceArgs;

/// How much runs unasked, under Claude Code's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeName {
    /// Reads run, changes and unknown commands would ask
    #[value(name = "default")]
    Default,
    /// File changes inside the project run too
    #[value(name = "acceptEdits")]
    AcceptEdits,
    /// Nothing is changed
    #[value(name = "plan")]
    Plan,
    /// What no rule allows is denied
    #[value(name = "dontAsk")]
    DontAsk,
    /// Everything runs that no rule denies
    #[value(name = "bypassPermissions")]
    BypassPermissions,
}

impl ModeName {
    /// The name as settings write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::AcceptEdits => "acceptEdits",
            Self::Plan => "plan",
            Self::DontAsk => "dontAsk",
            Self::BypassPermissions => "bypassPermissions",
        }
    }
}

/// What a run may do.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Permission")]
pub struct PermissionArgs {
    /// How much runs unasked
    #[arg(long, value_enum, value_name = "MODE")]
    pub permission_mode: Option<ModeName>,
    /// The same as --permission-mode bypassPermissions
    #[arg(long, conflicts_with = "permission_mode")]
    pub dangerously_skip_permissions: bool,
    /// Rules that allow, for example "Bash(git log:*),Read"
    #[arg(long = "allowedTools", alias = "allowed-tools", value_name = "RULES")]
    pub allowed_tools: Vec<String>,
    /// Rules that deny
    #[arg(
        long = "disallowedTools",
        alias = "disallowed-tools",
        value_name = "RULES"
    )]
    pub disallowed_tools: Vec<String>,
    /// The tools offered to the model, for example "Read,Grep"; "" for none
    #[arg(long, value_name = "LIST")]
    pub tools: Option<String>,
    /// A further folder that may be read and written
    #[arg(long, value_name = "DIR")]
    pub add_dir: Vec<PathBuf>,
}

/// `formic permissions`.
#[derive(Debug, Args)]
pub struct PermissionsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: PermissionsCommand,
}

/// The subcommands of `formic permissions`.
#[derive(Debug, Subcommand)]
pub enum PermissionsCommand {
    /// Say allow, ask or deny; exit 0 only for allow
    Test(ClaimArgs),
    /// Say which rule decides, and where it stands
    Explain(ClaimArgs),
}

/// A call to try.
#[derive(Debug, Args)]
pub struct ClaimArgs {
    /// The call: "Bash(git push)", "Edit(src/lib.rs)", or a tool's name with INPUT
    #[arg(value_name = "CALL")]
    pub call: String,
    /// The call's arguments as JSON, for example '{"command": "git push"}'
    #[arg(value_name = "INPUT")]
    pub input: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The mode, rules and folders to try it under.
    #[command(flatten)]
    pub permission: PermissionArgs,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}
