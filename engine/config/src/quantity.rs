//! Quantities as people write them: durations (`1h30m`) and US dollars.

use std::time::Duration;

use protocol::Cost;
use serde_json::Value;

/// Units of a duration, longest first: the order in which they may follow one another.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a duration: {reason} (write for example \"90s\", \"10m\" or \"1h30m\")")]
pub struct DurationError {
    /// The text as given.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads `10m`, `90s`, `1h30m`, `250ms`, `2d`; a number without a unit means seconds. Zero is refused.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let fault = |reason: String| DurationError {
        text: text.to_owned(),
        reason,
    };
    let trimmed = text.trim();
    let millis = if !trimmed.is_empty() && trimmed.bytes().all(|b| b.is_ascii_digit()) {
        trimmed
            .parse::<u64>()
            .ok()
            .and_then(|s| s.checked_mul(1_000))
            .ok_or_else(|| fault("too long".to_owned()))?
    } else {
        with_units(trimmed).map_err(fault)?
    };
    if millis == 0 {
        return Err(fault("it must be above zero".to_owned()));
    }
    Ok(Duration::from_millis(millis))
}

fn with_units(text: &str) -> Result<u64, String> {
    let (mut rest, mut total, mut next_unit) = (text, 0_u64, 0);
    if rest.is_empty() {
        return Err("it is empty".to_owned());
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let amount = rest[..digits].parse::<u64>();
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let unit = &rest[..letters];
        if digits == 0 {
            return Err(format!(
                "a number is missing before `{}`",
                rest.chars().next().unwrap_or(' ')
            ));
        }
        if unit.is_empty() {
            return Err("a unit is missing after a number".to_owned());
        }
        let Some(at) = UNITS.iter().position(|(name, _)| *name == unit) else {
            return Err(format!("unknown unit `{unit}`"));
        };
        if at < next_unit {
            return Err(format!("`{unit}` stands after a shorter or equal unit"));
        }
        next_unit = at + 1;
        let part = amount.ok().and_then(|n| n.checked_mul(UNITS[at].1));
        total = part.and_then(|p| total.checked_add(p)).ok_or("too long")?;
        rest = &rest[letters..];
    }
    Ok(total)
}

/// A duration as JSON gives it: a text, or a number of seconds.
pub(crate) fn duration_value(value: &Value) -> Result<Duration, String> {
    match value {
        Value::String(text) => parse_duration(text).map_err(|e| e.reason),
        Value::Number(number) => number
            .as_f64()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .filter(|d| !d.is_zero())
            .ok_or_else(|| "it must be above zero".to_owned()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err("it is no duration".to_owned())
        }
    }
}

/// Dollars as a JSON number; beyond a million is taken for a slip.
pub(crate) fn dollars_value(value: &Value) -> Option<Cost> {
    value
        .as_f64()
        .filter(|dollars| (0.0..=1e6).contains(dollars))
        .map(Cost::from_usd)
}
