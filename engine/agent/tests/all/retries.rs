//! Failed model calls: when they are tried again, and when the turn is given up.

use protocol::{FaultKind, Limits, Outcome, RetryHint};

use crate::given::*;
use crate::story::{Story, session, within};

const ALL: [FaultKind; 9] = [
    FaultKind::Unreachable,
    FaultKind::Authentication,
    FaultKind::RateLimited,
    FaultKind::Overloaded,
    FaultKind::BadRequest,
    FaultKind::ContextTooLong,
    FaultKind::Broken,
    FaultKind::Garbled,
    FaultKind::Reported,
];

fn calling(retries: Option<u32>) -> Story {
    let limits = Limits {
        retries,
        ..Limits::default()
    };
    within(limits).when(submit(1, "go"))
}

/// How many attempts are made before the turn is given up.
fn attempts(mut story: Story, kind: FaultKind, retry: RetryHint) -> u32 {
    for attempt in 0.. {
        story = story.when(fails(0, attempt, fault(kind, retry)));
        if !story.state.flow.is_busy() {
            return attempt + 1;
        }
        story = story
            .when(waited(0, attempt + 1))
            .wishes(&format!("model 0.{}", attempt + 1));
    }
    unreachable!()
}

#[test]
fn a_fault_that_may_pass_is_waited_out_and_tried_again() {
    session()
        .when(submit(1, "go"))
        .when(fails(
            0,
            0,
            fault(FaultKind::Overloaded, RetryHint::Backoff),
        ))
        .tells("retried 0.1 in 500")
        .wishes("wait 0.1 500")
        .when(waited(0, 1))
        .tells("again 0.1")
        .wishes("model 0.1")
        .when(fails(
            0,
            1,
            fault(FaultKind::Overloaded, RetryHint::Backoff),
        ))
        .tells("retried 0.2 in 1000")
        .when(waited(0, 2))
        .reply(says("here"))
        .tells("replied 0, ended completed")
        .when(submit(2, "more"))
        .wishes("model 1.0");
}

#[test]
fn a_fault_that_stays_ends_the_turn_at_once() {
    for kind in ALL {
        assert_eq!(attempts(calling(None), kind, RetryHint::Never), 1);
    }
    calling(None)
        .when(fails(0, 0, fault(FaultKind::BadRequest, RetryHint::Never)))
        .tells("failed 0, ended failed")
        .wishes("");
}

#[test]
fn attempts_are_counted_and_an_address_where_nothing_listens_gets_fewer() {
    for kind in ALL {
        let most = if kind == FaultKind::Unreachable { 4 } else { 7 };
        assert_eq!(attempts(calling(None), kind, RetryHint::Backoff), most);
        assert_eq!(attempts(calling(None), kind, RetryHint::AfterMs(1)), most);
        assert_eq!(attempts(calling(Some(0)), kind, RetryHint::Backoff), 1);
        assert_eq!(attempts(calling(Some(2)), kind, RetryHint::Backoff), 3);
    }
}

#[test]
fn the_pause_a_provider_asks_for_is_kept_up_to_ten_minutes() {
    for (asked, waits) in [
        (0, 0),
        (1, 1),
        (45_000, 45_000),
        (600_000, 600_000),
        (u64::MAX, 600_000),
    ] {
        calling(None)
            .when(fails(
                0,
                0,
                fault(FaultKind::RateLimited, RetryHint::AfterMs(asked)),
            ))
            .wishes(&format!("wait 0.1 {waits}"));
    }
}

#[test]
fn the_pause_doubles_to_a_bound_and_is_spread_by_a_quarter() {
    for (attempt, middle) in [
        (0, 500),
        (1, 1_000),
        (4, 8_000),
        (5, 16_000),
        (6, 16_000),
        (40, 16_000),
    ] {
        let pauses: Vec<u64> = [0, 250, 500, 999, u16::MAX]
            .map(|dice| pause(attempt, dice))
            .to_vec();
        assert_eq!(pauses[0], middle * 3 / 4);
        assert_eq!(pauses[2], middle);
        assert!(pauses.is_sorted(), "{pauses:?}");
        assert!(
            pauses[3] < middle * 5 / 4 && pauses[4] == pauses[3],
            "{pauses:?}"
        );
    }
}

/// The pause after `attempt` earlier failures.
fn pause(attempt: u32, dice: u16) -> u64 {
    let mut story = calling(Some(100));
    for before in 0..attempt {
        let passing = fault(FaultKind::Overloaded, RetryHint::AfterMs(0));
        story = story
            .when(fails(0, before, passing))
            .when(waited(0, before + 1));
    }
    let fault = fault(FaultKind::Overloaded, RetryHint::Backoff);
    let failed = Outcome::ModelFailed {
        step: 0,
        attempt,
        fault,
        dice,
    };
    match story.when(outcome(failed)).state.flow.phase {
        agent::Phase::Waiting { ms, .. } => ms,
        other => panic!("{other:?}"),
    }
}

#[test]
fn attempts_of_one_step_do_not_count_for_the_next() {
    let passing = || fault(FaultKind::Overloaded, RetryHint::Backoff);
    calling(Some(1))
        .when(fails(0, 0, passing()))
        .when(waited(0, 1))
        .reply(asks([broken(1)]))
        .wishes("model 1.0")
        .when(fails(1, 0, passing()))
        .tells("retried 1.1 in 500");
}
