//! A project in a git repository, a model server beside it, and formic run as a whole process on them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use scripted::{Background, Options, Script, Server};
use serde_json::Value;
use tempfile::TempDir;
use wait4::Wait4;

use crate::run::binary;

/// What one process, with all it started and waited for, used.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// Requests it made.
    pub calls: usize,
    /// From its start to its end, in milliseconds.
    pub wall_ms: f64,
    /// User and system time, in milliseconds.
    pub cpu_ms: f64,
}

/// A committed project with a scripted model beside it.
pub struct Project {
    pub server: Background,
    place: TempDir,
    base: String,
}

impl Project {
    /// `files` small files, ten a folder, called as [`file`] says; all of them in one commit.
    pub fn new(files: usize, script: Script) -> Self {
        let options = Options {
            keep_bodies: false,
            ..Options::default()
        };
        let server = Server::bind(script, options).unwrap();
        let place = TempDir::new().unwrap();
        let root = place.path().join("project");
        lay_out(&root, files);
        let base = git(&root, &["rev-parse", "HEAD"]);
        Self {
            server: server.into_background().unwrap(),
            place,
            base,
        }
    }

    /// The top of its working tree.
    pub fn root(&self) -> std::path::PathBuf {
        self.place.path().join("project")
    }

    /// `formic swarm` of this plan from where the project began, which must end well; then the project is put back.
    pub fn swarm(&self, plan: &Value) -> Used {
        let file = self.place.path().join("plan.json");
        std::fs::write(&file, plan.to_string()).unwrap();
        let mut command = Command::new(binary());
        command
            .args(["swarm", "--yes", "--json", "--plan"])
            .arg(file);
        command
            .env("ANTHROPIC_BASE_URL", self.server.base_url())
            .env("ANTHROPIC_API_KEY", "bench")
            .env("FORMIC_HOME", self.place.path().join("data"))
            .env("FORMIC_CONFIG_HOME", self.place.path().join("config"))
            .env("FORMIC_MODEL", "scripted-1");
        let used = self.count(command);
        git(&self.root(), &["reset", "--quiet", "--hard", &self.base]);
        used
    }

    /// The floor of a run: `conversations` of the same prompts, some of them at once.
    pub fn floor(&self, prompts: usize, lanes: usize) -> Used {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["swarm-floor", &self.server.base_url()]);
        command.args([prompts.to_string(), lanes.to_string()]);
        self.count(command)
    }

    fn count(&self, mut command: Command) -> Used {
        let before = self.server.requests().len();
        command.current_dir(self.root());
        command.env("HOME", self.place.path());
        command.stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let child = command.spawn();
        let child = child.expect("formic is built: cargo build --release -p cli");
        let ended = child.wait4().unwrap();
        let wall_ms = began.elapsed().as_secs_f64() * 1e3;
        assert!(
            ended.status.success(),
            "{command:?} ended with {}",
            ended.status
        );
        let cpu = ended.rusage.utime + ended.rusage.stime;
        Used {
            calls: self.server.requests().len() - before,
            wall_ms,
            cpu_ms: cpu.as_secs_f64() * 1e3,
        }
    }
}

/// The path of a file of the project.
pub fn file(number: usize) -> String {
    format!("src/part{}/file{number}.txt", number / 10)
}

fn lay_out(root: &Path, files: usize) {
    for number in 0..files {
        let path = root.join(file(number));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let lines: String = (0..20)
            .map(|line| format!("line {line} of file {number}, begun\n"))
            .collect();
        std::fs::write(path, lines).unwrap();
    }
    git(root, &["init", "--quiet", "--initial-branch=main"]);
    git(root, &["add", "--all"]);
    git(root, &["commit", "--quiet", "--message", "before"]);
}

/// What git says in a folder; it must succeed.
pub fn git(root: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=bench", "-c", "user.email=bench@localhost"]);
    let output = command.args(args).current_dir(root).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {}: {said}", args.join(" "));
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim_end().to_owned()
}
