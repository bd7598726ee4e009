//! Many clients and huge streams.

use std::collections::HashSet;

use scripted::{Fault, Options, Repeat, Reply, Script, Server, Step};

use crate::client::{ask, receive, send};

#[test]
fn a_thousand_clients_are_served_at_once() {
    const CLIENTS: usize = 1000;
    let script = Script::new().otherwise(Reply::text("a").fault(Fault::StallAfterEvents(1)));
    let server = Server::in_background(script).unwrap();
    let body = ask("x").to_string();

    let streams: Vec<_> = (0..CLIENTS)
        .map(|_| send(server.addr(), "/v1/messages", body.as_bytes()))
        .collect();

    assert!(server.wait_until_blocking(|requests| requests.len() == CLIENTS));
    let requests = server.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.answer.finished_ms.is_none()),
        "all are open at the same time"
    );
    let numbers: HashSet<u64> = requests.iter().map(|request| request.seq).collect();
    assert_eq!(numbers.len(), CLIENTS);
    drop(streams);
    assert!(
        server
            .wait_until_blocking(|requests| requests.iter().all(|request| request.answer.aborted))
    );
}

#[test]
fn a_stream_of_200_000_events_arrives_whole() {
    const EVENTS: usize = 200_000;
    let repeat = Step::Repeat(Repeat {
        text: "x".into(),
        count: EVENTS,
    });
    let options = Options {
        keep_bodies: false,
        ..Options::default()
    };
    let server = Server::bind(Script::new().otherwise(Reply::steps([repeat])), options).unwrap();
    let server = server.into_background().unwrap();
    for path in ["/v1/messages", "/v1/chat/completions"] {
        let received = receive(&mut send(
            server.addr(),
            path,
            ask("x").to_string().as_bytes(),
        ));
        assert_eq!(received.text().matches("\"x\"").count(), EVENTS, "{path}");
        assert!(received.is_complete);
    }
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.raw.is_empty() && request.body_bytes > 0)
    );
}
