//! Flags that stop a run.

use std::time::Duration;

use clap::Args;

/// Where a run stops, checked before the call that would pass it.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Model calls at most
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub max_turns: Option<u64>,
    /// Money at most, in US dollars
    #[arg(long, value_name = "X", value_parser = dollars, allow_negative_numbers = true)]
    pub max_budget_usd: Option<f64>,
    /// Tokens at most, prompts and replies together
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub max_budget_tokens: Option<u64>,
    /// Time at most, for example 90s, 10m or 1h30m
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub timeout: Option<Duration>,
}

fn count(text: &str) -> Result<u64, String> {
    text.parse::<u64>()
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| "write a whole number above zero, for example 10".to_owned())
}

fn dollars(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|usd| usd.is_finite() && *usd > 0.0 && *usd <= 1e9)
        .ok_or_else(|| "write an amount of US dollars above zero, for example 2.50".to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    config::parse_duration(text)
        .map_err(|error| format!("{}; write for example 90s, 10m or 1h30m", error.reason))
}
