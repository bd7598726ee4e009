//! Starting git so that nothing of the user's setup but what changes file contents can have a say.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::pin::pin;
use std::process::{Output, Stdio};
use std::time::Duration;

use futures_util::future::BoxFuture;
use protocol::GitId;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::error::{GitError, redacted, shortened};
use super::group::Group;

/// Settings of ours, stronger than every file: no hooks, no signing, no daemons, no tidying up, no pager.
const SETTINGS: [&str; 17] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.pager=cat",
    "core.editor=false",
    "core.askPass=",
    "credential.helper=",
    "gc.auto=0",
    "maintenance.auto=false",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "submodule.recurse=false",
    "add.ignoreErrors=false",
    // An id is never looked for among the names first.
    "core.warnAmbiguousRefs=false",
    "color.ui=false",
    "merge.conflictStyle=diff3",
    "merge.directoryRenames=conflict",
    "i18n.commitEncoding=UTF-8",
];

/// What git would read from the environment of whoever started us.
const SCRUBBED: [&str; 40] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INDEX_VERSION",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_QUARANTINE_PATH",
    "GIT_ATTR_SOURCE",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_DATE",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_TRACE",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
    "GIT_TRACE2_PERF",
    "GIT_TRACE_SETUP",
    "GIT_TRACE_PERFORMANCE",
    "GIT_TEMPLATE_DIR",
    "GIT_REFLOG_ACTION",
];

/// Set for every command: nothing waits for a person, speaks another language, or takes locks it can do without.
const QUIET: [(&str, &str); 11] = [
    ("LC_ALL", "C"),
    ("LANGUAGE", "C"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_ASKPASS", "false"),
    ("SSH_ASKPASS", "false"),
    ("GIT_EDITOR", "false"),
    ("GIT_PAGER", "cat"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_ADVICE", "0"),
];

/// How long a command may take where nothing else is said. Filling a large tree through a slow filter takes minutes;
/// what takes longer than this waits for something that never comes, such as a FIFO or a filter that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

/// How long a command that is asked to end may take to take its locks away.
const GRACE: Duration = Duration::from_secs(2);

/// How much of a command's arguments an error repeats, in bytes.
const NAMED_BYTES: usize = 160;

/// One git command about to run.
pub(crate) struct Git {
    command: Command,
    named: String,
    input: Vec<u8>,
    patience: Duration,
    outlives: bool,
}

impl Git {
    /// git in this folder, asked to end if nobody waits for it any longer.
    pub(crate) fn at(cwd: &Path) -> Self {
        let mut command = Command::new("git");
        for name in SCRUBBED {
            command.env_remove(name);
        }
        command
            .envs(QUIET)
            .current_dir(cwd)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        Self {
            command,
            named: String::new(),
            input: Vec::new(),
            patience: PATIENCE,
            outlives: false,
        }
    }

    /// An argument before the name of the command, which errors do not repeat.
    pub(crate) fn option(mut self, option: &str) -> Self {
        self.command.arg(option);
        self
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        let arg = arg.as_ref();
        if self.named.len() < NAMED_BYTES {
            let space = if self.named.is_empty() { "" } else { " " };
            self.named.push_str(space);
            self.named.push_str(shortened(&arg.to_string_lossy()));
        }
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<I: IntoIterator<Item: AsRef<OsStr>>>(self, args: I) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What it reads.
    pub(crate) fn input(mut self, bytes: Vec<u8>) -> Self {
        self.command.stdin(Stdio::piped());
        self.input = bytes;
        self
    }

    /// Holds this file open for as long as the command lives, even if this process does not.
    pub(crate) fn holding(mut self, file: File) -> Self {
        self.command.stdin(Stdio::from(file));
        self
    }

    /// Lets it end by itself even when nobody waits: what moves a ref is not stopped half-way.
    pub(crate) fn unhurried(mut self) -> Self {
        self.outlives = true;
        self
    }

    /// How long it may take.
    pub(crate) const fn within(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Runs it; gives what it said together with its status, whatever that is. One that takes too long is ended, and
    /// all it started with it: politely first, because git then takes its locks away.
    pub(crate) fn output(self) -> BoxFuture<'static, Result<(Output, String), GitError>> {
        // Boxed, as it is part of very many futures.
        Box::pin(self.ran())
    }

    async fn ran(mut self) -> Result<(Output, String), GitError> {
        let named = redacted(&self.named);
        let mut child = self
            .command
            .spawn()
            .map_err(|error| self.unstarted(error))?;
        let mut group = Group::of(&child, self.outlives);
        let stdin = child.stdin.take();
        let feed = async {
            if let Some(mut stdin) = stdin {
                // git may have seen enough before it has read all; what it made of that is in its status.
                stdin.write_all(&self.input).await.ok();
            }
        };
        let mut run = pin!(async { tokio::join!(child.wait_with_output(), feed).0 });
        let Ok(output) = timeout(self.patience, &mut run).await else {
            group.ask_to_end();
            if timeout(GRACE, &mut run).await.is_err() {
                group.kill();
            }
            return Err(GitError::Late {
                command: named,
                after: self.patience,
            });
        };
        group.is_over();
        let output = output.map_err(|error| GitError::io(Path::new("git"), error))?;
        Ok((output, named))
    }

    /// Starts it and leaves it open to be talked to: the command, its name, and how long an answer may take.
    pub(crate) fn keep_open(mut self) -> Result<(Child, String, Duration), GitError> {
        self.command.stdin(Stdio::piped());
        let child = self.command.spawn();
        let child = child.map_err(|error| self.unstarted(error))?;
        Ok((child, redacted(&self.named), self.patience))
    }

    /// Runs it; a status other than 0 is an error.
    pub(crate) async fn bytes(self) -> Result<Vec<u8>, GitError> {
        let (output, named) = self.output().await?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(GitError::failed(&named, &output.stderr)),
        }
    }

    /// Runs it; gives its one line of text.
    pub(crate) async fn line(self) -> Result<String, GitError> {
        let named = redacted(&self.named);
        let bytes = self.bytes().await?;
        let text = String::from_utf8(bytes).map_err(|_| GitError::Odd { command: named })?;
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }

    /// Runs it; gives the id it answered.
    pub(crate) async fn id(self) -> Result<GitId, GitError> {
        let named = redacted(&self.named);
        let line = self.line().await?;
        line.parse().map_err(|_| GitError::Odd { command: named })
    }

    /// A missing program and a missing folder look the same to whoever starts a program.
    fn unstarted(&self, error: io::Error) -> GitError {
        let cwd = self.command.as_std().get_current_dir();
        match cwd {
            Some(cwd) if !cwd.is_dir() => GitError::io(cwd, error),
            _ if error.kind() == io::ErrorKind::NotFound => GitError::Missing,
            _ => GitError::io(Path::new("git"), error),
        }
    }
}

/// The parts of an answer that are ended by NUL bytes.
pub(crate) fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    let some = !bytes.is_empty();
    whole.split(|byte| *byte == 0).filter(move |_| some)
}
