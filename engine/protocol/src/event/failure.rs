//! Why attempts at nodes come to nothing.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Text;

/// Why an attempt came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The class.
    pub class: FailureClass,
    /// The evidence: a log, a list of paths, a provider's words.
    pub evidence: Text,
}

/// The class of a failed attempt; it decides what is tried next. It is written as its [`name`](Self::name), with `_` for
/// a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureClass {
    /// The model could not be reached or did not answer usably.
    Model,
    /// Something of formic or of the machine: git, the disk, a process that could not start.
    Machine,
    /// It said it was done and had changed nothing.
    NoChange,
    /// Its check did not pass in its own tree.
    Check,
    /// It changed paths outside its scope, or deleted tests.
    Scope,
    /// Its change does not merge with what landed meanwhile.
    Conflict,
    /// The merged tree did not pass the gate.
    Gate,
    /// It went in circles.
    Stall,
    /// Its time was over.
    Deadline,
    /// Its tokens, money or tool calls were used up.
    Budget,
    /// Its agent gave up.
    GaveUp(GaveUp),
    /// It was stopped from outside.
    Stopped,
}

/// What an agent says when it gives its node up, always with evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GaveUp {
    /// It refused, or said that it cannot be done.
    Impossible,
    /// It is too much for one agent.
    TooLarge,
}

/// Every class.
const ALL: [FailureClass; 13] = [
    FailureClass::Model,
    FailureClass::Machine,
    FailureClass::NoChange,
    FailureClass::Check,
    FailureClass::Scope,
    FailureClass::Conflict,
    FailureClass::Gate,
    FailureClass::Stall,
    FailureClass::Deadline,
    FailureClass::Budget,
    FailureClass::GaveUp(GaveUp::Impossible),
    FailureClass::GaveUp(GaveUp::TooLarge),
    FailureClass::Stopped,
];

impl FailureClass {
    /// Where an attempt failed, or why, for people: in a word or two.
    pub const fn said(self) -> &'static str {
        match self {
            // Any check may be what is red there, not only the plan's gate.
            Self::Gate => "merged tree",
            class => class.name(),
        }
    }

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Machine => "machine",
            Self::NoChange => "no change",
            Self::Check => "check",
            Self::Scope => "scope",
            Self::Conflict => "conflict",
            Self::Gate => "gate",
            Self::Stall => "stall",
            Self::Deadline => "deadline",
            Self::Budget => "budget",
            Self::GaveUp(GaveUp::Impossible) => "impossible",
            Self::GaveUp(GaveUp::TooLarge) => "too large",
            Self::Stopped => "stopped",
        }
    }
}

impl Serialize for FailureClass {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name().replace(' ', "_"))
    }
}

impl<'de> Deserialize<'de> for FailureClass {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let found = ALL
            .into_iter()
            .find(|class| class.name().replace(' ', "_") == text);
        found.ok_or_else(|| D::Error::custom(format!("unknown class of a failure: {text}")))
    }
}
