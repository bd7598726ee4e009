//! A command that no model asked for: a check or a codemod, run to its end with its time and its output bounded.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use protocol::CallId;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::builtin::bash::code;
use crate::process::follow::{End, Limits, follow};
use crate::process::launch::Launch;
use crate::process::live::Joined;
use crate::process::output::Output;
use crate::walls::Bounds;

/// Bytes of its output that are told: the first and the last half of them.
const LOG_BYTES: usize = 12_000;

/// A shell command and all it needs. It runs as a process group of its own; when it ends, for whatever reason, all it
/// started is ended with it.
pub struct Program<'a> {
    /// The command, for `bash -c`, or `sh -c` where there is none.
    pub command: &'a str,
    /// The folder it starts in.
    pub cwd: &'a Path,
    /// What it sees and may write.
    pub bounds: Bounds<'a>,
    /// Names and values of secrets: its output is told with the names in place of the values.
    pub secrets: &'a [(String, String)],
    /// Marks its processes, so that they can be found and ended after a crash.
    pub mark: CallId,
    /// The folder for its whole output when that is long. Its parent also gets `running/`.
    pub spill: &'a Path,
    /// How long it may take.
    pub time: Duration,
    /// Ends it.
    pub stop: CancellationToken,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code; `None` if it was ended by its time or from outside.
    pub exit: Option<i32>,
    /// Whether its time was over.
    pub is_late: bool,
    /// The beginning and the end of what it said.
    pub log: String,
}

impl Program<'_> {
    /// Runs it to its end.
    ///
    /// # Errors
    /// It could not be started.
    pub async fn run(self) -> io::Result<Ran> {
        let launch = Launch {
            command: self.command,
            cwd: self.cwd,
            bounds: self.bounds,
            call: self.mark,
            traces: self.spill.parent().unwrap_or(self.spill).join("running"),
            end_folder: None,
        };
        let started = launch.start()?;
        let spill = self.spill.join(format!("{}.txt", self.mark));
        let output = Output::sized(spill, LOG_BYTES).without(self.secrets);
        let output = Mutex::new(output);
        let mut live = Joined::new(Arc::new(|_| ()));
        let limits = Limits {
            time: Some(self.time),
            stop: self.stop,
        };
        let followed = follow(started, &output, &mut live, limits).await;
        let exit = match followed.end {
            End::Exited(status) => Some(code(status)),
            End::TimedOut | End::Stopped | End::Lost => None,
        };
        let output = output.into_inner();
        let mut log = output.text();
        if let Some(remark) = output.remark() {
            log.push_str(&remark);
        }
        Ok(Ran {
            exit,
            is_late: followed.end == End::TimedOut,
            log,
        })
    }
}
