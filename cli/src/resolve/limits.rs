//! Limits of a run: budgets and retries of the settings, flags included.

use std::time::Duration;

use config::{Settings, Sourced};
use protocol::Limits;

/// How often a reply may miss the wanted schema before the run gives up.
const SCHEMA_MISSES: u32 = 3;

/// What stops a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stops {
    /// What the agent checks before each call.
    pub limits: Limits,
    /// What the clock checks.
    pub timeout: Option<Duration>,
}

/// The limits that hold.
pub fn of(settings: &Settings) -> Stops {
    let budgets = &settings.budgets;
    let attempts = settings.retry.max_attempts.as_ref().map(narrow);
    let limits = Limits {
        steps: budgets.turns.as_ref().map(narrow),
        cost: budgets.usd.as_ref().map(|usd| usd.value),
        tokens: budgets.tokens.as_ref().map(|tokens| tokens.value),
        schema_misses: Some(SCHEMA_MISSES),
        retries: attempts.map(|attempts| attempts.saturating_sub(1)),
    };
    Stops {
        limits,
        timeout: budgets.timeout.as_ref().map(|timeout| timeout.value),
    }
}

fn narrow(count: &Sourced<u64>) -> u32 {
    u32::try_from(count.value).unwrap_or(u32::MAX)
}
