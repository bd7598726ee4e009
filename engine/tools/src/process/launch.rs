//! Starting a command: a shell in a process group of its own, with one pipe for everything it says.

use std::fs;
use std::io::{self, pipe};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use protocol::CallId;
use rustix::process::Signal;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};

use crate::process::family::{Family, MARK};
use crate::process::running::Trace;
use crate::process::wall;
use crate::walls::Bounds;

/// Set for every command: nothing may wait for a person or turn pages.
const QUIET: [(&str, &str); 4] = [
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_PAGER", "cat"),
    ("PAGER", "cat"),
    ("TERM", "dumb"),
];

/// Behind walls: where temporary files go.
const TEMP: [&str; 3] = ["TMPDIR", "TMP", "TEMP"];

/// Behind walls: what would have tools write outside them, or work on another repository.
const ELSEWHERE: [&str; 8] = [
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

/// What is to be started.
pub(crate) struct Launch<'a> {
    pub(crate) command: &'a str,
    pub(crate) cwd: &'a Path,
    /// What it sees and may write.
    pub(crate) bounds: Bounds<'a>,
    pub(crate) call: CallId,
    /// The folder for traces of running commands.
    pub(crate) traces: PathBuf,
    /// Where the shell writes the folder it ends in.
    pub(crate) end_folder: Option<&'a Path>,
}

/// A started command. Dropping it kills whatever still runs of it.
pub(crate) struct Started {
    pub(crate) child: Child,
    pub(crate) receiver: Receiver,
    pub(crate) family: Family,
    over: bool,
    _trace: Trace,
}

impl Launch<'_> {
    /// Starts it with `bash`, or `sh` where there is none.
    pub(crate) fn start(self) -> io::Result<Started> {
        let mut trace = Trace::begin(&self.traces, self.call)?;
        let (reader, writer) = pipe()?;
        let spawned = match self.spawn(self.shell("bash", &writer)?) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.spawn(self.shell("sh", &writer)?)
            }
            other => other,
        };
        drop(writer);
        let child = spawned?;
        let started = Started {
            receiver: Receiver::from_owned_fd(OwnedFd::from(reader))?,
            family: Family::new(child.id(), self.call),
            over: false,
            _trace: {
                if let Some(pid) = child.id() {
                    trace.runs(pid)?;
                }
                trace
            },
            child,
        };
        Ok(started)
    }

    fn shell(&self, shell: &str, writer: &io::PipeWriter) -> io::Result<Command> {
        let mut command = Command::new(shell);
        command
            .arg("-c")
            .arg(self.script())
            .current_dir(self.cwd)
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer.try_clone()?)
            .process_group(0)
            .kill_on_drop(true);
        let Bounds {
            scrubbed,
            added,
            walls,
        } = self.bounds;
        command.envs(added.iter().map(|(name, value)| (name, value)));
        if let Some(walls) = walls {
            for name in ELSEWHERE {
                command.env_remove(name);
            }
            command.envs(TEMP.map(|name| (name, walls.temp())));
        }
        for name in scrubbed {
            command.env_remove(name);
        }
        command.envs(QUIET).env(MARK, self.call.to_string());
        Ok(command)
    }

    fn spawn(&self, mut command: Command) -> io::Result<Child> {
        let Some(walls) = self.bounds.walls else {
            return command.spawn();
        };
        fs::create_dir_all(walls.temp())?;
        // Walls open what is there: the shell may write this one file among formic's own.
        let told = self.end_folder.as_slice();
        for file in told {
            fs::write(file, "")?;
        }
        wall::start(&mut command, walls, told)
    }

    /// The command, after a line that has the shell tell where it ends.
    fn script(&self) -> String {
        match self.end_folder.and_then(Path::to_str) {
            Some(file) => {
                let quoted = file.replace('\'', r"'\''");
                let told = format!("pwd -P >| '{quoted}' 2>/dev/null").replace('\'', r"'\''");
                format!("trap '{told}' EXIT\n{}", self.command)
            }
            None => self.command.to_owned(),
        }
    }
}

impl Started {
    /// Ends whatever still runs of it; gives how many processes that were.
    pub(crate) async fn end(&mut self) -> usize {
        let count = self.family.end().await;
        self.over = true;
        count
    }
}

impl Started {
    /// Ends all of it at once.
    pub(crate) async fn stop(&mut self) {
        self.family.end_now().await;
        self.over = true;
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if !self.over {
            self.family.signal(Signal::KILL);
        }
    }
}
