//! A user, a project and a policy in a temporary folder.

use std::fs;
use std::path::{Path, PathBuf};

use config::{Enabled, KeyPath, Loaded, Sources};

/// The folder of one test; gone when it is dropped.
pub struct Place {
    _folder: tempfile::TempDir,
    root: PathBuf,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let place = Self {
            _folder: folder,
            root,
        };
        for made in ["home/.claude", "config", "project"] {
            fs::create_dir_all(place.path(made)).unwrap();
        }
        place
    }

    /// Writes a file below the folder, parents included.
    pub fn with(self, file: &str, text: &str) -> Self {
        self.write(file, text.as_bytes());
        self
    }

    pub fn write(&self, file: &str, bytes: &[u8]) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    pub fn sources(&self) -> Sources {
        Sources {
            user_dir: self.path("config"),
            claude_user_dir: Some(self.path("home/.claude")),
            home: Some(self.path("home")),
            project_root: self.path("project"),
            cwd: self.path("project"),
            managed: Some(self.path("managed.json")),
            settings_flag: None,
            flags: None,
            enabled: Enabled::ALL,
        }
    }

    pub fn load(&self) -> Loaded {
        config::load(&self.sources()).unwrap()
    }

    /// The first error as it is printed, hint on the second line, the folder cut out.
    pub fn error(&self) -> String {
        self.told(&config::load(&self.sources()).unwrap_err())
    }

    pub fn told(&self, error: &config::ConfigError) -> String {
        self.relative(&format!("{error}\n{}", error.hint()))
    }

    pub fn relative(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.root.display()), "")
    }

    pub fn shown(&self, path: &Path) -> String {
        self.relative(&path.display().to_string())
    }
}

pub fn key(text: &str) -> KeyPath {
    text.parse().unwrap()
}
