//! Failures as people and programs see them: what is wrong, what to do next, which exit code.

mod of_actors;

use std::fmt;

use protocol::InterruptCause;
use serde_json::json;

/// The kind of a failure; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A flag or an argument is wrong.
    Usage,
    /// What was asked for has a name but no code behind it yet.
    NotYet,
    /// A settings file, or a value in one, is wrong.
    Settings,
    /// What came on stdin is wrong.
    Input,
    /// No model server answers.
    Backend,
    /// The model server refused the key, or there is none.
    Authentication,
    /// A session that was asked for cannot be used.
    Session,
    /// Nobody approved what needs to be approved.
    Unapproved,
    /// The disk, the network or formic itself failed.
    Fault,
    /// A person, the system or the clock stopped it.
    Stopped(InterruptCause),
    /// Whoever read the output has gone.
    Pipe,
}

impl Kind {
    /// The word in the JSON object.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::NotYet => "not_yet",
            Self::Settings => "settings",
            Self::Input => "input",
            Self::Backend => "backend",
            Self::Authentication => "authentication",
            Self::Session => "session",
            Self::Unapproved => "unapproved",
            Self::Fault => "fault",
            Self::Stopped(InterruptCause::Timeout) => "timeout",
            Self::Stopped(InterruptCause::User) => "interrupted",
            Self::Stopped(InterruptCause::Terminate) => "terminated",
            Self::Pipe => "pipe",
        }
    }

    /// The process's exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Fault => 1,
            Self::Usage | Self::NotYet | Self::Settings | Self::Input | Self::Session => 2,
            Self::Backend | Self::Authentication => 3,
            Self::Stopped(InterruptCause::Timeout) => 4,
            Self::Unapproved => 5,
            Self::Stopped(InterruptCause::User) => 130,
            Self::Pipe => 141,
            Self::Stopped(InterruptCause::Terminate) => 143,
        }
    }
}

/// Why a command did not do what it should. Both texts are one line each; the message names its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which kind.
    pub kind: Kind,
    /// What is wrong, beginning with what it is about: a flag, a file and line, a session.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

impl Failure {
    /// A failure of any kind.
    pub fn new(kind: Kind, message: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self {
            kind,
            message: one_line(&message.to_string()),
            hint: one_line(&hint.to_string()),
        }
    }

    /// A wrong flag or argument.
    pub fn usage(message: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, message, hint)
    }

    /// Wrong settings.
    pub fn settings(message: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self::new(Kind::Settings, message, hint)
    }

    /// The reader of stdout went away; nothing is left to say to anybody.
    pub fn pipe() -> Self {
        Self::new(Kind::Pipe, "stdout: closed by its reader", "")
    }

    /// The object that programs read.
    pub fn json(&self) -> serde_json::Value {
        json!({
            "type": "error",
            "kind": self.kind.name(),
            "message": self.message,
            "hint": self.hint,
            "exit_code": self.kind.exit_code(),
        })
    }
}

/// The two lines that people read.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\nhint: {}", self.message, self.hint)
    }
}

impl From<config::ConfigError> for Failure {
    fn from(error: config::ConfigError) -> Self {
        Self::settings(&error, error.hint())
    }
}

/// Line ends inside a message would break the promise of two lines, and a control character could
/// redraw the terminal.
pub fn one_line(text: &str) -> String {
    let cleaned: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    cleaned.trim().to_owned()
}
