//! Permission: modes, verdicts, and the reason each verdict can give.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How much an agent may do unasked. Spelled as Claude Code's settings spell it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PermissionMode {
    /// Reads run, changes and unknown commands ask.
    #[default]
    Default,
    /// As default, but file changes inside the tree run.
    AcceptEdits,
    /// Only reads; nothing is changed.
    Plan,
    /// As default, but what would ask is denied.
    DontAsk,
    /// Everything runs that no deny rule and no protection forbids.
    BypassPermissions,
}

impl PermissionMode {
    /// The name in settings and flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::AcceptEdits => "acceptEdits",
            Self::Plan => "plan",
            Self::DontAsk => "dontAsk",
            Self::BypassPermissions => "bypassPermissions",
        }
    }
}

impl fmt::Display for PermissionMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Policy's answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may run.
    Allow(Reason),
    /// A person decides.
    Ask(Reason),
    /// It may not run.
    Deny(Reason),
}

impl Verdict {
    /// The reason, whichever way it went.
    pub const fn reason(&self) -> &Reason {
        match self {
            Self::Allow(reason) | Self::Ask(reason) | Self::Deny(reason) => reason,
        }
    }
}

/// Why a verdict fell as it did: a sentence for people and models, and the rule if one decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// A lower-case sentence fragment, for example `the command writes outside the tree: /etc/x`.
    pub text: String,
    /// The rule that decided, if it was a rule.
    pub rule: Option<RuleRef>,
}

/// Where a rule stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleRef {
    /// The rule as written, for example `Bash(git push:*)`.
    pub rule: String,
    /// Whether it allows, asks or denies.
    pub effect: RuleEffect,
    /// The layer: `user`, `project`, `flag`, ...
    pub layer: String,
    /// The settings file, if it came from one.
    pub file: Option<PathBuf>,
    /// The line in that file, counted from 1.
    pub line: Option<u32>,
}

/// What a rule does when it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleEffect {
    /// Forbids; wins over everything.
    Deny,
    /// A person decides; wins over allow.
    Ask,
    /// Lets it run.
    Allow,
}

/// Who resolved a claim in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// Policy alone.
    Policy,
    /// A person was asked.
    Person,
    /// A person should have been asked and nobody was there: denied.
    Nobody,
}
