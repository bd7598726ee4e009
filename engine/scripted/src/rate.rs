//! A provider's rate limit: at most so many model requests in any stretch of time, the others refused with 429.

use std::{
    collections::{BTreeMap, VecDeque},
    num::NonZeroU64,
};

use serde::Deserialize;

use crate::fault::{Fault, StatusFault};

/// At most `requests` model requests are answered in any `per_ms` milliseconds: a sliding window, so there is no border
/// at which twice as many get through. Refused requests do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests answered in the window.
    pub requests: NonZeroU64,
    /// The window's length, in milliseconds.
    pub per_ms: NonZeroU64,
}

/// A rate being kept: when the requests still in the window were let through.
#[derive(Debug)]
pub(crate) struct Window {
    rate: Rate,
    taken: VecDeque<u64>,
}

impl Window {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            taken: VecDeque::new(),
        }
    }

    /// Takes a place in the window at `now`, in milliseconds of a clock that never goes back.
    ///
    /// # Errors
    /// Without a place: the milliseconds until there is one.
    pub(crate) fn take(&mut self, now: u64) -> Result<(), u64> {
        let length = self.rate.per_ms.get();
        while self
            .taken
            .front()
            .is_some_and(|taken| taken.saturating_add(length) <= now)
        {
            self.taken.pop_front();
        }
        match self.taken.front() {
            Some(oldest) if self.taken.len() as u64 >= self.rate.requests.get() => {
                Err(oldest.saturating_add(length) - now)
            }
            _ => {
                self.taken.push_back(now);
                Ok(())
            }
        }
    }

    /// What a refused request is told: the wire's own error object, and when to come again, in both spellings.
    pub(crate) fn refusal(&self, wait_ms: u64) -> Fault {
        let Rate { requests, per_ms } = self.rate;
        Fault::Status(StatusFault {
            status: 429,
            headers: BTreeMap::from([
                ("retry-after".to_owned(), wait_ms.div_ceil(1000).to_string()),
                ("retry-after-ms".to_owned(), wait_ms.to_string()),
            ]),
            body: None,
            message: format!(
                "the rate limit of {requests} requests in {per_ms} ms is reached; there is a place in {wait_ms} ms"
            ),
            kind: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Rate, Window};

    fn window(requests: u64, per_ms: u64) -> Window {
        Window::new(Rate {
            requests: requests.try_into().unwrap(),
            per_ms: per_ms.try_into().unwrap(),
        })
    }

    #[test]
    fn a_place_is_free_again_when_its_window_has_passed_and_the_wait_says_when() {
        let mut window = window(2, 100);
        let table = [
            (0, Ok(())),
            (40, Ok(())),
            (41, Err(59)),
            (99, Err(1)),
            (100, Ok(())),
            (100, Err(40)),
            (139, Err(1)),
            (140, Ok(())),
            (900, Ok(())),
            (900, Ok(())),
            (900, Err(100)),
        ];
        for (now, expected) in table {
            assert_eq!(window.take(now), expected, "at {now}");
        }
    }

    #[test]
    fn whoever_waits_as_told_is_let_through() {
        let mut window = window(3, 70);
        let mut now = 0;
        let mut passed = 0;
        for step in 0..500_u64 {
            now += step % 7;
            if let Err(wait) = window.take(now) {
                now += wait;
                assert_eq!(window.take(now), Ok(()), "after {wait} ms");
            }
            passed += 1;
        }
        assert!(now * 3 / 70 + 3 >= passed, "never more than the rate");
    }
}
