//! The effective settings, typed: every value with the place it came from.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::quantity::MicroUsd;
use crate::secret::Secret;
use crate::source::{Source, Sourced};

/// What all layers together say. Nothing is filled in beyond the built-in layer: an absent value is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Permission mode and rules, not judged here.
    pub permissions: Permissions,
    /// Variables for the processes formic starts; debug output never shows their values.
    pub env: BTreeMap<String, Sourced<Secret>>,
    /// The model: `provider/model`, a bare model or an alias.
    pub model: Option<Sourced<String>>,
    /// Short names for models.
    pub aliases: BTreeMap<String, Sourced<String>>,
    /// Model providers by name.
    pub providers: BTreeMap<String, ProviderSettings>,
    /// Limits of a run.
    pub budgets: Budgets,
    /// How failing model calls are repeated.
    pub retry: Retry,
    /// Settings of the swarm, read by the one who runs it.
    pub swarm: BTreeMap<String, Sourced<Value>>,
    /// Settings of the memory, read by the one who keeps it.
    pub memory: BTreeMap<String, Sourced<Value>>,
}

/// `permissions`: rules as texts, lowest layer first, each with its provenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions {
    /// What may be done without asking.
    pub allow: Vec<Sourced<String>>,
    /// What is asked about.
    pub ask: Vec<Sourced<String>>,
    /// What is never done.
    pub deny: Vec<Sourced<String>>,
    /// The mode a session starts in.
    pub default_mode: Option<Sourced<Mode>>,
    /// Folders outside the project that count as inside, as written: relative ones and `~/` are not resolved.
    pub additional_directories: Vec<Sourced<String>>,
    /// Who forbade the mode `bypassPermissions`, if anybody did.
    pub bypass_disabled_by: Option<Source>,
}

/// The permission modes under Claude Code's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// `default`: writes are asked about.
    Default,
    /// `acceptEdits`: edits inside the project need no question.
    AcceptEdits,
    /// `plan`: nothing is changed.
    Plan,
    /// `dontAsk`: what no rule allows is denied instead of asked.
    DontAsk,
    /// `bypassPermissions`: nothing is asked.
    BypassPermissions,
}

impl Mode {
    /// The mode of a name, exactly as written in settings and flags.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "default" => Self::Default,
            "acceptEdits" => Self::AcceptEdits,
            "plan" => Self::Plan,
            "dontAsk" => Self::DontAsk,
            "bypassPermissions" => Self::BypassPermissions,
            _ => return None,
        })
    }

    /// The name as written in settings and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::AcceptEdits => "acceptEdits",
            Self::Plan => "plan",
            Self::DontAsk => "dontAsk",
            Self::BypassPermissions => "bypassPermissions",
        }
    }
}

/// One entry of `providers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSettings {
    /// The wire it speaks; absent for providers formic knows by name.
    pub wire: Option<Sourced<Wire>>,
    /// Where it is reached.
    pub base_url: Option<Sourced<String>>,
    /// The key itself.
    pub api_key: Option<Sourced<Secret>>,
    /// The variable that holds the key.
    pub api_key_env: Option<Sourced<String>>,
    /// Further headers of every request.
    pub headers: BTreeMap<String, Sourced<Secret>>,
    /// What is known about single models.
    pub models: BTreeMap<String, ModelSettings>,
}

/// The request format of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    /// `anthropic`: the Messages format.
    Anthropic,
    /// `openai`: the chat completions format.
    OpenAi,
}

impl Wire {
    /// The wire of a name, as written in settings.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "anthropic" => Some(Self::Anthropic),
            "openai" => Some(Self::OpenAi),
            _ => None,
        }
    }
}

/// One entry of a provider's `models`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSettings {
    /// What a million tokens cost.
    pub price: Price,
    /// Tokens of input and output together.
    pub context_window: Option<Sourced<u64>>,
    /// Tokens of one reply at most.
    pub max_output: Option<Sourced<u64>>,
    /// Whether it takes images.
    pub vision: Option<Sourced<bool>>,
}

/// Prices for one million tokens of each kind; an absent price is not known, not zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Plain input.
    pub input: Option<Sourced<MicroUsd>>,
    /// Output.
    pub output: Option<Sourced<MicroUsd>>,
    /// Input read from the provider's cache.
    pub cache_read: Option<Sourced<MicroUsd>>,
    /// Input written to the provider's cache.
    pub cache_write: Option<Sourced<MicroUsd>>,
}

/// `budgets`: limits of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budgets {
    /// Money.
    pub usd: Option<Sourced<MicroUsd>>,
    /// Tokens of all kinds.
    pub tokens: Option<Sourced<u64>>,
    /// Turns.
    pub turns: Option<Sourced<u64>>,
    /// Time.
    pub timeout: Option<Sourced<Duration>>,
}

/// `retry`: how failing model calls are repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Attempts of one call, the first included.
    pub max_attempts: Option<Sourced<u64>>,
    /// Silence on a stream after which it counts as dead.
    pub idle_timeout: Option<Sourced<Duration>>,
}
