//! Failures of sessions and their disk, said with what to do next.

use actors::archive::StoreError;
use actors::{
    CommandError, ConnectError, GitError, LimitError, OpenError, Stopped, TargetError, Unfit,
};
use protocol::ModelRef;

use super::{Failure, Kind};

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (kind, hint) = match &error {
            StoreError::Missing { .. } => (
                Kind::Session,
                "`formic sessions list` shows the sessions there are, `formic swarm ls` the runs of swarms",
            ),
            StoreError::Exists { .. } => (
                Kind::Session,
                "choose another --session-id, or go on with it: --resume ID",
            ),
            StoreError::Locked { .. } => (
                Kind::Session,
                "wait until it ends, or branch off with --resume ID --fork-session",
            ),
            StoreError::Newer { .. } | StoreError::Foreign { .. } => {
                (Kind::Session, "update formic")
            }
            StoreError::IndexHeld { .. } => (Kind::Session, "wait until it ends"),
            StoreError::BeyondEnd { .. } => (Kind::Session, "fork at an earlier record"),
            StoreError::Disk { .. }
            | StoreError::Illegal { .. }
            | StoreError::Poisoned { .. }
            | StoreError::Board { .. }
            | StoreError::Index { .. } => (
                Kind::Fault,
                "check that the data folder is writable and the disk has room; `formic doctor` looks closer",
            ),
        };
        Self::new(kind, format_args!("could not {error}"), hint)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let said = format!("could not {error}");
        match error {
            OpenError::Store(error) => error.into(),
            OpenError::Rules(problems) => Self::settings(
                format_args!("permission rules: {problems}"),
                "write rules like \"Bash(git log:*)\" or \"Edit(src/**)\"",
            ),
            OpenError::Endpoint(error) => error.into(),
            OpenError::Schema(problem) => Self::usage(
                format_args!("--json-schema: {problem}"),
                "give a JSON Schema object",
            ),
            OpenError::UnknownTool(name) => Self::usage(
                format_args!("--tools: there is no tool {name:?}"),
                "name built-in tools, for example --tools \"Read,Grep,Bash\"",
            ),
            OpenError::Unbegun(_) => Self::new(
                Kind::Session,
                said,
                "begin a new session: formic -p \"PROMPT\"",
            ),
            OpenError::Git(error) => Self::usage(said, of_repository(&error)),
            OpenError::Target(TargetError::Missing(_)) => Self::usage(
                said,
                "`git branch` lists the branches; --target names one of them, and is left out for the one that is checked out",
            ),
            OpenError::Target(TargetError::Shared { .. }) => Self::usage(
                said,
                "leave out --target; or work in a git repository with --isolation worktree",
            ),
            OpenError::Plan(_) => Self::usage(said, "mend the plan; nothing was begun"),
            OpenError::Limit(LimitError::Spent(_)) => {
                Self::usage(said, "give a limit above that; nothing was changed")
            }
            OpenError::Limit(LimitError::Unpriced(ModelRef { provider, model })) => Self::usage(
                said,
                format_args!(
                    "set providers.{provider}.models.{model:?}.price in settings, or limit tokens in place of usd"
                ),
            ),
            OpenError::NoRun(_) => Self::new(
                Kind::Session,
                said,
                "`formic swarm ls` shows the runs there are",
            ),
            OpenError::Stopped(_) => Self::new(Kind::Fault, said, "`formic doctor` looks closer"),
        }
    }
}

/// What to do about a repository that no run can work in.
const fn of_repository(error: &GitError) -> &'static str {
    match error {
        GitError::Missing | GitError::TooOld { .. } => {
            "install git 2.40 or later, or begin a run without git: --isolation shared"
        }
        GitError::Unfit { why, .. } => match why {
            Unfit::NotARepository => {
                "go to a folder of a git repository (--cwd DIR); a run can begin without one: --isolation shared"
            }
            Unfit::Bare => {
                "clone it, and work in the clone: git clone REPOSITORY DIR, then --cwd DIR"
            }
            Unfit::NoCommits => {
                "make the first commit: git add --all && git commit; or begin a run without git: --isolation shared"
            }
            Unfit::UnderWay(_) => {
                "bring it to its end or give it up, `git status` says how; or begin a run without git: --isolation shared"
            }
        },
        GitError::DiskFull { .. } => "make room there first",
        GitError::Failed { .. }
        | GitError::Odd { .. }
        | GitError::Io { .. }
        | GitError::Late { .. }
        | GitError::Unrecordable { .. }
        | GitError::Huge { .. }
        | GitError::Names { .. }
        | GitError::Pool { .. } => {
            "mend the repository first: `git status` and `git fsck` look closer; or begin a run without git: --isolation shared"
        }
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        Self::usage(
            format_args!("model server: {error}"),
            "check --base-url and the provider's settings",
        )
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        Self::new(
            Kind::Fault,
            format_args!("could not {error}"),
            "what was done so far is kept: go on with --continue, with a swarm by `formic swarm resume`",
        )
    }
}

impl From<Stopped> for Failure {
    fn from(error: Stopped) -> Self {
        Self::new(
            Kind::Fault,
            format_args!("could not {error}"),
            "what was done so far is kept: mend the cause and go on with --continue, with a swarm by `formic swarm resume`",
        )
    }
}
