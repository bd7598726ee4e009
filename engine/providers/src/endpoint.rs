//! Endpoints: everything that must be known of a model server before it is called.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::Price;

use crate::Secret;

/// How long a stream may be silent between two bytes unless the settings say otherwise.
const IDLE: Duration = Duration::from_secs(300);

/// How long a remote server may take until its reply's first byte unless the settings say otherwise.
const FIRST_BYTE: Duration = Duration::from_secs(600);

/// The language a model server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    /// Anthropic Messages: `POST /v1/messages`.
    Anthropic,
    /// OpenAI Chat Completions: `POST /v1/chat/completions`, spoken by most local servers too.
    OpenAiChat,
}

/// How a request proves who sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Not at all: a local server.
    None,
    /// The wire's own key header: `x-api-key` on Anthropic, `Authorization: Bearer` on OpenAI.
    ApiKey(Secret),
    /// `Authorization: Bearer` on either wire.
    Bearer(Secret),
}

/// What a server does differently from its wire's documentation. All off by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quirks {
    /// Send earlier reasoning back as `reasoning_content` (OpenAI wire). Some reasoning models demand
    /// it between tool calls, others answer 400 when they see it.
    pub replay_reasoning: bool,
    /// Name the reply limit `max_completion_tokens` (`Some(true)`) or `max_tokens` (`Some(false)`);
    /// `None` decides by host (OpenAI wire).
    pub max_completion_tokens: Option<bool>,
}

impl Quirks {
    /// The quirks with those that depend on the host decided: OpenAI itself (and Azure's copy of it) refuses
    /// `max_tokens` for its newer models, most other servers know nothing else.
    pub(crate) fn resolved(self, host: &str) -> Self {
        let theirs = host == "api.openai.com" || host.ends_with(".openai.azure.com");
        Self {
            max_completion_tokens: Some(self.max_completion_tokens.unwrap_or(theirs)),
            ..self
        }
    }
}

/// What the settings say of one model; it wins over the bundled table field by field.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TraitsOverride {
    /// Tokens the model can see at once.
    pub context_window: Option<u64>,
    /// The largest reply to ask for, in tokens.
    pub max_output: Option<u64>,
    /// Whether it reads pictures.
    pub vision: Option<bool>,
    /// What it costs.
    pub price: Option<Price>,
}

/// A model server and how to speak with it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The provider's name in the settings, for example `anthropic`; for people, never sent.
    pub name: String,
    /// The language it speaks.
    pub wire: Wire,
    /// Where it is, with or without `/v1`, a trailing slash or a scheme.
    pub base_url: String,
    /// How a request proves who sends it.
    pub auth: Auth,
    /// Further headers; one of these wins over a header that formic would send itself.
    pub headers: Vec<(String, Secret)>,
    /// The longest silence between two bytes of a stream; comments and pings count as bytes.
    pub idle: Duration,
    /// The longest wait for the reply's first byte; `None` is unlimited. Never applied on loopback,
    /// where a large prompt may take many minutes before the first token.
    pub first_byte: Option<Duration>,
    /// What the settings say of single models, by the model's exact name.
    pub overrides: BTreeMap<String, TraitsOverride>,
    /// What this server does differently.
    pub quirks: Quirks,
}

impl Endpoint {
    /// An endpoint without authentication and with the default time limits.
    pub fn new(name: impl Into<String>, wire: Wire, base_url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            wire,
            base_url: base_url.into(),
            auth: Auth::None,
            headers: Vec::new(),
            idle: IDLE,
            first_byte: Some(FIRST_BYTE),
            overrides: BTreeMap::new(),
            quirks: Quirks::default(),
        }
    }

    /// The same endpoint with this authentication.
    #[must_use]
    pub fn with_auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }
}
