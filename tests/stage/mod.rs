//! The stage a proof plays on: a project in a git repository, folders of its own for everything formic keeps, a scripted
//! model behind real loopback HTTP, and the real program between them.

mod asked;
mod binary;
mod fifo;
#[cfg(target_os = "linux")]
mod living;
mod run;
mod soon;
mod swarm;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use protocol::{Record, Seq, SessionId};
use scripted::{Background, Rule, Script, Server};
use serde_json::Value;
use tempfile::TempDir;

pub use asked::{Asked, Told};
pub use fifo::Fifo;
#[cfg(target_os = "linux")]
pub use living::{living, unlike_any_other};
pub use run::{Ended, Formic, Running};
pub use scripted::{Chunk, Fault, Reply, Step, Usage, Wire};
pub use soon::soon;
pub use swarm::{Report, agent, integrated, node, plan, returned, script, writer};

/// The key every run has in its environment; like no other text.
pub const KEY: &str = "sk-dummy-5b1e0c7a9d4f";

/// Both wires, for promises that hold on each.
pub const WIRES: [Wire; 2] = [Wire::Anthropic, Wire::OpenAi];

/// A project, formic's own folders, and a scripted model.
pub struct Stage {
    /// Gone with the stage.
    #[expect(dead_code, reason = "held, not read")]
    folder: TempDir,
    place: PathBuf,
    server: Background,
    wire: Wire,
}

impl Stage {
    /// A stage on the Anthropic wire, with an empty project.
    pub fn new(script: Script) -> Self {
        Self::knowing(|_| script)
    }

    /// A stage whose script is written knowing where the project lies.
    pub fn knowing(script: impl FnOnce(&Path) -> Script) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder
            .path()
            .canonicalize()
            .expect("a folder that was just made");
        let server = Server::in_background(script(&place.join("project")));
        let server = server.expect("the model server starts");
        let stage = Self {
            folder,
            place,
            server,
            wire: Wire::Anthropic,
        };
        for own in [stage.project(), stage.home(), stage.config(), stage.data()] {
            fs::create_dir_all(own).expect("a folder of the stage");
        }
        let git = Command::new("git")
            .args(["init", "--quiet", "--initial-branch=main"])
            .current_dir(stage.project())
            .env("HOME", stage.home())
            .status();
        assert!(git.is_ok_and(|status| status.success()), "git init failed");
        stage
    }

    /// A stage whose model gives these replies in order, told by how often it has spoken in the conversation.
    pub fn of(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::new(in_order(replies))
    }

    /// The same stage on this wire.
    pub fn on(mut self, wire: Wire) -> Self {
        self.wire = wire;
        self
    }

    /// The same stage with this file in the project.
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(path, content);
        self
    }

    /// The same stage with these settings in the project's committed file.
    pub fn settings(self, settings: &Value) -> Self {
        self.file(".formic/settings.json", settings.to_string())
    }

    /// The same stage with these settings in the user's file.
    pub fn user_settings(self, settings: &Value) -> Self {
        put(
            &self.config().join("settings.json"),
            settings.to_string().as_bytes(),
        );
        self
    }

    /// Writes a file of the project.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        put(&self.path(path), content.as_ref());
    }

    /// A path in the project.
    pub fn path(&self, path: &str) -> PathBuf {
        self.project().join(path)
    }

    /// What a file of the project holds; empty if there is none.
    pub fn content(&self, path: &str) -> String {
        String::from_utf8(fs::read(self.path(path)).unwrap_or_default()).expect("a text file")
    }

    /// Every file of the project but git's, by its path in the project, with its content.
    pub fn tree(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let project = self.project();
        let inside = |(path, content): (PathBuf, Vec<u8>)| {
            let path = path
                .strip_prefix(&project)
                .expect("it lies in the project")
                .to_owned();
            (!path.starts_with(".git")).then_some((path, content))
        };
        files_below(&project)
            .into_iter()
            .filter_map(inside)
            .collect()
    }

    /// Where formic works.
    pub fn project(&self) -> PathBuf {
        self.place.join("project")
    }

    /// The program under test.
    pub fn program() -> &'static Path {
        binary::formic()
    }

    /// The user's home.
    pub fn home(&self) -> PathBuf {
        self.place.join("home")
    }

    /// `FORMIC_CONFIG_HOME`.
    pub fn config(&self) -> PathBuf {
        self.place.join("config")
    }

    /// `FORMIC_HOME`.
    pub fn data(&self) -> PathBuf {
        self.place.join("data")
    }

    /// Everything formic keeps, file by file.
    pub fn kept(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files_below(&self.data())
    }

    /// The model server.
    pub fn server(&self) -> &Background {
        &self.server
    }

    /// Every request that asked the model, in order.
    pub fn asked(&self) -> Vec<Asked> {
        let requests = self.server.requests();
        let to_models = requests.iter().filter(|request| request.wire.is_some());
        to_models.map(Asked::new).collect()
    }

    /// The newest request that asked the model.
    pub fn last_asked(&self) -> Asked {
        self.asked().pop().expect("the model was asked")
    }

    /// `formic -p PROMPT` in the project, free to change it.
    pub fn prompt(&self, prompt: &str) -> Formic {
        self.formic(["-p", prompt])
            .arg("--dangerously-skip-permissions")
    }

    /// `formic ARGS` in the project, with nothing in its environment but what the stage gives.
    pub fn formic<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Formic {
        let base = self.server.base_url();
        let run = Formic::new(binary::formic(), &self.project())
            .env("HOME", self.home())
            .env("FORMIC_HOME", self.data())
            .env("FORMIC_CONFIG_HOME", self.config())
            .env("FORMIC_MODEL", "scripted-1");
        let run = match self.wire {
            Wire::Anthropic => run
                .env("ANTHROPIC_BASE_URL", base)
                .env("ANTHROPIC_API_KEY", KEY),
            Wire::OpenAi => run
                .env("OPENAI_BASE_URL", format!("{base}/v1"))
                .env("OPENAI_API_KEY", KEY),
        };
        args.into_iter().fold(run, Formic::arg)
    }

    /// The sessions that left a journal.
    pub fn sessions(&self) -> Vec<SessionId> {
        let folder = store::DataFolder::at(self.data()).sessions();
        let names = folder
            .read_dir()
            .into_iter()
            .flatten()
            .filter_map(Result::ok);
        names
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect()
    }

    /// The one session that left a journal.
    pub fn session(&self) -> SessionId {
        match self.sessions()[..] {
            [one] => one,
            ref all => panic!("not one session but {all:?}"),
        }
    }

    /// The records of a session, as far as they are whole.
    pub fn records(&self, session: SessionId) -> Vec<Record> {
        let data = store::DataFolder::at(self.data());
        store::read(&data, session, Seq(1))
            .map(|report| report.records)
            .unwrap_or_default()
    }

    /// The first segment of a session's journal.
    pub fn segment(&self, session: SessionId) -> PathBuf {
        let folder = store::DataFolder::at(self.data()).session(session);
        folder.join("journal-00001.jsonl")
    }
}

/// A script whose replies follow the model's turns in the conversation; the last one is given from then on.
pub fn in_order(replies: impl IntoIterator<Item = Reply>) -> Script {
    let mut replies: Vec<Reply> = replies.into_iter().collect();
    let last = replies.pop().expect("a script has a reply");
    let rule = |(turn, reply)| Rule::new(format!("reply {turn}"), reply).turn(turn);
    (0..)
        .zip(replies)
        .map(rule)
        .fold(Script::new(), Script::rule)
        .otherwise(last)
}

fn put(path: &Path, content: &[u8]) {
    let folder = path.parent().expect("a file lies in a folder");
    fs::create_dir_all(folder).expect("a folder of the stage");
    fs::write(path, content).expect("a file of the stage");
}

fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in folder
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
    {
        let (path, kind) = (
            entry.path(),
            entry.file_type().expect("an entry has a kind"),
        );
        if kind.is_dir() {
            files.extend(files_below(&path));
        } else if kind.is_file() {
            let content = fs::read(&path).expect("a file of the stage");
            files.push((path, content));
        }
    }
    files.sort();
    files
}
