//! The pace at a provider: simulated, with virtual time and a provider that refuses what goes beyond its rate.

use std::collections::VecDeque;

use scheduler::{Pace, Round, Turn};

/// A provider that lets so many calls through in any stretch of time.
struct Provider {
    most: usize,
    per_ms: u64,
    /// Whether it says how long to wait.
    tells: bool,
    taken: VecDeque<u64>,
    refused: usize,
}

impl Provider {
    fn ask(&mut self, now: u64) -> Result<(), Option<u64>> {
        while self.taken.front().is_some_and(|at| at + self.per_ms <= now) {
            self.taken.pop_front();
        }
        if self.taken.len() < self.most {
            self.taken.push_back(now);
            return Ok(());
        }
        self.refused += 1;
        let wait = self.taken.front().map(|at| at + self.per_ms - now);
        Err(wait.filter(|_| self.tells))
    }
}

/// Calls under way: when each ends, and how.
type UnderWay = Vec<(u64, Round, Result<(), Option<u64>>)>;

/// Makes `calls` of `call_ms` each as the pace allows; when the last one ended.
fn played(provider: &mut Provider, calls: usize, call_ms: u64) -> u64 {
    let mut pace = Pace::default();
    let (mut now, mut done, mut waiting) = (0, 0, calls);
    let mut under_way: UnderWay = Vec::new();
    while done < calls {
        let mut due = None;
        while waiting > 0 {
            match pace.begin(now) {
                Turn::Now(round) => {
                    let answer = provider.ask(now);
                    // A refusal comes at once, a reply takes its time.
                    let ends = now + if answer.is_ok() { call_ms } else { 5 };
                    under_way.push((ends, round, answer));
                    waiting -= 1;
                }
                Turn::At(moment) => {
                    due = Some(moment);
                    break;
                }
                Turn::Full => break,
            }
        }
        let ends = under_way.iter().map(|(ends, ..)| *ends).min();
        now = ends
            .into_iter()
            .chain(due)
            .min()
            .expect("something goes on");
        for (_, round, answer) in under_way.extract_if(.., |(ends, ..)| *ends <= now) {
            match answer {
                Ok(()) => {
                    pace.replied();
                    done += 1;
                }
                Err(wait) => {
                    assert!(pace.complained(round, now, wait, 500), "it is waited for");
                    waiting += 1;
                }
            }
        }
    }
    now
}

fn provider(tells: bool) -> Provider {
    Provider {
        most: 10,
        per_ms: 60_000,
        tells,
        taken: VecDeque::new(),
        refused: 0,
    }
}

#[test]
fn a_rate_is_nearly_used_up() {
    for (tells, call_ms) in [(true, 200), (true, 20_000), (false, 200), (false, 20_000)] {
        let mut provider = provider(tells);
        let calls = 120;
        let took = played(&mut provider, calls, call_ms);
        // The first ten need no time, the other windows a minute each.
        let least = (calls as u64 / 10 - 1) * 60_000 + call_ms;
        let used = least as f64 / took as f64;
        // Nobody can know when to ask again where the provider does not say.
        let wanted = if tells { 0.9 } else { 0.85 };
        assert!(
            used >= wanted,
            "{used} of the rate, waits told: {tells}, calls of {call_ms} ms"
        );
    }
}

#[test]
fn a_provider_is_not_stormed_with_calls_it_refuses() {
    let mut provider = provider(true);
    played(&mut provider, 400, 200);
    assert!(provider.refused < 3 * 400, "{}", provider.refused);
}

#[test]
fn nobody_waits_where_nobody_complains() {
    let mut pace = Pace::default();
    assert!((0..10_000).all(|_| matches!(pace.begin(0), Turn::Now(_))));
}

#[test]
fn complaints_of_one_round_are_heard_once() {
    let mut pace = Pace::default();
    let rounds: Vec<Round> = (0..16)
        .map(|_| match pace.begin(0) {
            Turn::Now(round) => round,
            other => panic!("{other:?}"),
        })
        .collect();
    for round in rounds {
        pace.complained(round, 0, Some(10), 0);
    }
    let begun = (0..16)
        .filter(|_| matches!(pace.begin(10), Turn::Now(_)))
        .count();
    assert_eq!(
        begun, 8,
        "half of what was too much, not a sixty-four-thousandth"
    );
}

#[test]
fn a_provider_that_only_complains_is_given_up_in_the_end() {
    let mut pace = Pace::default();
    let mut now = 0;
    for _ in 0..10_000 {
        match pace.begin(now) {
            Turn::Now(round) => {
                if !pace.complained(round, now, None, 500) {
                    return;
                }
            }
            Turn::At(moment) => now = moment,
            Turn::Full => panic!("nothing is under way"),
        }
    }
    panic!("it would be asked for ever");
}
