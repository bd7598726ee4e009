//! What can be wrong with settings: one line that names file, line and key, and a hint what to do next.

use std::io;
use std::path::PathBuf;

use crate::key::KeyPath;
use crate::source::Source;

/// A value that does not fit its setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The expected shape.
    pub expected: String,
    /// What stands there; never the text of a secret.
    pub found: String,
    /// A correct line to copy.
    pub example: String,
}

/// Why settings could not be read, or one of them not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The text is not JSON.
    #[error("{source}:{column}: {message}", source = .at)]
    Syntax {
        /// File and line.
        at: Source,
        /// Column in characters, from 1.
        column: u32,
        /// What was expected or found.
        message: String,
    },
    /// A value has the wrong type, or is none of those allowed.
    #[error("{at}: {key}: expected {expected}, found {found}", expected = .mismatch.expected, found = .mismatch.found)]
    WrongValue {
        /// File and line of the value.
        at: Source,
        /// The setting.
        key: KeyPath,
        /// What was expected and what stands there.
        mismatch: Box<Mismatch>,
    },
    /// A name inside a map cannot be used as one.
    #[error("{at}: {key}: this name {reason}")]
    BadName {
        /// File and line of the name.
        at: Source,
        /// The setting, name included.
        key: KeyPath,
        /// What is wrong with the name.
        reason: &'static str,
    },
    /// A file holds more than settings or instructions ever need.
    #[error("{file}: larger than {limit} bytes", file = .file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// A file is not text.
    #[error("{file}:{line}: not valid UTF-8", file = .file.display())]
    NotUtf8 {
        /// The file.
        file: PathBuf,
        /// The line of the first wrong byte, from 1.
        line: u32,
    },
    /// Something else stands where a file should be: a folder, a pipe, a device.
    #[error("{file}: {found}, not a file", file = .file.display())]
    NotAFile {
        /// The path.
        file: PathBuf,
        /// What stands there.
        found: &'static str,
    },
    /// A file that was asked for by name is not there.
    #[error("{file}: no such file", file = .file.display())]
    Missing {
        /// The path.
        file: PathBuf,
    },
    /// The system refused to read.
    #[error("{file}: cannot be read: {cause}", file = .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The system refused to write.
    #[error("{file}: cannot be written: {cause}", file = .file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// A key path is not one.
    #[error("setting name {text:?}: {reason}")]
    BadKeyPath {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A setting that does not exist should be changed.
    #[error("{key}: no such setting")]
    UnknownKey {
        /// The setting as given.
        key: KeyPath,
        /// A near name, if there is one.
        suggestion: Option<String>,
    },
    /// The named list of `--setting-sources` holds something else.
    #[error("--setting-sources: {text:?} is none of user, project, local")]
    UnknownLayer {
        /// The part that is not understood.
        text: String,
    },
}

impl ConfigError {
    /// What to do next, one line.
    pub fn hint(&self) -> String {
        match self {
            Self::Syntax { .. } => {
                "settings are JSON; comments (// and /* */) and a trailing comma are allowed".to_owned()
            }
            Self::WrongValue { mismatch, .. } => {
                format!("write it for example as {}", mismatch.example)
            }
            Self::BadName { .. } => "rename it, or remove the entry".to_owned(),
            Self::TooLarge { .. } => "move what is not a setting elsewhere".to_owned(),
            Self::NotUtf8 { .. } => "save the file as UTF-8".to_owned(),
            Self::NotAFile { .. } => "move it away, or give another path".to_owned(),
            Self::Missing { .. } => "check the path, or pass the settings as JSON text".to_owned(),
            Self::Unreadable { cause, .. } => unreadable_hint(cause).to_owned(),
            Self::Unwritable { .. } => "check that you may write the file and its folder, and that the disk has room".to_owned(),
            Self::BadKeyPath { .. } => {
                r#"name it like permissions.defaultMode, with quotes around a part that has dots: providers.x.models."m-1.5""#
                    .to_owned()
            }
            Self::UnknownKey { suggestion: Some(near), .. } => format!("did you mean {near:?}?"),
            Self::UnknownKey { suggestion: None, .. } => "`formic config list` shows the settings there are".to_owned(),
            Self::UnknownLayer { .. } => "write for example --setting-sources user,project".to_owned(),
        }
    }
}

fn unreadable_hint(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::PermissionDenied => "make it readable for you (chmod u+r), or remove it",
        _ => "repair or remove it; a missing settings file is fine",
    }
}

/// Something odd that formic can live with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// File and line.
    pub source: Source,
    /// The setting it is about.
    pub key: KeyPath,
    /// What is odd.
    pub message: String,
}

/// Prints `file:line: key: message`.
impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {}", self.source, self.key, self.message)
    }
}
