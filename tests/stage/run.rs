//! One run of the program: how it is started, spoken to, stopped, and what is left of it.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A run that takes longer hangs: it is killed so that its proof fails instead of waiting for ever.
const HANGS: Duration = Duration::from_secs(900);

/// A run to be started.
pub struct Formic {
    command: Command,
    stdin: Vec<u8>,
}

/// A run under way.
pub struct Running {
    child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
    /// Dropped when the run has ended, which calls the watch off.
    watch: Sender<()>,
}

/// What is left of a run.
#[derive(Debug)]
pub struct Ended {
    status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Formic {
    pub(super) fn new(binary: &Path, cwd: &Path) -> Self {
        let mut command = Command::new(binary);
        command.current_dir(cwd).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        Self {
            command,
            stdin: Vec::new(),
        }
    }

    /// One more word on the command line.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// More words on the command line.
    pub fn args<'a>(self, args: impl IntoIterator<Item = &'a str>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// One more variable in the environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What it reads from stdin.
    pub fn stdin(mut self, text: impl AsRef<[u8]>) -> Self {
        self.stdin.extend_from_slice(text.as_ref());
        self
    }

    /// The same run started by another program, which is given these words and then the run's own.
    pub fn within(mut self, words: &[&str]) -> Self {
        let (program, args) = words.split_first().expect("a program");
        let mut command = Command::new(program);
        command.args(args);
        command
            .arg(self.command.get_program())
            .args(self.command.get_args());
        command.env_clear();
        let environment = self.command.get_envs();
        command.envs(environment.filter_map(|(name, value)| Some((name, value?))));
        if let Some(cwd) = self.command.get_current_dir() {
            command.current_dir(cwd);
        }
        self.command = command;
        self
    }

    /// Runs it to its end.
    pub fn run(self) -> Ended {
        self.start().end()
    }

    /// Runs it to its end and insists that it went well.
    pub fn succeed(self) -> Ended {
        let ended = self.run();
        assert_eq!(ended.code(), Some(0), "{ended}");
        ended
    }

    /// Starts it. What it writes is read beside the caller, so that it is never held up.
    pub fn start(mut self) -> Running {
        let piped = || Stdio::piped();
        self.command.stdin(piped()).stdout(piped()).stderr(piped());
        let mut child = self.command.spawn().expect("formic starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A run that ends before it has read everything is a fact, not a failure of the stage.
        let _ = stdin.write_all(&self.stdin);
        drop(stdin);
        let stdout = drain(child.stdout.take().expect("a pipe"));
        let stderr = drain(child.stderr.take().expect("a pipe"));
        let (watch, called_off) = channel::<()>();
        let pid = pid_of(&child);
        thread::spawn(move || {
            if called_off.recv_timeout(HANGS) == Err(RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        Running {
            child,
            stdout,
            stderr,
            watch,
        }
    }
}

impl Running {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(pid_of(&self.child), signal).expect("the run is there to be signalled");
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let status = self.child.wait().expect("a child can be waited for");
        drop(self.watch);
        let text = |reader: JoinHandle<Vec<u8>>| {
            String::from_utf8_lossy(&reader.join().expect("a reader ends")).into_owned()
        };
        Ended {
            status,
            stdout: text(self.stdout),
            stderr: text(self.stderr),
        }
    }
}

impl Ended {
    /// The exit code; `None` if a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Whether it ended as a crash ends a process, not by an exit of its own.
    pub fn was_killed(&self) -> bool {
        self.status.signal().is_some()
    }

    /// The answer: all of stdout but the newline at its end.
    pub fn answer(&self) -> &str {
        self.stdout.trim_end_matches('\n')
    }

    /// The object it wrote.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }

    /// The objects it wrote, one a line.
    pub fn lines(&self) -> Vec<Value> {
        let line =
            |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}\n{self}"));
        self.stdout.lines().map(line).collect()
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            status,
            stdout,
            stderr,
        } = self;
        write!(f, "{status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

fn pid_of(child: &Child) -> Pid {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    pid.expect("a process has an id")
}

fn drain(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        let _ = pipe.read_to_end(&mut all);
        all
    })
}
