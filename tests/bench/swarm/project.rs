//! A project in a git repository, a model server beside it, and formic run as a whole process on them.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use protocol::{Event, PlanEvent, Seq, SessionId, WorkspaceEvent};
use scripted::{Background, Options, Script, Server};
use serde_json::Value;
use store::DataFolder;
use tempfile::TempDir;
use wait4::Wait4;

use crate::installed;

/// What one process, with all it started and waited for, used.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// Requests it made.
    pub calls: usize,
    /// From its start to its end, in milliseconds.
    pub wall_ms: f64,
    /// From the start of its first node to the end of its last, what that did being on the run's branch, in milliseconds;
    /// of the floor all of it.
    pub makespan_ms: f64,
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
        let mut command = Command::new(installed::formic());
        command
            .args(["swarm", "--yes", "--json", "--plan"])
            .arg(file);
        command
            .env("ANTHROPIC_BASE_URL", self.server.base_url())
            .env("ANTHROPIC_API_KEY", "bench")
            .env("FORMIC_HOME", self.place.path().join("data"))
            .env("FORMIC_CONFIG_HOME", self.place.path().join("config"))
            .env("FORMIC_MODEL", "scripted-1");
        let report = self.place.path().join("report.json");
        let used = self.count(command, File::create(&report).unwrap().into());
        git(&self.root(), &["reset", "--quiet", "--hard", &self.base]);
        let report: Value = serde_json::from_reader(File::open(report).unwrap()).unwrap();
        let run = report["run_id"].as_str().expect("an id");
        Used {
            makespan_ms: self.makespan_ms(run.parse().unwrap()),
            ..used
        }
    }

    fn makespan_ms(&self, run: SessionId) -> f64 {
        let data = DataFolder::at(self.place.path().join("data"));
        let records = store::read(&data, run, Seq(1)).unwrap().records;
        let mut records = records.iter();
        let is_start = |event: &Event| matches!(event, Event::Plan(PlanEvent::NodeStarted { .. }));
        // What writes ends with the move of the branch.
        let is_end = |event: &Event| {
            matches!(
                event,
                Event::Plan(PlanEvent::NodeEnded { .. })
                    | Event::Workspace(WorkspaceEvent::Advanced { .. })
            )
        };
        let began = records.find(|record| is_start(&record.event));
        let ended = records.rfind(|record| is_end(&record.event));
        let (began, ended) = (began.expect("a start").at, ended.expect("an end").at);
        (ended.0 - began.0) as f64
    }

    /// The floor of a run: `conversations` of the same prompts, some of them at once.
    pub fn floor(&self, prompts: usize, lanes: usize) -> Used {
        let mut command = installed::floor();
        command.args(["swarm-floor", &self.server.base_url()]);
        command.args([prompts.to_string(), lanes.to_string()]);
        self.count(command, Stdio::null())
    }

    fn count(&self, mut command: Command, stdout: Stdio) -> Used {
        let before = self.server.requests().len();
        command.current_dir(self.root());
        command.env("HOME", self.place.path());
        command.stdin(Stdio::null());
        command.stdout(stdout).stderr(Stdio::null());
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
            makespan_ms: wall_ms,
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
