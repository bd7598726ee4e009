//! Retry hints in response headers: `retry-after-ms`, `retry-after` in seconds or as an HTTP date, `x-should-retry`.

use protocol::RetryHint;
use reqwest::header::HeaderMap;

/// The longest pause a server can ask for: 10 minutes.
const CAP_MS: u64 = 10 * 60 * 1000;

/// What the headers say of trying again; `None` when they say nothing.
pub(crate) fn hint(headers: &HeaderMap) -> Option<RetryHint> {
    if text(headers, "x-should-retry") == Some("false") {
        return Some(RetryHint::Never);
    }
    let asked = milliseconds(headers)?;
    // A pause of nothing is no pause: the caller's own growing one is kinder to both sides.
    Some(match asked {
        0 => RetryHint::Backoff,
        ms => RetryHint::AfterMs(ms.min(CAP_MS)),
    })
}

/// Whether the server says that trying again helps, whatever the status.
pub(crate) fn is_invited(headers: &HeaderMap) -> bool {
    text(headers, "x-should-retry") == Some("true")
}

fn milliseconds(headers: &HeaderMap) -> Option<u64> {
    let exact = text(headers, "retry-after-ms").and_then(|ms| ms.parse::<f64>().ok());
    if let Some(ms) = exact.filter(|ms| ms.is_finite() && *ms >= 0.0) {
        return Some(ms.ceil() as u64);
    }
    let after = text(headers, "retry-after")?;
    match after.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => {
            Some((seconds * 1000.0).ceil() as u64)
        }
        Ok(_) => None,
        Err(_) => until(after, text(headers, "date")?),
    }
}

/// From the server's own `date` to `then`: its clock, not ours, and no clock is read.
fn until(then: &str, date: &str) -> Option<u64> {
    let parse = |text| jiff::fmt::rfc2822::parse(text).ok();
    let pause =
        parse(then)?.timestamp().as_millisecond() - parse(date)?.timestamp().as_millisecond();
    Some(u64::try_from(pause).unwrap_or(0))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Given<'a> = &'a [(&'static str, &'a str)];

    const DATE: (&str, &str) = ("date", "Wed, 21 Oct 2015 07:28:00 GMT");

    #[test]
    fn case_28_every_spelling_of_retry_after_is_honoured_with_a_cap() {
        let table: [(Given<'_>, Option<RetryHint>); 12] = [
            (&[], None),
            (
                &[("retry-after-ms", "1500")],
                Some(RetryHint::AfterMs(1500)),
            ),
            (&[("retry-after", "7")], Some(RetryHint::AfterMs(7000))),
            (&[("retry-after", "0.25")], Some(RetryHint::AfterMs(250))),
            (
                &[("retry-after-ms", "40"), ("retry-after", "7")],
                Some(RetryHint::AfterMs(40)),
            ),
            (
                &[("retry-after", "86400")],
                Some(RetryHint::AfterMs(CAP_MS)),
            ),
            (
                &[DATE, ("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT")],
                Some(RetryHint::AfterMs(30_000)),
            ),
            (
                &[DATE, ("retry-after", "Wed, 21 Oct 2015 07:00:00 GMT")],
                Some(RetryHint::Backoff),
            ),
            (&[("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-5")], None),
            (
                &[("retry-after", "7"), ("x-should-retry", "false")],
                Some(RetryHint::Never),
            ),
        ];
        for (given, then) in table {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.insert(*name, value.parse().unwrap());
            }
            assert_eq!(hint(&headers), then, "{given:?}");
        }
    }
}
