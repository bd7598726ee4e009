//! Whether and when a failed model call is tried again.

use protocol::{FaultKind, ModelFault, RetryHint};

/// Attempts after the first, where the settings say nothing.
const RETRIES: u32 = 6;
/// The same for an address where nothing listens: it rarely starts to within seconds.
const RETRIES_UNREACHABLE: u32 = 3;
/// The first pause, as the providers' own SDKs make it.
const FIRST_MS: u64 = 500;
/// The longest pause formic chooses by itself.
const LONGEST_MS: u64 = 16_000;
/// The longest pause a provider may ask for.
const LONGEST_ASKED_MS: u64 = 600_000;

/// The pause in milliseconds before the next attempt, or `None` to give up. `attempt` counts the
/// failures before this one; `dice` in 0..1000 spreads the pause by a quarter either way.
pub(crate) fn pause(
    fault: &ModelFault,
    attempt: u32,
    retries: Option<u32>,
    dice: u16,
) -> Option<u64> {
    let most = retries.unwrap_or(match fault.kind {
        FaultKind::Unreachable => RETRIES_UNREACHABLE,
        FaultKind::Authentication
        | FaultKind::RateLimited
        | FaultKind::Overloaded
        | FaultKind::BadRequest
        | FaultKind::ContextTooLong
        | FaultKind::Broken
        | FaultKind::Garbled
        | FaultKind::Reported => RETRIES,
    });
    if attempt >= most {
        return None;
    }
    match fault.retry {
        RetryHint::Never => None,
        RetryHint::AfterMs(ms) => Some(ms.min(LONGEST_ASKED_MS)),
        RetryHint::Backoff => {
            let ms = FIRST_MS
                .saturating_mul(1 << attempt.min(16))
                .min(LONGEST_MS);
            Some(ms * (750 + u64::from(dice.min(999)) / 2) / 1000)
        }
    }
}
