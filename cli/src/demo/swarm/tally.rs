//! Holds the run's report against the model server's own log: calls and tokens must agree to the last one.

use scripted::LoggedRequest;
use views::{TokenCount, Totals};

/// Calls and tokens, counted by one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    calls: u64,
    tokens: TokenCount,
}

impl Tally {
    /// As the report counts.
    pub fn reported(totals: &Totals) -> Self {
        Self {
            calls: totals.used.model_calls.into(),
            tokens: totals.used.usage,
        }
    }

    /// As the server counted what it sent.
    pub fn served(requests: &[LoggedRequest]) -> Self {
        let counts = requests.iter().filter_map(|request| request.answer.counts);
        counts.fold(Self::default(), |mut tally, counts| {
            tally.calls += 1;
            tally.tokens.input_tokens += counts.input;
            tally.tokens.output_tokens += counts.output;
            tally.tokens.cache_read_input_tokens += counts.cache_read;
            tally.tokens.cache_creation_input_tokens += counts.cache_write;
            tally
        })
    }

    /// In words.
    pub fn said(&self) -> String {
        let TokenCount {
            input_tokens,
            output_tokens,
            cache_creation_input_tokens,
            cache_read_input_tokens,
        } = self.tokens;
        let prompt = input_tokens + cache_creation_input_tokens + cache_read_input_tokens;
        format!(
            "{} calls, {prompt} tokens in, {output_tokens} tokens out",
            self.calls
        )
    }
}
