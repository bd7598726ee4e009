//! Tokens and money: what a model call used, and what it cost at the price of that moment.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Tokens of one model call, as the provider counted them. The four are disjoint: `input` holds
/// only tokens that were neither read from nor written to the provider's cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Prompt tokens that no cache was involved in.
    pub input: u64,
    /// Generated tokens, thinking included.
    pub output: u64,
    /// Prompt tokens read from the cache.
    pub cache_read: u64,
    /// Prompt tokens written to the cache.
    pub cache_write: u64,
}

impl Usage {
    /// Every token, prompt and reply. Sums stop at the largest number: a provider may report anything.
    pub const fn total(&self) -> u64 {
        self.prompt().saturating_add(self.output)
    }

    /// Every prompt token, cached or not.
    pub const fn prompt(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write)
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cache_read = self.cache_read.saturating_add(other.cache_read);
        self.cache_write = self.cache_write.saturating_add(other.cache_write);
    }
}

/// Money in pico-dollars (10^-12 US dollars), so that prices per single token stay whole numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cost(pub u64);

impl Cost {
    /// Pico-dollars in a dollar.
    pub const PER_USD: f64 = 1e12;

    /// Dollars, for printing.
    pub fn usd(self) -> f64 {
        self.0 as f64 / Self::PER_USD
    }

    /// From dollars; negative and non-finite values become 0.
    pub fn from_usd(usd: f64) -> Self {
        if usd.is_finite() {
            Self((usd.max(0.0) * Self::PER_USD).round() as u64)
        } else {
            Self(0)
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

/// What a model call counts for against the limits: one that was answered, or one that broke off after it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// Tokens, prompt and reply together: as the provider counted them, or estimated where it did not.
    pub tokens: u64,
    /// Money: as those tokens cost; `None` where no price is known.
    pub cost: Option<Cost>,
    /// Whether the provider did not count all of it, so that this is an estimate.
    pub is_estimate: bool,
    /// Tokens the provider counted beyond what was set aside for the prompt or for the reply; 0 where nothing limits
    /// tokens or money.
    pub over: u64,
    /// The tokens by their kinds, where no reply tells them; absent where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// What a model's tokens cost, in US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Uncached prompt tokens.
    pub input: f64,
    /// Generated tokens.
    pub output: f64,
    /// Prompt tokens read from the cache.
    pub cache_read: f64,
    /// Prompt tokens written to the cache.
    pub cache_write: f64,
    /// The dearer tariff of calls with a long prompt, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long: Option<LongPrompt>,
}

/// The tariff of calls whose prompt is longer than most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongPrompt {
    /// Prompts of more tokens than this pay it.
    pub above: u64,
    /// Times the price of every prompt token.
    pub prompt: f64,
    /// Times the price of every generated token.
    pub reply: f64,
}

impl Price {
    /// What `usage` costs at this price.
    pub fn cost(&self, usage: &Usage) -> Cost {
        let price = self.with_prompt(usage.prompt());
        let dollars = usage.input as f64 * price.input
            + usage.output as f64 * price.output
            + usage.cache_read as f64 * price.cache_read
            + usage.cache_write as f64 * price.cache_write;
        Cost::from_usd(dollars / 1e6)
    }

    /// The price of a call with a prompt of so many tokens.
    #[must_use]
    pub fn with_prompt(self, tokens: u64) -> Self {
        let Some(long) = self.long.filter(|long| tokens > long.above) else {
            return self;
        };
        Self {
            input: self.input * long.prompt,
            output: self.output * long.reply,
            cache_read: self.cache_read * long.prompt,
            cache_write: self.cache_write * long.prompt,
            long: None,
        }
    }
}
