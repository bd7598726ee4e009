//! Laws over any records at all.

use std::fmt::Debug;

use proptest::prelude::*;
use protocol::{
    BlobId, Event, Fact, Kind, Node, NodeEnd, Plan, PlanEvent, Record, TurnEnd, Usage, Verdict,
};
use views::{Denials, FilesTouched, LastTurn, Ledger, Summary, Swarm, Timeline, Transcript, View};

use crate::given::*;

fn event() -> impl Strategy<Value = Event> {
    let n = || 1..5u8;
    prop_oneof![
        Just(opened("/w")),
        Just(resumed()),
        (n(), ".{0,12}").prop_map(|(n, text)| submitted(n, &text)),
        Just(ended(TurnEnd::Completed)),
        any::<bool>().prop_map(|billed| failed(0, billed)),
        (n(), any::<bool>(), "m-[12]").prop_map(|(n, known, model)| {
            let mut reply = reply(vec![
                text_block("x"),
                use_block(n, "Edit", r#"{"path":"p"}"#),
            ]);
            reply.model = model;
            reply.cost = reply.cost.filter(|_| known);
            replied(0, reply)
        }),
        any::<bool>().prop_map(|billed| retried(0, billed)),
        n().prop_map(started),
        n().prop_map(reopened),
        (n(), 0..9u64, 0..9u64).prop_map(|(n, began, took)| {
            let fact = Fact::FileSeen {
                path: format!("/w/{n}").into(),
                content: BlobId::of(b""),
            };
            finished(n, (began, began + took), ok("out").knowing(fact))
        }),
        n().prop_map(|n| decided(n, Verdict::Deny(reason("no")))),
        prop::collection::vec(n(), 0..4).prop_map(|nodes| planned(&nodes)),
        (n(), 0..4u8).prop_map(|(n, step)| moved(n, step)),
    ]
}

/// A plan of these nodes, each after the one before it.
fn planned(nodes: &[u8]) -> Event {
    let made = (0..nodes.len()).map(|at| {
        let mut made = Node::new(node(nodes[at]), Kind::Edit, "t");
        made.deps = nodes[..at].iter().rev().take(1).map(|n| node(*n)).collect();
        made
    });
    Event::Plan(PlanEvent::Accepted {
        plan: Plan {
            nodes: made.collect(),
            ..Plan::default()
        },
    })
}

fn moved(n: u8, step: u8) -> Event {
    let end = |end| PlanEvent::NodeEnded {
        node: node(n),
        end,
        why: None,
    };
    Event::Plan(match step {
        0 => PlanEvent::NodeStarted {
            node: node(n),
            agent: agent(n),
            attempt: None,
        },
        1 => end(NodeEnd::Done),
        2 => end(NodeEnd::Failed),
        _ => PlanEvent::Closed,
    })
}

fn journal() -> impl Strategy<Value = Vec<Record>> {
    let one = (1..4u8, prop::option::of(1..4u8), event());
    prop::collection::vec(one, 0..40).prop_map(|given| {
        let numbered = (1..).zip(given);
        numbered
            .map(|(seq, (who, of, event))| {
                let mut record = by(who, seq, event);
                record.turn = of.map(turn);
                record
            })
            .collect()
    })
}

fn folds_in_parts<V: View + PartialEq + Debug>(records: &[Record], at: usize) {
    let (a, b) = records.split_at(at);
    let mut parts = V::fold(a);
    b.iter().for_each(|record| parts.apply(record));
    assert_eq!(parts, V::fold(records));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn folding_in_parts_is_folding(records in journal(), at in any::<prop::sample::Index>()) {
        let at = at.index(records.len() + 1);
        folds_in_parts::<Ledger>(&records, at);
        folds_in_parts::<Transcript>(&records, at);
        folds_in_parts::<Summary>(&records, at);
        folds_in_parts::<Denials>(&records, at);
        folds_in_parts::<Timeline>(&records, at);
        folds_in_parts::<Swarm>(&records, at);
        folds_in_parts::<FilesTouched>(&records, at);
        folds_in_parts::<LastTurn>(&records, at);
    }

    #[test]
    fn the_last_turn_of_the_transcript_is_the_last_turn(records in journal()) {
        let (transcript, last) = (Transcript::fold(&records), LastTurn::fold(&records));
        let (lines, last) = (transcript.turns.last(), last.get());
        prop_assert_eq!(lines.map(|turn| (turn.id, turn.began, turn.ended)), last.map(|turn| (turn.id, turn.began, turn.ended)));
        prop_assert_eq!(lines.map(|turn| &turn.end), last.map(|turn| &turn.end));
    }

    #[test]
    fn every_way_to_split_the_ledger_comes_to_the_same_sum(records in journal()) {
        let ledger = Ledger::fold(&records);
        let total = ledger.total.clone();
        let agents: Vec<_> = ledger.agents.values().collect();
        let nodes: Vec<_> = ledger.nodes.values().collect();
        let models: Vec<_> = ledger.models.values().chain([&ledger.unanswered]).collect();
        for accounts in [&agents, &nodes, &models] {
            let mut usage = Usage::default();
            accounts.iter().for_each(|tally| usage += tally.usage);
            prop_assert_eq!(usage, total.usage);
            prop_assert_eq!(accounts.iter().map(|tally| tally.steps).sum::<u32>(), total.steps);
            let known = accounts.iter().all(|tally| tally.cost.is_some());
            prop_assert_eq!(known, total.cost.is_some());
        }
    }

    #[test]
    fn a_write_is_under_way_or_in_doubt_but_never_both(records in journal()) {
        let summary = Summary::fold(&records);
        prop_assert!(summary.writes.under_way.iter().all(|call| !summary.writes.in_doubt.contains(call)));
    }
}
