//! Durations as plan files write them: `90s`, `10m`, `1h30m`, `250ms`; a bare number means seconds.

/// Units, longest first: the order in which they may follow one another.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// A duration in milliseconds, above zero; `None` if it cannot be read.
pub(super) fn read(text: &str) -> Option<u64> {
    let text = text.trim();
    let seconds = text.parse::<u64>().ok();
    let ms = match seconds {
        Some(seconds) => seconds.checked_mul(1_000)?,
        None => with_units(text)?,
    };
    (ms > 0).then_some(ms)
}

fn with_units(mut rest: &str) -> Option<u64> {
    let (mut total, mut next_unit) = (0_u64, 0);
    while !rest.is_empty() {
        let (amount, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic());
        let (unit, after) = after.split_at(letters.unwrap_or(after.len()));
        let at = UNITS.iter().position(|(name, _)| *name == unit)?;
        if at < next_unit {
            return None;
        }
        next_unit = at + 1;
        let part = amount.parse::<u64>().ok()?.checked_mul(UNITS[at].1)?;
        total = total.checked_add(part)?;
        rest = after;
    }
    Some(total)
}
