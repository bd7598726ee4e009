//! Model calls that were billed without a reply: they count against the limits like any other, once.

use protocol::{
    Charge, Cost, Event, FaultKind, Heard, Limits, ModelEvent, ModelFault, Price, RetryHint, Usage,
};

use crate::given::*;
use crate::story::{Story, priced, session, within};

/// Three tools of 500 bytes, a prompt of 8 and an input of 2 at their most.
const PROMPT: u64 = 64 + 1_510 / 2;

/// The largest reply of the model.
const REPLY: u64 = 1_000;

fn cut(heard: Option<Heard>, retry: RetryHint) -> ModelFault {
    ModelFault {
        billed: true,
        heard,
        ..fault(FaultKind::Broken, retry)
    }
}

fn heard(told: Option<(u64, u64)>, uncounted: u64) -> Option<Heard> {
    let usage = told.map(|(input, output)| Usage {
        input,
        output,
        ..Usage::default()
    });
    Some(Heard { usage, uncounted })
}

fn tokens(most: u64) -> Limits {
    Limits {
        tokens: Some(most),
        ..Limits::default()
    }
}

/// What the newest failed attempt was charged.
fn charged(story: &Story) -> Option<Charge> {
    let attempts = story.past.iter().rev().find_map(|event| match event {
        Event::Model(ModelEvent::Retried { charge, .. } | ModelEvent::Failed { charge, .. }) => {
            Some(*charge)
        }
        _ => None,
    });
    attempts.unwrap()
}

#[test]
fn an_attempt_that_broke_off_is_charged_what_was_told_and_the_rest_as_set_aside() {
    let table = [
        ("nothing is known", None, (PROMPT, 0), true),
        ("the words are", heard(None, 100), (PROMPT, 50), true),
        (
            "the prompt is told",
            heard(Some((700, 1)), 100),
            (700, 50),
            true,
        ),
        ("all is told", heard(Some((700, 40)), 0), (700, 40), false),
        (
            "zeros tell nothing",
            heard(Some((0, 0)), 100),
            (PROMPT, 50),
            true,
        ),
        (
            "never more than set aside",
            heard(None, u64::MAX),
            (PROMPT, REPLY),
            true,
        ),
    ];
    for (what, heard, (input, output), is_estimate) in table {
        for retry in [RetryHint::Backoff, RetryHint::Never] {
            let story = session()
                .when(submit(1, "go"))
                .when(fails(0, 0, cut(heard, retry)));
            let usage = Usage {
                input,
                output,
                ..Usage::default()
            };
            let expected = Charge {
                tokens: input + output,
                is_estimate,
                usage: Some(usage),
                ..Charge::default()
            };
            assert_eq!(charged(&story), Some(expected), "{what}");
            let spent = &story.state.flow.spent;
            assert_eq!((spent.tokens, spent.steps), (input + output, 0), "{what}");
        }
    }
}

#[test]
fn an_attempt_that_was_not_billed_is_not_charged() {
    for retry in [RetryHint::Backoff, RetryHint::Never] {
        let refused = fault(FaultKind::Overloaded, retry);
        let story = within(tokens(2_000))
            .when(submit(1, "go"))
            .when(fails(0, 0, refused));
        assert_eq!(charged(&story), None);
        assert_eq!(story.state.flow.spent.tokens, 0);
    }
}

#[test]
fn a_model_that_always_breaks_off_late_is_asked_until_the_limit_and_no_further() {
    let late = || cut(heard(None, 100), RetryHint::Backoff);
    let mut story = within(tokens(5_000)).when(submit(1, "go"));
    for attempt in 0..3 {
        story = story
            .when(fails(0, attempt, late()))
            .when(waited(0, attempt + 1))
            .wishes(&format!("model 0.{}", attempt + 1));
    }
    // Four attempts at 869 leave 705 for a reply, five too little for a prompt.
    let story = story
        .when(fails(0, 3, late()))
        .when(waited(0, 4))
        .wishes("model 0.4 max 705")
        .when(fails(0, 4, late()))
        .tells("failed 0, ended limited by tokens");
    assert_eq!(story.state.flow.spent.tokens, 5 * (PROMPT + 50));
}

#[test]
fn a_prompt_that_was_counted_before_the_reply_broke_off_is_the_floor_of_the_next() {
    let counted = cut(heard(Some((3_000, 1)), 100), RetryHint::Backoff);
    let retried = within(tokens(9_000))
        .when(submit(1, "go"))
        .when(fails(0, 0, counted.clone()))
        .when(waited(0, 1));
    let agent::Phase::Calling { room, .. } = retried.state.flow.phase else {
        panic!("it is not asked again")
    };
    assert_eq!(room.reserved, 3_000 + 64 + REPLY);
    retried
        .when(fails(0, 1, counted))
        .tells("failed 0, ended limited by tokens");
}

#[test]
fn a_fault_that_stays_is_told_as_itself_even_where_nothing_is_left() {
    within(tokens(1_100))
        .when(submit(1, "go"))
        .when(fails(0, 0, cut(heard(None, 100), RetryHint::Never)))
        .tells("failed 0, ended failed");
}

#[test]
fn what_a_provider_counts_beyond_what_was_set_aside_is_noted_of_a_broken_attempt_too() {
    let beyond = cut(heard(Some((PROMPT + 30, REPLY + 4)), 0), RetryHint::Backoff);
    let limited = within(tokens(2_000)).when(submit(1, "go"));
    let story = limited
        .when(fails(0, 0, beyond.clone()))
        .tells("failed 0, ended limited by tokens");
    assert_eq!(charged(&story).unwrap().over, 34);
    let story = session().when(submit(1, "go")).when(fails(0, 0, beyond));
    assert_eq!(charged(&story).unwrap().over, 0, "nothing was promised");
}

#[test]
fn a_broken_attempt_costs_what_its_tokens_do() {
    let price = Price {
        input: 1.0,
        output: 10.0,
        cache_read: 0.1,
        cache_write: 2.0,
        long: None,
    };
    let limits = Limits {
        cost: Some(Cost::from_usd(0.007)),
        ..Limits::default()
    };
    let late = || cut(heard(Some((200, 1)), 400), RetryHint::Backoff);
    let story = priced(limits, price)
        .when(submit(1, "go"))
        .when(fails(0, 0, late()));
    let cost = Cost::from_usd((200.0 + 200.0 * 10.0) / 1e6);
    assert_eq!(charged(&story).unwrap().cost, Some(cost));
    assert_eq!(story.state.flow.spent.cost, cost);
    // Two of them leave too little of seven tenths of a cent.
    story
        .when(waited(0, 1))
        .when(fails(0, 1, late()))
        .tells("failed 0, ended limited by cost");
}

#[test]
fn a_call_lost_with_its_process_is_charged_once_whenever_the_next_one_dies() {
    let lost = |story: &Story| {
        let charges = story.past.iter().filter_map(|event| match event {
            Event::Model(ModelEvent::Lost { charge, .. }) => Some(*charge),
            _ => None,
        });
        charges.collect::<Vec<_>>()
    };
    let calling = within(tokens(9_000)).when(submit(1, "go"));
    let again = calling
        .clone()
        .when(resume(tokens(9_000)))
        .tells("lost 0, resumed, requested 0");
    let expected = Charge {
        tokens: PROMPT + 256,
        is_estimate: true,
        usage: Some(Usage {
            input: PROMPT,
            output: 256,
            ..Usage::default()
        }),
        ..Charge::default()
    };
    assert_eq!(lost(&again), [expected]);
    assert_eq!(again.state.flow.spent.tokens, PROMPT + 256);
    // The process that takes all agents of a run up says so before each of them is.
    let mut told = calling;
    let taken_up = resume(tokens(9_000));
    let resumed = agent::decide(&session().state, taken_up.clone()).unwrap();
    told.past.extend(resumed);
    let told = Story::of(told.past).when(taken_up);
    assert_eq!(lost(&told), [expected]);
    // It is asked for again, and dies again before the request is written, or before the end of the last is settled.
    for (short, told) in [
        (1, "resumed, requested 0"),
        (2, "resumed, requested 0"),
        (3, "lost 0, resumed, requested 0"),
    ] {
        let died = again.clone().without(short).when(resume(tokens(9_000)));
        assert_eq!(lost(&died.tells(told)), [expected], "{short} records short");
    }
}

#[test]
fn a_call_that_is_stopped_is_charged_as_a_lost_one_and_its_late_end_no_more() {
    let stopped = within(tokens(9_000))
        .when(submit(1, "go"))
        .when(interrupt());
    assert_eq!(stopped.state.flow.spent.tokens, PROMPT + 256);
    let late = stopped.when(says("late").to(0)).tells("");
    assert_eq!(late.state.flow.spent.tokens, PROMPT + 256);
    // It is the end of the call for the next process too.
    late.when(resume(tokens(9_000))).tells("resumed");
}

#[test]
fn nothing_is_lost_that_was_not_under_way() {
    let broke = cut(heard(None, 100), RetryHint::Backoff);
    let waiting = session().when(submit(1, "go")).when(fails(0, 0, broke));
    waiting
        .when(resume(Limits::default()))
        .tells("resumed, requested 0");
    session()
        .when(submit(1, "go"))
        .reply(says("x"))
        .when(resume(Limits::default()))
        .tells("resumed");
}

#[test]
fn a_lost_call_is_charged_no_more_than_was_set_aside() {
    let story = within(tokens(1_075))
        .when(submit(1, "go"))
        .tells("submitted, requested 0 max 256")
        .when(resume(tokens(1_075)))
        .tells("lost 0, resumed, ended limited by tokens");
    assert_eq!(story.state.flow.spent.tokens, 1_075);
}
