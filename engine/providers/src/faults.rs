//! Faults: what an HTTP status, an error body or an error event means, and whether trying again can help.

use protocol::{FaultKind, ModelFault, RetryHint};
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::retry_after;

/// The longest message of a fault, in characters.
const MESSAGE_CHARS: usize = 2_000;

/// The longest excerpt of a page that is not JSON, in characters.
const PAGE_CHARS: usize = 300;

/// Phrases (lower case) by which providers say that the conversation does not fit the model. Sources: the
/// error texts of Anthropic, OpenAI, Azure, DeepSeek, vLLM, llama.cpp, LM Studio, Mistral, Gemini, Bedrock,
/// xAI, Groq, Cohere, Together.
const TOO_LONG: &[&str] = &[
    "context_length_exceeded",
    "exceed_context_size",
    "model_context_window_exceeded",
    "request_too_large",
    "prompt is too long",
    "input is too long",
    "exceed context limit",
    "maximum context length",
    "maximum prompt length",
    "maximum model length",
    "exceeds the available context size",
    "exceeds the context window",
    "exceeds the model's context",
    "exceeds the maximum number of tokens",
    "prompt token count",
    "greater than the context length",
    "context size has been exceeded",
    "context window exceeds",
    "context length exceeded",
    "too large for model with",
    "reduce the length of the messages",
    "reduce the length of the input",
    "too many tokens",
    "`inputs` tokens + `max_new_tokens`",
];

/// Error types (lower case) of a stream after which the same request may succeed.
const PASSING: &[&str] = &[
    "overloaded_error",
    "rate_limit_error",
    "api_error",
    "timeout_error",
    "server_error",
    "internal_server_error",
    "internal_error",
    "service_unavailable",
    "rate_limit_exceeded",
    "too_many_requests",
    "overloaded",
    "timeout",
];

/// 429 reasons that waiting does not mend: the account is out of money.
const OUT_OF_MONEY: &[&str] = &["insufficient_quota", "billing_hard_limit", "credit balance"];

/// A fault before anything is known of HTTP.
pub(crate) fn fault(kind: FaultKind, message: impl Into<String>, retry: RetryHint) -> ModelFault {
    ModelFault {
        kind,
        status: None,
        message: message.into(),
        retry,
        billed: false,
        heard: None,
    }
}

/// The stream broke off, stalled, or ended early.
pub(crate) fn broken(message: impl Into<String>) -> ModelFault {
    fault(FaultKind::Broken, message, RetryHint::Backoff)
}

/// What came was not the wire's language. The same request to the same server would give the same.
pub(crate) fn garbled(message: impl Into<String>) -> ModelFault {
    fault(FaultKind::Garbled, message, RetryHint::Never)
}

/// What an error body or event says of itself.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// `type` and `code`, as far as they are words.
    label: String,
    /// `code` or `status`, if it is an HTTP status.
    status: Option<u16>,
    message: String,
}

impl Told {
    /// Reads the error shapes in use: `{error: {...}}`, `{error: "..."}`, `{message}`, `{detail}`, a list of one, a bare text.
    pub(crate) fn read(value: &Value) -> Self {
        let inner = match value {
            Value::Array(list) => list.first().unwrap_or(&Value::Null),
            other => other,
        };
        let inner = inner.get("error").filter(|e| !e.is_null()).unwrap_or(inner);
        if let Some(text) = inner.as_str() {
            return Self {
                message: text.to_owned(),
                ..Self::default()
            };
        }
        let word = |key| inner.get(key).and_then(Value::as_str);
        let number = |key| inner.get(key).and_then(Value::as_u64);
        let status = number("code").or_else(|| number("status"));
        let message = ["message", "detail", "msg"].into_iter().find_map(word);
        Self {
            label: ["type", "code", "status"]
                .into_iter()
                .filter_map(word)
                .collect::<Vec<_>>()
                .join(" "),
            status: status
                .and_then(|code| u16::try_from(code).ok())
                .filter(|code| (400..600).contains(code)),
            message: message.map_or_else(|| inner.to_string(), str::to_owned),
        }
    }

    fn spoken(&self) -> String {
        match (self.label.is_empty(), self.message.is_empty()) {
            (true, _) => self.message.clone(),
            (false, true) => self.label.clone(),
            (false, false) => format!("{}: {}", self.label, self.message),
        }
    }

    fn has(&self, phrases: &[&str]) -> bool {
        let said = self.spoken().to_lowercase();
        phrases.iter().any(|phrase| said.contains(phrase))
    }
}

/// The fault of a response whose status is not 2xx.
pub(crate) fn of_status(status: u16, headers: &HeaderMap, body: &str) -> ModelFault {
    let told = match serde_json::from_str::<Value>(body) {
        Ok(value) => Told::read(&value),
        Err(_) => Told {
            message: page_excerpt(body),
            ..Told::default()
        },
    };
    let kind = kind_of(status, &told);
    let message = match told.spoken() {
        said if said.is_empty() => format!("the server answered {status} without a word"),
        said => said,
    };
    ModelFault {
        status: Some(status),
        ..fault(kind, message, retry_of(status, kind, &told, headers))
    }
}

fn kind_of(status: u16, told: &Told) -> FaultKind {
    match status {
        401 | 403 => FaultKind::Authentication,
        429 => FaultKind::RateLimited,
        413 => FaultKind::ContextTooLong,
        400..=599 if told.has(TOO_LONG) => FaultKind::ContextTooLong,
        408 | 409 | 500..=599 => FaultKind::Overloaded,
        _ => FaultKind::BadRequest,
    }
}

fn retry_of(status: u16, kind: FaultKind, told: &Told, headers: &HeaderMap) -> RetryHint {
    let passing = match kind {
        FaultKind::ContextTooLong | FaultKind::Authentication => return RetryHint::Never,
        FaultKind::RateLimited => !told.has(OUT_OF_MONEY),
        _ => matches!(status, 408 | 409 | 500..=599) || retry_after::is_invited(headers),
    };
    if !passing {
        return RetryHint::Never;
    }
    retry_after::hint(headers).unwrap_or(RetryHint::Backoff)
}

/// The fault of an error that the provider reported inside a 200 response.
pub(crate) fn reported(told: &Told) -> ModelFault {
    if told.has(TOO_LONG) {
        return fault(FaultKind::ContextTooLong, told.spoken(), RetryHint::Never);
    }
    let label = told.label.to_lowercase();
    let passing = label.split(' ').any(|word| PASSING.contains(&word))
        || matches!(told.status, Some(408 | 409 | 429 | 500..=599));
    let retry = if passing && !told.has(OUT_OF_MONEY) {
        RetryHint::Backoff
    } else {
        RetryHint::Never
    };
    fault(FaultKind::Reported, told.spoken(), retry)
}

/// The words of a page that is not JSON: an HTML page without its tags, shortened.
pub(crate) fn page_excerpt(page: &str) -> String {
    let page = page.trim();
    let words = if page.starts_with('<') {
        without_tags(page)
    } else {
        page.to_owned()
    };
    shorten(
        &words.split_whitespace().collect::<Vec<_>>().join(" "),
        PAGE_CHARS,
    )
}

fn without_tags(page: &str) -> String {
    let mut words = String::new();
    let mut rest = page;
    while let Some(open) = rest.find('<') {
        words.push_str(&rest[..open]);
        words.push(' ');
        rest = &rest[open..];
        // The insides of these are no words for people.
        let close = ["style", "script"]
            .into_iter()
            .find(|name| {
                rest[1..]
                    .get(..name.len())
                    .is_some_and(|tag| tag.eq_ignore_ascii_case(name))
            })
            .and_then(|name| rest.find(&format!("</{name}")));
        let from = close.unwrap_or(0);
        rest = match rest[from..].find('>') {
            Some(end) => &rest[from + end + 1..],
            None => "",
        };
    }
    words.push_str(rest);
    words
}

/// Cuts a fault's message to its limit.
pub(crate) fn shorten_message(message: &str) -> String {
    shorten(message, MESSAGE_CHARS)
}

fn shorten(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars - 3).chain("...".chars()).collect(),
    }
}
