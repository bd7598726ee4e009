//! The world as the process finds it, read once: variables, working directory, home.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Kind};

/// Environment variables and folders at the start.
#[derive(Debug, Clone)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    cwd: Option<PathBuf>,
    home: Option<PathBuf>,
}

impl Environment {
    /// Reads the process's environment. Variables that are not UTF-8 are none that formic reads.
    pub fn read() -> Self {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self {
            variables: variables.collect(),
            cwd: std::env::current_dir().ok(),
            home: etcetera::home_dir().ok().filter(|home| home.is_absolute()),
        }
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The names of all variables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// A variable that holds a path, made absolute.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(|text| self.absolute(Path::new(text)))
    }

    /// `path` below the working directory; absolute ones stay.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        self.cwd.as_deref().unwrap_or(Path::new("/")).join(path)
    }

    /// The user's home.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The folder the process was started in.
    ///
    /// # Errors
    /// When it has been deleted or may not be read.
    pub fn cwd(&self) -> Result<&Path, Failure> {
        self.cwd.as_deref().ok_or_else(|| {
            Failure::new(
                Kind::Usage,
                "working directory: it does not exist any more or may not be read",
                "change into a folder that exists, or pass --cwd DIR",
            )
        })
    }
}
