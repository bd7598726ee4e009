//! What a planner chooses, and what it is told when its choice cannot be used.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a planner chooses: small things only, by the ids it was shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// One paragraph every agent is bound by; may be empty.
    #[serde(default)]
    pub contract: String,
    /// The pieces of work; each becomes an agent.
    pub pieces: Vec<Piece>,
    /// The command that must hold on the merged result: an id such as `k1`, or `none`.
    #[serde(default)]
    pub gate: String,
    /// Whether manifests and lockfiles that everyone shares must change too; one agent does that, last.
    #[serde(default)]
    pub shared: bool,
}

/// One piece of work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Ids of the clusters it changes, such as `c1`; several are joined.
    pub clusters: Vec<String>,
    /// What its agent is to do.
    pub brief: String,
    /// The command that must hold for it: an id such as `k1`, `auto` for the closest, or `none`.
    #[serde(default)]
    pub accept: String,
    /// Ids of clusters whose pieces must be done before, besides those that follow from imports.
    #[serde(default)]
    pub after: Vec<String>,
    /// How strong a model it wants.
    #[serde(default)]
    pub tier: Size,
    /// How likely it is to go wrong.
    #[serde(default)]
    pub risk: Size,
    /// How much work it is.
    #[serde(default)]
    pub size: Size,
    /// Whether it is too much for one agent and should be halved.
    #[serde(default)]
    pub split: bool,
}

/// A bucket instead of a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Size {
    /// Small.
    S,
    /// As usual.
    #[default]
    M,
    /// Large.
    L,
}

/// The most problems that are listed in one repair message.
const MOST_LISTED: usize = 20;

impl Choices {
    /// Takes a planner's answer, whatever it is.
    ///
    /// # Errors
    /// A sentence for the planner when the answer does not have the form of [`Draft::schema`](super::Draft::schema).
    pub fn read(answer: &Value) -> Result<Self, Vec<String>> {
        serde_path_to_error::deserialize(answer).map_err(|error| {
            let (path, why) = (error.path().to_string(), error.inner());
            let at = if path == "." {
                "the answer".to_owned()
            } else {
                format!("`{path}`")
            };
            vec![format!("wrong-form: {at}: {why}")]
        })
    }
}

/// What a planner is told after a choice that cannot be used.
pub fn repair(problems: &[String]) -> String {
    let mut text = String::from("This choice cannot be used:\n");
    for problem in problems.iter().take(MOST_LISTED) {
        text.push_str("- ");
        text.push_str(problem);
        text.push('\n');
    }
    if let Some(more) = problems
        .len()
        .checked_sub(MOST_LISTED)
        .filter(|more| *more > 0)
    {
        text.push_str(&format!("- and {more} more\n"));
    }
    text.push_str(
        "Answer once more, whole, in the same form, with these put right and the rest as it was.",
    );
    text
}
