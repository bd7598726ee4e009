//! Folders: where formic works, where its settings lie, where its data lies.

use std::fs;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use crate::failure::Failure;

/// Where formic works.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder commands start in, symlinks resolved.
    pub cwd: PathBuf,
    /// The project's root: the repository the folder lies in, else the folder itself.
    pub root: PathBuf,
}

/// formic's own folders.
#[derive(Debug, Clone)]
pub struct Folders {
    /// Sessions, indexes, blobs.
    pub data: PathBuf,
    /// User settings and instructions.
    pub config: PathBuf,
    /// Claude Code's folder of user settings, read below formic's own.
    pub claude: Option<PathBuf>,
}

impl Place {
    /// The folder of `--cwd`, else the one the process was started in.
    ///
    /// # Errors
    /// When it is no folder.
    pub fn find(environment: &Environment, asked: Option<&Path>) -> Result<Self, Failure> {
        let cwd = match asked {
            Some(path) => folder(environment, "--cwd", path)?,
            None => folder(environment, "working directory", environment.cwd()?)?,
        };
        let root = project(&cwd).to_owned();
        Ok(Self { cwd, root })
    }
}

/// The project's root that a folder lies in: the repository it is part of, else the folder itself.
pub fn project(folder: &Path) -> &Path {
    repository(folder).unwrap_or(folder)
}

/// The nearest folder upwards that holds `.git`, as a folder or as a worktree's file.
fn repository(from: &Path) -> Option<&Path> {
    from.ancestors()
        .find(|folder| fs::symlink_metadata(folder.join(".git")).is_ok())
}

/// A folder that must exist, symlinks resolved.
///
/// # Errors
/// A failure that names `flag` and the path.
pub fn folder(environment: &Environment, flag: &str, path: &Path) -> Result<PathBuf, Failure> {
    let shown = path.display();
    let found = fs::canonicalize(environment.absolute(path)).map_err(|error| {
        Failure::usage(
            format_args!("{flag}: {shown}: {}", reason(&error)),
            "give a folder that exists",
        )
    })?;
    if found.is_dir() {
        return Ok(found);
    }
    Err(Failure::usage(
        format_args!("{flag}: {shown}: not a folder"),
        "give a folder that exists",
    ))
}

/// The text of a file a flag names.
///
/// # Errors
/// A failure that names `flag` and the path.
pub fn file_text(environment: &Environment, flag: &str, path: &Path) -> Result<String, Failure> {
    fs::read_to_string(environment.absolute(path)).map_err(|error| {
        Failure::usage(
            format_args!("{flag}: {}: {}", path.display(), reason(&error)),
            "give a file of UTF-8 text that you may read",
        )
    })
}

/// An IO error in a few words, without the system's numbers.
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        std::io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
        std::io::ErrorKind::InvalidData => "not UTF-8 text".to_owned(),
        std::io::ErrorKind::IsADirectory => "a folder, not a file".to_owned(),
        _ => error.to_string(),
    }
}

/// A folder without links on the way to it, as far as it is there already; as it is where that cannot be told.
fn real(folder: &Path) -> PathBuf {
    let parts = (folder.parent(), folder.file_name());
    match (folder.canonicalize(), parts) {
        (Ok(real), _) => real,
        (Err(_), (Some(parent), Some(name))) => real(parent).join(name),
        (Err(_), _) => folder.to_owned(),
    }
}

impl Folders {
    /// `FORMIC_HOME` and `FORMIC_CONFIG_HOME`, else the platform's folders.
    ///
    /// # Errors
    /// When there is neither a variable nor a home.
    pub fn find(environment: &Environment) -> Result<Self, Failure> {
        let below = |variable: &str, xdg: &str, fallback: &str| {
            let named = environment.path(variable);
            let base = || {
                environment
                    .path(xdg)
                    .or_else(|| Some(environment.home()?.join(fallback)))
            };
            named
                .or_else(|| Some(base()?.join("formic")))
                .ok_or_else(|| {
                    Failure::usage(
                        format_args!("{variable}: not set, and there is no home folder"),
                        format_args!("set {variable} to a folder that formic may write"),
                    )
                })
        };
        let own = || Some(environment.home()?.join(".claude"));
        Ok(Self {
            // Trees lie below it: what an agent names in one is told from what lies outside by where it really is.
            data: real(&below("FORMIC_HOME", "XDG_DATA_HOME", ".local/share")?),
            config: below("FORMIC_CONFIG_HOME", "XDG_CONFIG_HOME", ".config")?,
            claude: environment.path("CLAUDE_CONFIG_DIR").or_else(own),
        })
    }
}
