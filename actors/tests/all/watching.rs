//! Watchers: every record in order, however slow they are.

use std::num::NonZero;

use actors::Session;
use futures_util::FutureExt;
use protocol::{Event, Notice, Seq, TurnEvent};
use scripted::{Chunk, Repeat, Reply, Script, Step};

use crate::bench::{Bench, said};

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
async fn a_watcher_sees_what_was_recorded_before_it_came() {
    let bench = Bench::new(Script::new().otherwise(Reply::text("hello")));
    let session = Session::open(bench.options(), None).await.unwrap();
    let mut watch = session.subscribe();
    // Nothing follows that would show that something was missed, so it must be there at once.
    let first = watch.next().now_or_never().flatten();
    let Some(Notice::Record(first)) = first else {
        panic!("not a record: {first:?}");
    };
    assert_eq!(first.seq, Seq(1));
    session.close().await;
}
