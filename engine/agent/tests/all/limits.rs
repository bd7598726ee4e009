//! Limits: the call that would pass one is not made.

use protocol::{Block, Cost, Event, Limits, ModelEvent, Price};

use crate::given::*;
use crate::story::{Story, priced, session, within};

fn price() -> Price {
    Price {
        input: 1.0,
        output: 10.0,
        cache_read: 0.1,
        cache_write: 2.0,
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
    let story = within(tokens(1_000)).when(submit(1, "go"));
    assert_eq!(reserved(&story), 1_000);
    story
        .reply(says("x").used(100, 100))
        .when(submit(2, "go"))
        .wishes("model 1.0 max 599");
}

#[test]
fn a_call_with_no_room_for_a_reply_is_not_made() {
    within(tokens(700))
        .when(submit(1, "go"))
        .tells("submitted, requested 0 max 280");
    within(tokens(600))
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
    // 142 tokens of prompt at the dearest price of 2 dollars a million, the reply at 10.
    let story = priced(usd(0.005), price()).when(submit(1, "go"));
    story.clone().wishes("model 0.0 max 471");
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
    };
    priced(usd(0.01), free)
        .when(submit(1, "go"))
        .wishes("model 0.0");
}

#[test]
fn what_providers_do_not_count_is_estimated_prefix_and_all() {
    let counted = session().when(submit(1, "go"));
    let prompt = reserved(&counted) - 1_000;
    let story = counted.reply(says("0123456789"));
    assert_eq!(
        story.state.flow.spent.tokens,
        prompt + agent::estimate_tokens(10)
    );
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
    assert_eq!(reserved(&story), 750 + agent::estimate_tokens(10) + 1_000);
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
    assert_eq!(reserved(&seen) - reserved(&plain), 1_500);
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
