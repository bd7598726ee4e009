//! Streams as networks deliver them: cut, split, silent, in every line ending.

use std::sync::mpsc;
use std::time::Duration;

use protocol::{DeltaBody, FaultKind, RetryHint};
use providers::{Endpoint, Exchange, SseReader, Wire, connect};

use crate::happy::{CHAT, MESSAGES};
use crate::server::{
    Play, Server, call_ids, chat_stream, exchange_at, messages_stream, played, prompt, streamed,
    text_of,
};

fn streams() -> [(Wire, String); 2] {
    [
        (Wire::Anthropic, messages_stream(MESSAGES)),
        (Wire::OpenAiChat, chat_stream(CHAT)),
    ]
}

#[tokio::test]
async fn case_13_closed_before_any_byte() {
    for (wire, _) in streams() {
        for answer in [Vec::new(), streamed("")] {
            let outcome = played(wire, Play::Close(answer)).await;
            assert_eq!(outcome.deltas, vec![]);
            let fault = outcome.fault();
            assert_eq!(
                (fault.kind, fault.retry, fault.billed),
                (FaultKind::Broken, RetryHint::Backoff, false)
            );
        }
    }
}

#[tokio::test]
async fn case_13_closed_in_mid_stream() {
    for (wire, stream) in streams() {
        let half = &stream[..stream.find("réad").unwrap() + 1];
        let outcome = played(wire, Play::Close(streamed(half))).await;
        assert_eq!(outcome.deltas[0], DeltaBody::ReplyBegins { step: 0 });
        let fault = outcome.fault();
        assert_eq!(
            (fault.kind, fault.retry, fault.billed, fault.status),
            (FaultKind::Broken, RetryHint::Backoff, true, Some(200))
        );
    }
}

/// A response whose body lacks its closing empty chunk.
fn chunked(body: &str) -> Vec<u8> {
    let headers =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    format!("{headers}{:x}\r\n{body}\r\n", body.len()).into_bytes()
}

#[tokio::test]
async fn case_13_a_chunked_body_without_its_end_is_broken_before_the_closing_event_and_whole_after_it()
 {
    for (wire, stream) in streams() {
        let half = &stream[..stream.find("réad").unwrap()];
        assert_eq!(
            played(wire, Play::Close(chunked(half))).await.fault().kind,
            FaultKind::Broken
        );
        assert_eq!(
            text_of(&played(wire, Play::Close(chunked(&stream))).await.reply()),
            "I réad 🦀"
        );
    }
}

#[tokio::test]
async fn a_silent_stream_is_broken_by_the_watchdog() {
    for (wire, stream) in streams() {
        let half = streamed(&stream[..stream.len() / 2]);
        let server = Server::start(vec![Play::Hang(half)]);
        let mut endpoint = Endpoint::new("test", wire, &*server.url);
        endpoint.idle = Duration::from_millis(30);
        let fault = exchange_at(endpoint, &prompt("hello")).await.fault();
        assert_eq!(
            (fault.kind, fault.retry, fault.billed),
            (FaultKind::Broken, RetryHint::Backoff, true)
        );
        assert!(
            fault.message.contains("silent for 30ms"),
            "{}",
            fault.message
        );
    }
}

#[tokio::test]
async fn on_loopback_the_first_byte_may_take_its_time() {
    for (wire, stream) in streams() {
        let server = Server::start(vec![Play::Close(streamed(&stream))]);
        let mut endpoint = Endpoint::new("test", wire, &*server.url);
        endpoint.first_byte = Some(Duration::ZERO);
        let outcome = exchange_at(endpoint, &prompt("hello")).await;
        assert_eq!(text_of(&outcome.reply()), "I réad 🦀");
    }
}

#[tokio::test]
async fn a_stream_that_has_ended_is_left_though_the_server_stays() {
    for (wire, stream) in streams() {
        let outcome = played(wire, Play::Hang(streamed(&stream))).await;
        assert_eq!(text_of(&outcome.reply()), "I réad 🦀");
    }
}

#[tokio::test]
async fn the_next_exchange_uses_the_same_connection_though_the_end_of_the_body_comes_late() {
    for (wire, stream) in streams() {
        let (first, first_gate) = mpsc::channel();
        let (second, second_gate) = mpsc::channel();
        let server = Server::start(vec![
            Play::Keep(chunked(&stream), first_gate),
            Play::Keep(chunked(&stream), second_gate),
        ]);
        let provider = connect(Endpoint::new("test", wire, &*server.url)).unwrap();
        for gate in [first, second] {
            // The last event has been read when the last block ends.
            let deltas = |delta| {
                if matches!(delta, DeltaBody::BlockEnds { .. }) {
                    let _ = gate.send(());
                }
            };
            let (prompt, new_call) = (prompt("hello"), call_ids());
            let reply = provider.exchange(Exchange {
                prompt: &prompt,
                new_call: &new_call,
                deltas: &deltas,
            });
            assert_eq!(text_of(&reply.await.unwrap()), "I réad 🦀");
        }
    }
}

#[tokio::test]
async fn an_exchange_that_is_dropped_closes_its_connection() {
    let server = Server::start(vec![Play::Hang(streamed(&messages_stream(&MESSAGES[..4])))]);
    let provider = connect(Endpoint::new("test", Wire::Anthropic, &*server.url)).unwrap();
    let begun = tokio::sync::Notify::new();
    let prompt = prompt("hello");
    let (new_call, deltas) = (call_ids(), |_| begun.notify_one());
    let exchange = provider.exchange(Exchange {
        prompt: &prompt,
        new_call: &new_call,
        deltas: &deltas,
    });
    tokio::select! {
        outcome = exchange => panic!("a silent server made {outcome:?}"),
        () = begun.notified() => {}
    }
    tokio::task::spawn_blocking(move || server.wait_until_left())
        .await
        .unwrap();
}

#[tokio::test]
async fn case_30_line_ends_byte_order_marks_and_missing_blank_lines_do_not_matter() {
    for (wire, stream) in streams() {
        let stream = stream.trim_end();
        let shapes = [
            stream.to_owned(),
            format!("{stream}\n"),
            stream.replace('\n', "\r\n"),
            stream.replace('\n', "\r"),
            format!("\u{feff}{stream}\n\n"),
            format!("\n\n{stream}\n\n"),
            stream.replace("data: ", "data:"),
            // JSON may be broken into data lines wherever it allows a line feed.
            stream.replace(",\"", ",\ndata: \""),
        ];
        for shape in shapes {
            let reply = played(wire, Play::Close(streamed(&shape))).await.reply();
            assert_eq!(text_of(&reply), "I réad 🦀", "{shape}");
        }
    }
}

#[test]
fn case_29_events_are_the_same_wherever_reads_are_split() {
    let stream = "\u{feff}: hi\r\n\r\nevent: a\r\ndata: é🦀\r\ndata: two\r\n\r\nid: 7\ndata:x\n\nevent: lost\n\ndata\n\rdata: last";
    let read = |pieces: &[&[u8]]| {
        let mut reader = SseReader::default();
        let mut events = Vec::new();
        for piece in pieces {
            reader.push(piece);
            while let Some(event) = reader.next_event().unwrap() {
                events.push((event.name.into_owned(), event.data.into_owned()));
            }
        }
        reader.finish();
        while let Some(event) = reader.next_event().unwrap() {
            events.push((event.name.into_owned(), event.data.into_owned()));
        }
        events
    };
    let own = |name: &str, data: &str| (name.to_owned(), data.to_owned());
    let whole = vec![
        own("a", "é🦀\ntwo"),
        own("", "x"),
        own("", ""),
        own("", "last"),
    ];
    let bytes = stream.as_bytes();
    assert_eq!(read(&[bytes]), whole);
    for cut in 0..=bytes.len() {
        assert_eq!(
            read(&[&bytes[..cut], &bytes[cut..]]),
            whole,
            "split at {cut}"
        );
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(read(&single), whole);
}

#[test]
fn an_event_without_end_is_refused_before_it_fills_the_memory() {
    let mut reader = SseReader::default();
    let megabyte = vec![b'x'; 1024 * 1024];
    reader.push(b"data: ");
    let refused = (0..40).find(|_| {
        reader.push(&megabyte);
        reader.next_event().is_err()
    });
    assert_eq!(refused, Some(31));
}
