//! Where settings may be found: the folders handed in by the command line, and the files they make.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::error::ConfigError;
use crate::source::Layer;

/// Every place settings and instructions are read from. This crate looks at no environment variable and no home by
/// itself: what is not named here is not read.
#[derive(Debug, Clone)]
pub struct Sources {
    /// formic's own config folder.
    pub user_dir: PathBuf,
    /// The user's `.claude` folder, read below formic's own.
    pub claude_user_dir: Option<PathBuf>,
    /// The user's home, only to expand `~/` in imports.
    pub home: Option<PathBuf>,
    /// The root of the project, usually that of the repository.
    pub project_root: PathBuf,
    /// The working directory; instructions are collected from the root down to it.
    pub cwd: PathBuf,
    /// The administrator's policy file.
    pub managed: Option<PathBuf>,
    /// What `--settings` gave.
    pub settings_flag: Option<FlagSettings>,
    /// What single flags gave, as a settings object (`{"model": "x"}`).
    pub flags: Option<Value>,
    /// Which of the file layers are read.
    pub enabled: Enabled,
}

/// The argument of `--settings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagSettings {
    /// Settings as JSON text.
    Text(String),
    /// A file that must exist.
    File(PathBuf),
}

impl FlagSettings {
    /// Tells text from a path: text begins with a brace.
    pub fn from_argument(argument: &str) -> Self {
        if argument.trim_start().starts_with('{') {
            Self::Text(argument.to_owned())
        } else {
            Self::File(PathBuf::from(argument))
        }
    }
}

/// Which file layers are read; the managed policy always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enabled {
    /// The user's own files.
    pub user: bool,
    /// The project's committed files.
    pub project: bool,
    /// The project's local files.
    pub local: bool,
}

impl Enabled {
    /// All three.
    pub const ALL: Self = Self {
        user: true,
        project: true,
        local: true,
    };

    /// Reads the list of `--setting-sources`, such as `user,project`; an empty list enables none.
    pub fn parse(list: &str) -> Result<Self, ConfigError> {
        let mut enabled = Self {
            user: false,
            project: false,
            local: false,
        };
        for part in list.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            match part {
                "user" => enabled.user = true,
                "project" => enabled.project = true,
                "local" => enabled.local = true,
                _ => {
                    return Err(ConfigError::UnknownLayer {
                        text: part.to_owned(),
                    });
                }
            }
        }
        Ok(enabled)
    }
}

/// One settings file formic looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsFile {
    /// The layer it fills.
    pub layer: Layer,
    /// Its path, whether or not something is there.
    pub path: PathBuf,
}

impl Sources {
    /// The settings files of the enabled layers, lowest first.
    ///
    /// Where the project is the home itself, its `.claude` files are the user's: each file counts once, in its lowest layer.
    pub fn files(&self) -> Vec<SettingsFile> {
        let mut files: Vec<SettingsFile> = Vec::new();
        let mut met: BTreeSet<PathBuf> = BTreeSet::new();
        for (layer, path) in self.candidates() {
            // A file that is not there is known by its name alone.
            let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            if met.insert(real) {
                files.push(SettingsFile { layer, path });
            }
        }
        files
    }

    /// The file that `formic config set` writes for a layer; none for layers without a file of formic's own.
    pub fn writable(&self, layer: Layer) -> Option<PathBuf> {
        match layer {
            Layer::User => Some(self.user_dir.join("settings.json")),
            Layer::Project => Some(self.project_root.join(".formic/settings.json")),
            Layer::Local => Some(self.project_root.join(".formic/settings.local.json")),
            Layer::BuiltIn
            | Layer::ClaudeUser
            | Layer::ClaudeProject
            | Layer::ClaudeLocal
            | Layer::SettingsFlag
            | Layer::Flags
            | Layer::Managed => None,
        }
    }

    fn candidates(&self) -> Vec<(Layer, PathBuf)> {
        let mut found = Vec::new();
        if self.enabled.user {
            found.extend(
                self.claude_user_dir
                    .iter()
                    .map(|dir| (Layer::ClaudeUser, dir.join("settings.json"))),
            );
            found.push((Layer::User, self.user_dir.join("settings.json")));
        }
        if self.enabled.project {
            found.push((
                Layer::ClaudeProject,
                self.project_root.join(".claude/settings.json"),
            ));
            found.push((
                Layer::Project,
                self.project_root.join(".formic/settings.json"),
            ));
        }
        if self.enabled.local {
            found.push((
                Layer::ClaudeLocal,
                self.project_root.join(".claude/settings.local.json"),
            ));
            found.push((
                Layer::Local,
                self.project_root.join(".formic/settings.local.json"),
            ));
        }
        if let Some(FlagSettings::File(file)) = &self.settings_flag {
            found.push((Layer::SettingsFlag, file.clone()));
        }
        found.extend(
            self.managed
                .iter()
                .map(|file| (Layer::Managed, file.clone())),
        );
        found
    }
}
