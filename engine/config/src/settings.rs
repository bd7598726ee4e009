//! The effective settings, typed: every value with the place it came from.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::{Cost, PermissionMode};
use serde_json::Value;

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
    pub default_mode: Option<Sourced<PermissionMode>>,
    /// Folders outside the project that count as inside, as written: relative ones and `~/` are not resolved.
    pub additional_directories: Vec<Sourced<String>>,
    /// Who forbade the mode `bypassPermissions`, if anybody did.
    pub bypass_disabled_by: Option<Source>,
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
    pub price: PriceSettings,
    /// Tokens of input and output together.
    pub context_window: Option<Sourced<u64>>,
    /// Tokens of one reply at most.
    pub max_output: Option<Sourced<u64>>,
    /// Whether it takes images.
    pub vision: Option<Sourced<bool>>,
}

/// Prices for one million tokens of each kind; an absent price is not known, not zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceSettings {
    /// Plain input.
    pub input: Option<Sourced<Cost>>,
    /// Output.
    pub output: Option<Sourced<Cost>>,
    /// Input read from the provider's cache.
    pub cache_read: Option<Sourced<Cost>>,
    /// Input written to the provider's cache.
    pub cache_write: Option<Sourced<Cost>>,
}

impl PriceSettings {
    /// The whole price, if input and output are known; a cache price not given counts as that of plain input.
    pub fn price(&self) -> Option<protocol::Price> {
        let dollars = |cost: &Option<Sourced<Cost>>| cost.as_ref().map(|c| c.value.usd());
        let (input, output) = (dollars(&self.input)?, dollars(&self.output)?);
        Some(protocol::Price {
            input,
            output,
            cache_read: dollars(&self.cache_read).unwrap_or(input),
            cache_write: dollars(&self.cache_write).unwrap_or(input),
            long: None,
        })
    }
}

/// `budgets`: limits of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budgets {
    /// Money.
    pub usd: Option<Sourced<Cost>>,
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
