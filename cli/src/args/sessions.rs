//! Flags that choose a session, and the commands that work on recorded ones.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use protocol::SessionId;

/// Which session a run goes on with.
#[derive(Debug, Args)]
#[command(next_help_heading = "Session")]
pub struct SessionArgs {
    /// Go on with the newest session of this folder
    #[arg(short = 'c', long = "continue", conflicts_with_all = ["resume", "session_id"])]
    pub go_on: bool,
    /// Go on with a session; without ID the newest of this folder
    #[arg(short = 'r', long, value_name = "ID", num_args = 0..=1, value_parser = session_name)]
    pub resume: Option<Option<SessionName>>,
    /// Go on in a copy and leave the session as it is
    #[arg(long)]
    pub fork_session: bool,
    /// Give the new session this UUID
    #[arg(long, value_name = "UUID", value_parser = session, conflicts_with = "resume")]
    pub session_id: Option<SessionId>,
    /// Keep nothing on disk after the run
    #[arg(long, conflicts_with_all = ["go_on", "resume"])]
    pub no_session_persistence: bool,
}

/// `formic sessions`.
#[derive(Debug, Args)]
pub struct SessionsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SessionsCommand,
}

/// The subcommands of `formic sessions`.
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// List sessions, newest first
    List(ListArgs),
    /// Show a session's conversation
    Show(SomeSession),
    /// Print a session's records, one a line
    Export(ExportArgs),
    /// Copy a session under a new id
    Fork(OneSession),
    /// Delete sessions for good
    Delete(DeleteArgs),
    /// Check journals for damage
    Fsck(FsckArgs),
}

/// `formic sessions list` and `formic swarm ls`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Only those of this folder
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// The newest N only
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// One session, and how to print.
#[derive(Debug, Args)]
pub struct OneSession {
    /// The session
    #[arg(value_name = "SESSION", value_parser = session_name)]
    pub session: SessionName,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// One session, the newest of this folder if none is named.
#[derive(Debug, Args)]
pub struct SomeSession {
    /// The session; without it the newest of this folder
    #[arg(value_name = "SESSION", value_parser = session_name)]
    pub session: Option<SessionName>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `formic sessions export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The session
    #[arg(value_name = "SESSION", value_parser = session_name)]
    pub session: SessionName,
    /// Write here instead of to stdout
    #[arg(long, short = 'o', value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print errors as JSON; records are JSON anyway
    #[arg(long)]
    pub json: bool,
}

/// `formic sessions delete`.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// The sessions
    #[arg(value_name = "SESSION", value_parser = session_name, required = true)]
    pub sessions: Vec<SessionName>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `formic sessions fsck`.
#[derive(Debug, Args)]
pub struct FsckArgs {
    /// Only this session
    #[arg(value_name = "SESSION", value_parser = session_name)]
    pub session: Option<SessionName>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `formic cost`.
#[derive(Debug, Args)]
pub struct CostArgs {
    /// Only this session
    #[arg(value_name = "SESSION", value_parser = session_name)]
    pub session: Option<SessionName>,
    /// Only what was used since then: 2d, 6h, 2026-01-31
    #[arg(long, value_name = "WHEN", conflicts_with = "session")]
    pub since: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A session as people name it: its whole id, or one end of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionName {
    /// The id.
    Whole(SessionId),
    /// The last or the first hexadecimal digits of one, at least [`SessionName::LEAST`].
    End(String),
}

impl SessionName {
    /// The fewest digits that name a session.
    pub const LEAST: usize = 4;
}

/// Reads a whole id.
///
/// # Errors
/// What to write instead.
pub fn session(text: &str) -> Result<SessionId, String> {
    text.parse().map_err(|_| WANTED.to_owned())
}

/// Reads an id or one end of it.
///
/// # Errors
/// What to write instead.
pub fn session_name(text: &str) -> Result<SessionName, String> {
    if let Ok(id) = text.parse() {
        return Ok(SessionName::Whole(id));
    }
    let digits = text.strip_prefix("ses_").unwrap_or(text).replace('-', "");
    let is_end = (SessionName::LEAST..32).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match is_end {
        true => Ok(SessionName::End(digits.to_ascii_lowercase())),
        false => Err(WANTED.to_owned()),
    }
}

const WANTED: &str = "write a session's id (`formic sessions list` shows them), its last or first digits, or a UUID; a prompt goes before the flag";
