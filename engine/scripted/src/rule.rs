//! A rule of a script: the conditions on a request and the reply it earns.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::reply::Reply;

/// The two request shapes the server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wire {
    /// Anthropic Messages, `POST /v1/messages`.
    Anthropic,
    /// OpenAI Chat Completions, `POST /v1/chat/completions`.
    #[serde(rename = "openai")]
    OpenAi,
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
        })
    }
}

/// One rule: when all conditions hold, the reply is played.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Shown in the log and in the explanation of a request that matched nothing. Empty: the rule's position.
    #[serde(default)]
    pub name: String,
    /// The conditions; none means every request.
    #[serde(default)]
    pub when: When,
    /// After this many replies the rule is used up and skipped; absent means never.
    #[serde(default)]
    pub times: Option<u64>,
    /// What is played.
    pub reply: Reply,
}

/// Conditions on a request; all that are given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// The exact model name asked for.
    pub model: Option<String>,
    /// A part of the system prompt or of any user text in the conversation: what tells conversations apart.
    pub marker: Option<String>,
    /// A part of the newest user text.
    pub last_user: Option<String>,
    /// The number of assistant messages already in the conversation: 0 is the first request.
    pub turn: Option<u64>,
    /// A part of the newest tool result.
    pub last_result: Option<String>,
    /// Whether the newest tool result is marked as an error (`is_error`; the OpenAI wire has no such mark).
    pub last_result_is_error: Option<bool>,
    /// How many earlier requests met this rule's other conditions: 0 fires on the first of them only.
    pub call: Option<u64>,
    /// The wire the request came by.
    pub wire: Option<Wire>,
}

impl Rule {
    /// A rule that answers every request with `reply`, until conditions are added.
    #[must_use]
    pub fn new(name: impl Into<String>, reply: Reply) -> Self {
        Self {
            name: name.into(),
            when: When::default(),
            times: None,
            reply,
        }
    }

    /// See [`When::model`].
    #[must_use]
    pub fn model(mut self, name: impl Into<String>) -> Self {
        self.when.model = Some(name.into());
        self
    }

    /// See [`When::marker`].
    #[must_use]
    pub fn marker(mut self, part: impl Into<String>) -> Self {
        self.when.marker = Some(part.into());
        self
    }

    /// See [`When::last_user`].
    #[must_use]
    pub fn last_user(mut self, part: impl Into<String>) -> Self {
        self.when.last_user = Some(part.into());
        self
    }

    /// See [`When::turn`].
    #[must_use]
    pub fn turn(mut self, turn: u64) -> Self {
        self.when.turn = Some(turn);
        self
    }

    /// See [`When::last_result`].
    #[must_use]
    pub fn last_result(mut self, part: impl Into<String>) -> Self {
        self.when.last_result = Some(part.into());
        self
    }

    /// See [`When::last_result_is_error`].
    #[must_use]
    pub fn last_result_is_error(mut self, is_error: bool) -> Self {
        self.when.last_result_is_error = Some(is_error);
        self
    }

    /// See [`When::call`].
    #[must_use]
    pub fn call(mut self, call: u64) -> Self {
        self.when.call = Some(call);
        self
    }

    /// See [`When::wire`].
    #[must_use]
    pub fn wire(mut self, wire: Wire) -> Self {
        self.when.wire = Some(wire);
        self
    }

    /// See [`Rule::times`].
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}
