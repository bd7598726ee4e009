//! The script a server plays, read from JSON with errors that name the file, the position and the field.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{rate::Rate, reply::Reply, rule::Rule};

/// The script format this server reads, the value of the top-level `version` field.
const VERSION: u64 = 1;

/// What a scripted server says: rules tried in order, and a reply for everything else.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The format's version; only 1 exists.
    #[serde(deserialize_with = "supported_version")]
    pub version: u64,
    /// The model names listed by `GET /v1/models` and `GET /api/tags`. Requests for other models are answered too.
    #[serde(default = "default_models")]
    pub models: Vec<String>,
    /// Tried from the top; the first live rule whose conditions hold gives the reply.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// The reply when no rule matches. Without it such a request gets HTTP 400 with an explanation.
    #[serde(default)]
    pub otherwise: Option<Reply>,
    /// How many model requests are answered in a stretch of time; absent means all.
    #[serde(default)]
    pub rate: Option<Rate>,
}

/// Why a script could not be read; each message reads after "could not ...".
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file could not be opened or is not UTF-8.
    #[error("read the script {}: {source}", file.display())]
    Read {
        /// The file asked for.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text is not a script.
    #[error("understand {}: line {line}, column {column}, at {at}: {problem}", name(file.as_deref()))]
    Invalid {
        /// The file, if the script came from one.
        file: Option<PathBuf>,
        /// 1-based line; for a rule or reply that is well-formed but contradictory, the line where it ends.
        line: usize,
        /// 1-based column.
        column: usize,
        /// The path of the field, such as `rules[2].reply.steps[0]`; `.` is the script itself.
        at: String,
        /// What is wrong there.
        problem: String,
    },
}

impl Script {
    /// A script with one model, `scripted-1`, and no rules.
    #[must_use]
    pub fn new() -> Self {
        Self {
            version: VERSION,
            models: default_models(),
            rules: Vec::new(),
            otherwise: None,
            rate: None,
        }
    }

    /// Adds a rule after the ones already there.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Sets the reply for requests that no rule matches.
    #[must_use]
    pub fn otherwise(mut self, reply: Reply) -> Self {
        self.otherwise = Some(reply);
        self
    }

    /// Refuses what goes beyond this rate with 429, before any rule is asked.
    #[must_use]
    pub fn rate(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
        self
    }

    /// Reads a script from JSON text.
    ///
    /// # Errors
    /// [`ScriptError::Invalid`] for broken JSON, an unknown or missing field, a value of the wrong type, or a reply
    /// whose fields contradict each other.
    pub fn from_json(text: &str) -> Result<Self, ScriptError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let script: Self =
            serde_path_to_error::deserialize(&mut json).map_err(|error| ScriptError::at(&error))?;
        json.end()
            .map_err(|error| ScriptError::invalid(".", &error))?;
        Ok(script)
    }

    /// Reads a script from a file of JSON text.
    ///
    /// # Errors
    /// [`ScriptError::Read`] if the file cannot be read, otherwise as [`Script::from_json`], naming the file.
    pub fn load(path: &Path) -> Result<Self, ScriptError> {
        let text = std::fs::read_to_string(path).map_err(|source| ScriptError::Read {
            file: path.to_owned(),
            source,
        })?;
        Self::from_json(&text).map_err(|error| error.in_file(path))
    }
}

impl Default for Script {
    fn default() -> Self {
        Self::new()
    }
}

impl ScriptError {
    fn at(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        Self::invalid(&error.path().to_string(), error.inner())
    }

    fn invalid(at: &str, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        Self::Invalid {
            file: None,
            line: error.line(),
            column: error.column(),
            at: at.to_owned(),
            problem: text.strip_suffix(&place).unwrap_or(&text).to_owned(),
        }
    }

    fn in_file(mut self, path: &Path) -> Self {
        if let Self::Invalid { file, .. } = &mut self {
            *file = Some(path.to_owned());
        }
        self
    }
}

fn name(file: Option<&Path>) -> String {
    file.map_or_else(
        || "the script".to_owned(),
        |path| format!("the script {}", path.display()),
    )
}

fn default_models() -> Vec<String> {
    vec!["scripted-1".to_owned()]
}

fn supported_version<'de, D: Deserializer<'de>>(json: D) -> Result<u64, D::Error> {
    match u64::deserialize(json)? {
        VERSION => Ok(VERSION),
        other => Err(D::Error::custom(format_args!(
            "version {other} is not known here; this server reads version {VERSION}"
        ))),
    }
}
