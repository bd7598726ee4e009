//! Hard limits of a run and the one that stopped it.

use serde::{Deserialize, Serialize};

use crate::Cost;

/// What a run may use; `None` means no limit. Checked before each model call, never after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Model calls.
    pub steps: Option<u32>,
    /// Money, in pico-dollars.
    pub cost: Option<Cost>,
    /// Tokens, prompt and reply of every call together.
    pub tokens: Option<u64>,
    /// How often a reply may miss the wanted output schema before the run gives up.
    pub schema_misses: Option<u32>,
    /// How often one model call is tried again after a fault that may pass.
    pub retries: Option<u32>,
}

impl Limits {
    /// What is left of these once `spent` is used.
    #[must_use]
    pub fn less(self, spent: &Spending) -> Self {
        Self {
            steps: self.steps.map(|most| most.saturating_sub(spent.steps)),
            cost: self
                .cost
                .map(|most| Cost(most.0.saturating_sub(spent.cost.0))),
            tokens: self.tokens.map(|most| most.saturating_sub(spent.tokens)),
            ..self
        }
    }
}

/// What is set aside for a model call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// The prompt at its most and the largest reply, in tokens.
    pub reserved: u64,
    /// The largest reply, where the limits allow less than the model's own.
    pub max_tokens: Option<u64>,
}

/// What an agent has used, its sub-agents' part with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spending {
    /// Model calls answered.
    pub steps: u32,
    /// Tokens, prompt and reply of every call together.
    pub tokens: u64,
    /// Money, in pico-dollars.
    pub cost: Cost,
}

/// Which limit stopped a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The number of model calls.
    Steps,
    /// The money.
    Cost,
    /// The tokens.
    Tokens,
    /// The wall time.
    Time,
    /// The attempts at an answer that fits the wanted schema.
    SchemaMisses,
}
