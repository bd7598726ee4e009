//! A place to run the real binary in: its own home, data, settings and project, and nothing of the machine's.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use scripted::{Background, Script, Server};
use serde_json::Value;

/// The folder of one test; gone when it is dropped.
pub struct World {
    _folder: tempfile::TempDir,
    root: PathBuf,
    variables: Vec<(String, String)>,
}

/// What a run left behind.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        for made in ["home", "data", "config", "project"] {
            fs::create_dir(root.join(made)).unwrap();
        }
        Self {
            _folder: folder,
            root,
            variables: Vec::new(),
        }
    }

    /// A place whose `ANTHROPIC_BASE_URL` is a server that plays `script`.
    pub fn with_model(script: &Value) -> (Self, Background) {
        let script = Script::from_json(&script.to_string()).unwrap();
        let server = Server::in_background(script).unwrap();
        let world = Self::new().with("ANTHROPIC_BASE_URL", &server.base_url());
        (world, server)
    }

    /// Sets an environment variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes a file below the place, parents included.
    pub fn write(&self, file: &str, text: &str) -> PathBuf {
        let path = self.root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The binary with these arguments, standing in the project, with an environment of its own.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_formic"));
        command
            .args(args)
            .current_dir(self.root.join("project"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.root.join("home"))
            .env("FORMIC_HOME", self.root.join("data"))
            .env("FORMIC_CONFIG_HOME", self.root.join("config"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs to the end with an empty stdin.
    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// Runs to the end with a text on stdin.
    pub fn feed(&self, args: &[&str], stdin: &str) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        // A command that ends before it has read everything closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        ran(child.wait_with_output().unwrap())
    }
}

/// The texts and the code of an ended process; -1 stands for a signal.
pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ran {
    /// Stdout as one JSON value.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {:?} {:?}", self.out, self.err))
    }

    /// Stdout as one JSON value a line.
    pub fn lines(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}
