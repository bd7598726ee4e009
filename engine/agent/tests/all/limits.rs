//! Limits: the call that would pass one is not made.

use protocol::{Block, Charge, Cost, Event, Limits, LongPrompt, ModelEvent, Price};

use crate::given::*;
use crate::story::{Story, priced, session, within};

fn price() -> Price {
    Price {
        input: 1.0,
        output: 10.0,
        cache_read: 0.1,
        cache_write: 2.0,
        long: None,
    }
}

fn tokens(most: u64) -> Limits {
    Limits {
        tokens: Some(most),
        ..Limits::default()
    }
}

fn usd(most: f64) -> Limits {
    Limits {
        cost: Some(Cost::from_usd(most)),
        ..Limits::default()
    }
}

/// What the newest request set aside.
fn reserved(story: &Story) -> u64 {
    let requests = story.past.iter().rev().find_map(|event| match event {
        Event::Model(ModelEvent::Requested { reserved, .. }) => Some(*reserved),
        _ => None,
    });
    requests.unwrap()
}

/// What the newest reply was charged.
fn charged(story: &Story) -> Charge {
    let replies = story.past.iter().rev().find_map(|event| match event {
        Event::Model(ModelEvent::Replied { charge, .. }) => *charge,
        _ => None,
    });
    replies.unwrap()
}

#[test]
fn at_most_so_many_model_calls_are_made_in_a_run() {
    for most in 0..4 {
        let limits = Limits {
            steps: Some(most),
            ..Limits::default()
        };
        let mut story = within(limits).when(submit(1, "go"));
        let mut made = 0;
        while story.state.flow.is_busy() {
            story = story.reply(asks([broken(made)]));
            made += 1;
        }
        assert_eq!(made, most);
        story
            .when(submit(2, "more"))
            .tells("submitted, ended limited by steps");
    }
}

#[test]
fn the_calls_of_the_last_allowed_reply_still_run() {
    let limits = Limits {
        steps: Some(1),
        ..Limits::default()
    };
    let story = within(limits)
        .when(submit(1, "go"))
        .reply(asks([read(1, "/w/a")]))
        .wishes("run 1")
        .when(ok(1))
        .tells("finished 1 Ok, ended limited by steps");
    assert_eq!(story.conversation()[2], "user: Ok wire-1");
}

#[test]
fn a_reply_is_asked_for_as_long_as_the_tokens_left_allow() {
    within(tokens(5_000))
        .when(submit(1, "go"))
        .wishes("model 0.0")
        .reply(asks([broken(1)]).used(4_000, 100))
        .tells("replied 0, finished 1 Failed, ended limited by tokens");
    let story = within(tokens(1_200)).when(submit(1, "go"));
    assert_eq!(reserved(&story), 1_200);
    story
        .reply(says("x").used(100, 100))
        .when(submit(2, "go"))
        .wishes("model 1.0 max 735");
}

#[test]
fn a_call_with_no_room_for_a_reply_is_not_made() {
    within(tokens(1_100))
        .when(submit(1, "go"))
        .tells("submitted, requested 0 max 281");
    within(tokens(1_074))
        .when(submit(1, "go"))
        .tells("submitted, ended limited by tokens");
    within(tokens(0))
        .when(submit(1, "go"))
        .tells("submitted, ended limited by tokens");
    priced(usd(0.0), price())
        .when(submit(1, "go"))
        .tells("submitted, ended limited by cost");
}

#[test]
fn money_left_buys_the_prompt_first_and_then_the_reply() {
    // 319 tokens of prompt at most, at the dearest price of 2 dollars a million, the reply at 10.
    let story = priced(usd(0.005), price()).when(submit(1, "go"));
    story.clone().wishes("model 0.0 max 436");
    story
        .reply(asks([broken(1)]).used(100, 10).costs(0.003))
        .tells("replied 0, finished 1 Failed, ended limited by cost");
}

#[test]
fn a_model_that_costs_nothing_is_never_stopped_by_money() {
    let free = Price {
        input: 0.0,
        output: 0.0,
        cache_read: 0.0,
        cache_write: 0.0,
        long: None,
    };
    priced(usd(0.01), free)
        .when(submit(1, "go"))
        .wishes("model 0.0");
}

#[test]
fn what_providers_do_not_count_is_estimated_prefix_and_all() {
    let counted = session().when(submit(1, "go"));
    let story = counted.reply(says("0123456789"));
    // Three tools of 500 bytes, a prompt of 8, an input of 2.
    let estimate = agent::estimate_tokens(1_510) + agent::estimate_tokens(10);
    assert_eq!(story.state.flow.spent.tokens, estimate);
    assert!(charged(&story).is_estimate);
    // Zeros are no count.
    let zeros = session()
        .when(submit(1, "go"))
        .reply(says("0123456789").used(0, 0));
    assert_eq!(zeros.state.flow.spent, story.state.flow.spent);
}

#[test]
fn a_count_is_the_floor_of_the_next_prompt() {
    let story = session()
        .when(submit(1, "go"))
        .reply(says("x").used(700, 50))
        .when(submit(2, "0123456789"));
    assert_eq!(reserved(&story), 750 + 64 + 5 + 1_000);
}

#[test]
fn pictures_count_wherever_they_come_from() {
    let picture = Block::Image {
        media_type: "image/png".into(),
        data: "xx".into(),
    };
    let with = |content| protocol::Input::Command(protocol::Command::Steer { content });
    let plain = session()
        .when(submit(1, "go"))
        .when(steer("look"))
        .reply(says("x").used(10, 10));
    let seen = session()
        .when(submit(1, "go"))
        .when(with(vec![text("look"), picture]))
        .reply(says("x").used(10, 10));
    assert_eq!(reserved(&seen) - reserved(&plain), 2_700);
}

#[test]
fn absurd_counts_do_not_overflow() {
    let limits = Limits {
        tokens: Some(u64::MAX),
        cost: Some(Cost(u64::MAX)),
        ..Limits::default()
    };
    priced(limits, price())
        .when(submit(1, "go"))
        .reply(asks([broken(1)]).used(u64::MAX, u64::MAX).costs(1e300))
        .tells("replied 0, finished 1 Failed, ended limited by cost");
}

#[test]
fn what_a_provider_uses_beyond_what_was_set_aside_is_noted_and_is_the_last() {
    let story = within(tokens(2_000))
        .when(submit(1, "go"))
        .reply(asks([broken(1)]).used(800, 1_700))
        .tells("replied 0, finished 1 Failed, ended limited by tokens");
    // A reply of at most 1,000 was asked for.
    assert_eq!(charged(&story).over, 700);
    assert_eq!(story.state.flow.spent.tokens, 2_500);
    // Where nothing is limited nothing was promised.
    let story = session()
        .when(submit(1, "go"))
        .reply(says("x").used(9_000, 9_000));
    assert_eq!(charged(&story).over, 0);
}

#[test]
fn without_a_price_no_money_is_spent() {
    within(usd(1.0))
        .when(submit(1, "go"))
        .tells("submitted, ended limited by cost");
}

#[test]
fn what_was_not_counted_costs_its_estimate_and_never_nothing() {
    let story = priced(usd(1.0), price())
        .when(submit(1, "go"))
        .reply(says("0123456789"));
    let (prompt, said) = (agent::estimate_tokens(510), agent::estimate_tokens(10));
    let cost = Cost::from_usd((prompt as f64 + said as f64 * 10.0) / 1e6);
    assert_eq!(story.state.flow.spent.cost, cost);
    // Zeros are no count, and what they cost is no price.
    let zeros = priced(usd(1.0), price())
        .when(submit(1, "go"))
        .reply(says("0123456789").used(0, 0).costs(0.0));
    assert_eq!(zeros.state.flow.spent, story.state.flow.spent);
}

#[test]
fn a_long_prompt_is_set_aside_at_its_own_tariff() {
    let long = LongPrompt {
        above: 300,
        prompt: 2.0,
        reply: 1.5,
    };
    let dearer = Price {
        long: Some(long),
        ..price()
    };
    // 319 tokens of prompt at 4 dollars a million, the reply at 15.
    priced(usd(0.006), dearer)
        .when(submit(1, "go"))
        .wishes("model 0.0 max 314");
}

#[test]
fn near_a_limit_the_model_is_told_once_to_come_to_an_end() {
    let calls = Limits {
        steps: Some(10),
        ..Limits::default()
    };
    for (limits, at, words) in [
        (tokens(56_000), 8, "45900 of 56000 tokens"),
        (usd(1.0), 7, "0.8000 of 1.0000 dollars"),
        (calls, 7, "8 of 10 model calls"),
    ] {
        let mut story = priced(limits, price()).when(submit(1, "go"));
        for n in 0..9 {
            story = story.reply(asks([broken(n)]).used(5_000, 100).costs(0.1));
            let warned = if n == at { "warned, " } else { "" };
            let told = format!(
                "replied {n}, finished {n} Failed, {warned}requested {}",
                n + 1
            );
            story = story.tells(&told);
        }
        let heard = story.conversation();
        let told = heard.iter().filter(|said| said.contains(words));
        assert_eq!(told.count(), 1, "{heard:?}");
    }
}
