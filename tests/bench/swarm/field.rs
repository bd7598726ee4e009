//! Where the runs of a bench take place: a small repository, a data folder, a scripted model.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use protocol::SessionId;
use scripted::{Background, Options, Script, Server};
use serde_json::{Value, json};
use store::DataFolder;
use tempfile::TempDir;

use crate::installed;
use crate::run::high_water;

/// A repository with one commit, a data folder, and a scripted model.
pub struct Field {
    pub server: Background,
    project: TempDir,
    home: TempDir,
}

/// What one process took.
#[derive(Debug)]
pub struct Took {
    /// From its start to its end, in milliseconds.
    pub wall_ms: f64,
    /// Peak resident memory in KiB.
    pub peak_kib: f64,
    /// What it said on stdout.
    pub said: Vec<u8>,
}

impl Field {
    /// A field whose model forgets what it was told.
    pub fn new(script: Script) -> Self {
        Self::with(script, false)
    }

    /// A field whose model keeps every request.
    pub fn keeping(script: Script) -> Self {
        Self::with(script, true)
    }

    fn with(script: Script, keep_bodies: bool) -> Self {
        let options = Options {
            keep_bodies,
            ..Options::default()
        };
        let server = Server::bind(script, options).unwrap().into_background();
        let field = Self {
            server: server.unwrap(),
            project: TempDir::new().unwrap(),
            home: TempDir::new().unwrap(),
        };
        std::fs::write(field.project.path().join("a.txt"), "one line\n".repeat(20)).unwrap();
        for words in [
            "init --quiet --initial-branch=main",
            "add --all",
            "commit --quiet --message before",
        ] {
            field.git(words);
        }
        field
    }

    fn git(&self, words: &str) {
        let who = [
            "-c",
            "user.name=someone",
            "-c",
            "user.email=someone@localhost",
        ];
        let mut git = Command::new("git");
        git.args(who)
            .args(words.split(' '))
            .current_dir(self.project());
        assert!(git.status().unwrap().success(), "git {words}");
    }

    /// Where the work is done.
    pub fn project(&self) -> &Path {
        self.project.path()
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.home.path()
    }

    /// formic with nothing of this machine's settings.
    pub fn formic(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(installed::formic());
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("ANTHROPIC_BASE_URL", self.server.base_url())
            .env("ANTHROPIC_API_KEY", "bench")
            .env("FORMIC_MODEL", "scripted-1")
            .env("FORMIC_HOME", self.data())
            .env("FORMIC_CONFIG_HOME", self.data())
            .env("HOME", self.data());
        command
    }

    /// `formic swarm --plan PLAN --yes --json` with as many agents at once as the plan has nodes.
    pub fn swarm(&self, plan: &Value) -> Command {
        let most = plan["nodes"].as_array().map_or(1, Vec::len).to_string();
        let mut command = self.planned(plan);
        command.args(["--max-parallel", &most]);
        command
    }

    /// `formic swarm --plan PLAN --yes --json`.
    pub fn planned(&self, plan: &Value) -> Command {
        let mut command = self.looked_at(plan);
        command.arg("--yes");
        command
    }

    /// `formic swarm --plan PLAN --json`.
    pub fn looked_at(&self, plan: &Value) -> Command {
        let file = self.data().join("plan.json");
        std::fs::write(&file, plan.to_string()).unwrap();
        self.formic(&["swarm", "--plan", file.to_str().unwrap(), "--json"])
    }

    /// The one session that left a journal.
    pub fn session(&self) -> SessionId {
        let folder = DataFolder::at(self.data()).sessions();
        let mut names = folder
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        names.find_map(|name| name.to_str()?.parse().ok()).unwrap()
    }

    /// The floor, with so many conversations at once.
    pub fn floor(&self, many: usize) -> Command {
        let mut command = installed::floor();
        command.args(["floor", &self.server.base_url(), "go on", &many.to_string()]);
        command
    }

    /// Starts a process in the project.
    pub fn start(&self, mut command: Command) -> Child {
        command.current_dir(self.project()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        command
            .spawn()
            .expect("formic is built: cargo build --release -p cli")
    }

    /// Runs a process in the project to its end, which must be a good one.
    pub fn run(&self, command: Command) -> Took {
        let what = format!("{command:?}");
        let began = Instant::now();
        let child = self.start(command);
        let pid = child.id();
        let watched = std::thread::spawn(move || highest_kib(pid));
        let ended = child.wait_with_output().unwrap();
        let wall_ms = began.elapsed().as_secs_f64() * 1e3;
        assert!(ended.status.success(), "{what} ended with {}", ended.status);
        Took {
            wall_ms,
            peak_kib: watched.join().unwrap(),
            said: ended.stdout,
        }
    }
}

/// The peak memory of a process in KiB, looked at now and then until it is gone.
fn highest_kib(pid: u32) -> f64 {
    let mut peak = 0.0;
    while let Some(kib) = peak_kib(pid) {
        peak = kib;
        std::thread::sleep(Duration::from_millis(5));
    }
    peak
}

/// The peak memory of a process until now in KiB.
pub fn peak_kib(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    high_water(&status)
}

/// A plan of so many nodes that only read.
pub fn readers(many: usize) -> Value {
    let node = |n: usize| {
        json!({"id": format!("n{n}"), "kind": "Explore", "title": format!("look {n}"),
            "brief": "Read the file and say what it holds.", "reads": ["a.txt"]})
    };
    let nodes: Vec<Value> = (0..many).map(node).collect();
    json!({"version": 1, "goal": "look at everything", "nodes": nodes, "caps": {"max_nodes": many}})
}
