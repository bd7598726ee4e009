//! Watchers: every record in order, however slow they are.

use std::num::NonZero;

use actors::Session;
use futures_util::FutureExt;
use protocol::{Event, ModelEvent, Notice, Seq, TurnEvent};
use scripted::{Chunk, Repeat, Reply, Script, Step};

use crate::bench::{Bench, said, soon};

#[tokio::test]
async fn a_watcher_that_falls_behind_loses_deltas_but_no_record() {
    let many = Step::Repeat(Repeat {
        text: "word ".to_owned(),
        count: 30_000,
    });
    let reply = Reply::steps([many]).chunk(Chunk {
        tcp_bytes: NonZero::new(64),
        ..Chunk::default()
    });
    let bench = Bench::new(Script::new().otherwise(reply));
    let session = Session::open(bench.options(), None).await.unwrap();
    let mut watch = session.subscribe();
    session.submit(said("talk")).await.unwrap();
    session.rest().await.unwrap();
    let mut seen = Vec::new();
    while let Some(notice) = watch.next().await {
        let Notice::Record(record) = notice else {
            continue;
        };
        seen.push(record.seq);
        if matches!(&record.event, Event::Turn(TurnEvent::Ended { .. })) {
            break;
        }
    }
    let expected: Vec<Seq> = (1..=seen.len() as u64).map(Seq).collect();
    assert_eq!(seen, expected);
    session.close().await;
}

#[tokio::test]
async fn a_watcher_that_comes_when_all_is_over_is_told_what_was() {
    let bench = Bench::new(Script::new().otherwise(Reply::text("done")));
    let session = Session::open(bench.options(), None).await.unwrap();
    session.submit(said("talk")).await.unwrap();
    session.rest().await.unwrap();
    let mut watch = session.subscribe();
    let records = bench.records(session.id()).len() as u64;
    for seq in 1..=records {
        let notice = soon(watch.next()).await;
        let Some(Notice::Record(record)) = notice else {
            panic!("{notice:?} instead of record {seq}");
        };
        assert_eq!(record.seq, Seq(seq));
    }
    assert!(
        watch.next().now_or_never().is_none(),
        "nothing was said since"
    );
    session.close().await;
}

#[tokio::test]
async fn what_streams_by_comes_between_the_records_it_lies_between() {
    let bench = Bench::new(Script::new().otherwise(Reply::text("done")));
    let session = Session::open(bench.options(), None).await.unwrap();
    let mut watch = session.subscribe();
    session.submit(said("talk")).await.unwrap();
    session.rest().await.unwrap();
    session.close().await;
    let mut order = Vec::new();
    while let Some(notice) = soon(watch.next()).await {
        order.push(match &notice {
            Notice::Delta(_) => "piece",
            Notice::Record(record) => match &record.event {
                Event::Model(ModelEvent::Requested { .. }) => "requested",
                Event::Model(ModelEvent::Replied { .. }) => "replied",
                _ => continue,
            },
        });
    }
    order.dedup();
    assert_eq!(order, ["requested", "piece", "replied"]);
}

#[tokio::test]
async fn a_watch_ends_with_the_close_whoever_still_holds_the_session() {
    let bench = Bench::new(Script::new().otherwise(Reply::text("done")));
    let session = Session::open(bench.options(), None).await.unwrap();
    let (other, mut watch) = (session.clone(), session.subscribe());
    session.close().await;
    let mut last = None;
    while let Some(notice) = soon(watch.next()).await {
        last = Some(notice);
    }
    let ended = |notice: &Notice| matches!(notice, Notice::Record(record) if matches!(&record.event, Event::Plan(_)));
    assert!(
        last.is_some_and(|last| ended(&last)),
        "the last record was delivered"
    );
    let mut late = other.subscribe();
    assert!(soon(late.next()).await.is_some());
    while soon(late.next()).await.is_some() {}
}
