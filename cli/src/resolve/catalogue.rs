//! The providers formic knows by name: where they are, what they speak, which variables hold their keys.

use config::Wire;

/// How a variable's key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// In the wire's own header.
    ApiKey,
    /// As a bearer token.
    Bearer,
}

/// A provider known by name.
#[derive(Debug)]
pub struct Known {
    /// The name in `provider/model`.
    pub name: &'static str,
    /// What it speaks.
    pub wire: Wire,
    /// Where it is.
    pub base_url: &'static str,
    /// The variable that says otherwise.
    pub base_url_variable: Option<&'static str>,
    /// The variables that may hold its key, first wins.
    pub keys: &'static [(&'static str, Sent)],
    /// The variable that names a model.
    pub model_variable: Option<&'static str>,
    /// The model when none is named; a local server is asked instead.
    pub model: Option<&'static str>,
    /// Beginnings of its models' names.
    pub prefixes: &'static [&'static str],
}

impl Known {
    /// Whether it runs on this machine and needs no key.
    pub const fn is_local(&self) -> bool {
        self.keys.is_empty()
    }
}

const fn local(name: &'static str, base_url: &'static str) -> Known {
    Known {
        name,
        wire: Wire::OpenAi,
        base_url,
        base_url_variable: None,
        keys: &[],
        model_variable: None,
        model: None,
        prefixes: &[],
    }
}

/// Every known provider, in the order in which keys are looked for.
pub static CATALOGUE: [Known; 6] = [
    Known {
        name: "anthropic",
        wire: Wire::Anthropic,
        base_url: "https://api.anthropic.com",
        base_url_variable: Some("ANTHROPIC_BASE_URL"),
        keys: &[
            ("ANTHROPIC_API_KEY", Sent::ApiKey),
            ("ANTHROPIC_AUTH_TOKEN", Sent::Bearer),
        ],
        model_variable: Some("ANTHROPIC_MODEL"),
        model: Some("claude-sonnet-5-5"),
        prefixes: &["claude-"],
    },
    Known {
        name: "openai",
        wire: Wire::OpenAi,
        base_url: "https://api.openai.com",
        base_url_variable: Some("OPENAI_BASE_URL"),
        keys: &[("OPENAI_API_KEY", Sent::ApiKey)],
        model_variable: Some("OPENAI_MODEL"),
        model: Some("gpt-6.1-sol"),
        prefixes: &["gpt-", "o1", "o3", "o4", "chatgpt-"],
    },
    local("ollama", "http://127.0.0.1:11434"),
    local("lmstudio", "http://127.0.0.1:1234"),
    local("llamacpp", "http://127.0.0.1:8080"),
    local("vllm", "http://127.0.0.1:8000"),
];

/// The provider of a name.
pub fn known(name: &str) -> Option<&'static Known> {
    CATALOGUE.iter().find(|known| known.name == name)
}
