//! Laws that hold in any world: checked before and after every event of random lives with crashes.

use std::collections::HashSet;

use agent::{Phase, SlotState, State, wishes};
use proptest::prelude::*;
use protocol::{
    Block, CallId, Cost, Effect, Event, Input, Limits, Message, ModelEvent, Outcome, Price, Role,
    ToolStatus, TurnEvent, claim,
};

use crate::given::*;
use crate::story::folded;
use crate::world::{Files, World, seen, write};

/// What is set aside for the newest call.
pub(crate) fn reserved(world: &World) -> Option<u64> {
    world.past.iter().rev().find_map(|event| match event {
        Event::Model(ModelEvent::Requested { reserved, .. }) => Some(*reserved),
        Event::Model(ModelEvent::Retried { room, .. }) => room.map(|room| room.reserved),
        _ => None,
    })
}

/// Before an event is applied: ends know the state they end, requests fit what is left.
pub(crate) fn before(world: &World, event: &Event) {
    match event {
        Event::Turn(TurnEvent::Ended { state, .. }) => {
            assert_eq!(
                *state,
                world.replayed.digest(),
                "the digest is of another state"
            );
        }
        Event::Model(ModelEvent::Requested {
            reserved,
            max_tokens,
            ..
        }) => {
            fits(&world.state, *reserved, max_tokens.unwrap_or(1_000));
        }
        Event::Model(ModelEvent::Resumed { .. }) => {
            if let Phase::Waiting { room, .. } = world.state.flow.phase {
                let reply = room.max_tokens.unwrap_or(1_000);
                fits(&world.state, room.reserved, reply);
            }
        }
        _ => {}
    }
}

fn fits(state: &State, reserved: u64, reply: u64) {
    let (limits, spent) = (state.flow.limits(), &state.flow.spent);
    let price = state.flow.setup.as_ref().unwrap().traits.price;
    assert!(limits.steps.is_none_or(|most| spent.steps < most));
    assert!(
        limits
            .tokens
            .is_none_or(|most| spent.tokens + reserved <= most)
    );
    if let (Some(most), Some(price)) = (limits.cost, price) {
        let dearest = (reserved - reply) as f64 * price.cache_write + reply as f64 * price.output;
        assert!(spent.cost.usd() + dearest / 1e6 <= most.usd() + 1e-9);
    }
}

/// After a decision's events are applied.
pub(crate) fn after(world: &World) {
    let state = &world.state;
    assert_eq!(*state, world.replayed, "lived and replayed differ");
    rests_or_wishes(state);
    within_limits(world);
    beside_each_other(state);
    let open = world.is_acting() && !state.flow.calls.is_empty();
    let spoken = state.messages.len() - usize::from(open);
    well_formed(&state.messages.iter().map(|m| &**m).collect::<Vec<_>>()[..spoken]);
}

/// No limit is passed by more than a provider used beyond what was set aside.
fn within_limits(world: &World) {
    let over = world.past.iter().filter_map(|event| match event {
        Event::Model(
            ModelEvent::Replied { charge, .. }
            | ModelEvent::Retried { charge, .. }
            | ModelEvent::Failed { charge, .. },
        ) => charge.map(|charge| charge.over),
        _ => None,
    });
    let over: u64 = over.sum();
    let (limits, spent) = (world.state.flow.limits(), &world.state.flow.spent);
    assert!(limits.tokens.is_none_or(|most| spent.tokens <= most + over));
    let dearest = over as f64 * 10.0 / 1e6 + 1e-9;
    assert!(
        limits
            .cost
            .is_none_or(|most| spent.cost.usd() <= most.usd() + dearest)
    );
}

/// Nothing follows of itself any more, and whoever is busy has something to wait for.
fn rests_or_wishes(state: &State) {
    let wished = wishes(state);
    match &state.flow.phase {
        Phase::Resting => assert!(wished.is_empty() && state.flow.calls.is_empty()),
        Phase::Calling { .. } | Phase::Waiting { .. } => {
            assert!(wished.len() == 1 && state.flow.calls.is_empty());
        }
        Phase::Acting | Phase::Stopping { .. } => assert!(!wished.is_empty(), "{state:?}"),
        unstable @ (Phase::Due | Phase::Answered { .. } | Phase::Failed { .. }) => {
            panic!("left in {unstable:?}")
        }
    }
    let foreign = Input::Outcome(Outcome::NotDone { call: call(0) });
    assert_eq!(agent::decide(state, foreign), Ok(Vec::new()));
}

/// Two writes never run at once, nor two calls of which one writes what the other touches; what has
/// started is never run again.
fn beside_each_other(state: &State) {
    let mut running = Vec::new();
    for effect in wishes(state) {
        let (Effect::RunCall { call } | Effect::CommitCall { call } | Effect::SettleCall { call }) =
            effect
        else {
            continue;
        };
        let slot = state.flow.slot(call).unwrap();
        let again = matches!(effect, Effect::RunCall { .. });
        assert_eq!(
            again,
            slot.state == SlotState::Open,
            "{effect:?} in {:?}",
            slot.state
        );
        running.push(&slot.plan);
    }
    for (at, one) in running.iter().enumerate() {
        for other in &running[..at] {
            assert!(!(one.writes && other.writes), "two writes at once");
            assert!(
                !claim::conflict(&one.accesses, &other.accesses),
                "{one:?} beside {other:?}"
            );
        }
    }
}

/// Every call is answered once, in order, in the message right behind it; no answer is without its call.
fn well_formed(messages: &[&Message]) {
    assert!(
        messages
            .first()
            .is_none_or(|first| first.role == Role::User)
    );
    let mut due: Vec<CallId> = Vec::new();
    let mut known = HashSet::new();
    for message in messages {
        let (mut calls, mut results) = (Vec::new(), Vec::new());
        for block in &message.content {
            match block {
                Block::ToolUse(written) => calls.push(written.id),
                Block::ToolResult { call, .. } => results.push(*call),
                _ => {}
            }
        }
        assert!(!message.content.is_empty(), "an empty message");
        assert_eq!(
            results, due,
            "a call without its result, or a result without its call"
        );
        assert!(calls.is_empty() || message.role == Role::Assistant);
        assert!(
            calls.iter().all(|call| known.insert(*call)),
            "a call said twice"
        );
        let leads = matches!(message.content[0], Block::ToolResult { .. });
        assert_eq!(
            leads,
            !results.is_empty(),
            "results come first in their message"
        );
        due = calls;
    }
    assert_eq!(due, Vec::new(), "calls without results");
}

/// What each read was told is what it would have seen had the calls run one after another.
fn as_if_in_order(world: &World, mut files: Files) {
    for message in &world.state.messages {
        for block in &message.content {
            let Block::ToolResult {
                call,
                status,
                content,
                ..
            } = block
            else {
                continue;
            };
            let planned = &world.calls[call].planned;
            if world.took.contains(call) {
                write(&mut files, *call, &planned.accesses);
            } else if *status == ToolStatus::Ok {
                let told = protocol::ResultBlock::Text(seen(&files, &planned.accesses).into());
                assert_eq!(content[0], told, "{call} saw what it could not");
            }
        }
    }
    assert_eq!(files, world.files);
}

fn limits() -> impl Strategy<Value = Limits> {
    let rare = |range: std::ops::Range<u64>| proptest::option::weighted(0.4, range);
    (rare(0..20), rare(0..40_000), rare(0..100_000)).prop_map(|(steps, tokens, micros)| Limits {
        steps: steps.map(|most| most as u32),
        tokens,
        cost: micros.map(|most| Cost::from_usd(most as f64 / 1e6)),
        ..Limits::default()
    })
}

fn opened() -> impl Strategy<Value = Event> {
    let price = Price {
        input: 1.0,
        output: 10.0,
        cache_read: 0.1,
        cache_write: 2.0,
        long: None,
    };
    (
        limits(),
        proptest::bool::weighted(0.2),
        proptest::option::of(Just(price)),
    )
        .prop_map(|(limits, schema, price)| {
            let tools = if schema {
                ["read", agent::ANSWER_TOOL]
            } else {
                ["read", "edit"]
            };
            opening(limits, &tools, price)
        })
}

fn a_life() -> impl Strategy<Value = (Vec<u16>, Event)> {
    (proptest::collection::vec(any::<u16>(), 0..400), opened())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_life_keeps_every_law_and_comes_to_rest((rolls, opening) in a_life()) {
        let mut world = World::new(rolls, opening.clone());
        world.play();
        prop_assert!(!world.state.flow.is_busy());
        as_if_in_order(&world, World::new(Vec::new(), opening).files);
    }

    #[test]
    fn folding_in_two_parts_is_folding((rolls, opening) in a_life(), at in any::<prop::sample::Index>()) {
        let mut world = World::new(rolls, opening);
        world.play();
        let (first, rest) = world.past.split_at(at.index(world.past.len()));
        let mut state = folded(first);
        rest.iter().for_each(|event| state.apply(event));
        prop_assert_eq!(state.digest(), world.state.digest());
        prop_assert_eq!(state, world.state);
    }
}
