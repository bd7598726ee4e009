//! Tokens and money add up.

use proptest::prelude::*;
use protocol::{Cost, Price, Timestamp, Usage};

const PRICE: Price = Price {
    input: 3.0,
    output: 15.0,
    cache_read: 0.3,
    cache_write: 3.75,
    long: None,
};

fn usage() -> impl Strategy<Value = Usage> {
    let n = || 0..10_000_000u64;
    (n(), n(), n(), n()).prop_map(|(input, output, cache_read, cache_write)| Usage {
        input,
        output,
        cache_read,
        cache_write,
    })
}

#[test]
fn a_call_costs_the_sum_of_its_parts() {
    for (usage, pico) in [
        (Usage::default(), 0),
        (
            Usage {
                input: 1,
                ..Usage::default()
            },
            3_000_000,
        ),
        (
            Usage {
                output: 1,
                ..Usage::default()
            },
            15_000_000,
        ),
        (
            Usage {
                cache_read: 1,
                ..Usage::default()
            },
            300_000,
        ),
        (
            Usage {
                cache_write: 1,
                ..Usage::default()
            },
            3_750_000,
        ),
        (
            Usage {
                input: 1_000_000,
                output: 1_000_000,
                ..Usage::default()
            },
            18_000_000_000_000,
        ),
    ] {
        assert_eq!(PRICE.cost(&usage), Cost(pico), "{usage:?}");
    }
}

#[test]
fn dollars_that_are_no_amount_are_none() {
    for usd in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Cost::from_usd(usd), Cost(0), "{usd}");
    }
    assert_eq!(Cost::from_usd(1.25), Cost(1_250_000_000_000));
    assert_eq!(Cost::from_usd(1e300), Cost(u64::MAX));
}

#[test]
fn sums_stop_at_the_largest_number() {
    let most = Usage {
        input: u64::MAX,
        output: u64::MAX,
        cache_read: 1,
        cache_write: 1,
    };
    assert_eq!((most.total(), most.prompt()), (u64::MAX, u64::MAX));
    let mut usage = most;
    usage += most;
    assert_eq!(
        usage,
        Usage {
            cache_read: 2,
            cache_write: 2,
            ..most
        }
    );
    let mut cost = Cost(u64::MAX);
    cost += Cost(1);
    assert_eq!(cost, Cost(u64::MAX));
}

#[test]
fn a_clock_that_went_backwards_measures_nothing() {
    assert_eq!(
        (
            Timestamp(5).since(Timestamp(3)),
            Timestamp(3).since(Timestamp(5))
        ),
        (2, 0)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn usage_adds_up_part_by_part(a in usage(), b in usage()) {
        let mut sum = a;
        sum += b;
        prop_assert_eq!(sum.total(), a.total() + b.total());
        prop_assert_eq!(sum.prompt() + sum.output, sum.total());
    }

    /// Money is rounded once a call, so sums differ by at most a pico-dollar a call.
    #[test]
    fn cost_adds_up_and_never_falls_with_use(a in usage(), b in usage()) {
        let mut sum = a;
        sum += b;
        let (whole, mut parts) = (PRICE.cost(&sum), PRICE.cost(&a));
        prop_assert!(whole >= parts);
        parts += PRICE.cost(&b);
        prop_assert!(whole.0.abs_diff(parts.0) <= 2 + whole.0 / 1_000_000_000_000_000);
    }

    #[test]
    fn dollars_survive_being_money(cents in 0..100_000_000u32) {
        let usd = f64::from(cents) / 100.0;
        prop_assert!((Cost::from_usd(usd).usd() - usd).abs() < 1e-9);
    }
}
