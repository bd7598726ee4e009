//! Replies that go wrong on purpose, seen from the client's end of the socket.

use std::{
    io::{Read, Write},
    net::TcpStream,
    num::NonZeroUsize,
};

use scripted::{Background, Chunk, Fault, Reply, Script, Server, Step};
use serde_json::json;

use crate::client::{Received, ask, header, post, receive, send};

const ANTHROPIC: &str = "/v1/messages";
const OPENAI: &str = "/v1/chat/completions";

fn playing(reply: Reply) -> Background {
    Server::in_background(Script::new().otherwise(reply)).unwrap()
}

fn from_json(reply: &str) -> Background {
    let script = format!(r#"{{"version": 1, "otherwise": {reply}}}"#);
    Server::in_background(Script::from_json(&script).unwrap()).unwrap()
}

fn text_of(received: &Received) -> String {
    received
        .events()
        .iter()
        .filter_map(|event| event["delta"]["text"].as_str())
        .collect()
}

#[test]
fn a_status_comes_in_each_wires_error_shape() {
    let server = from_json(
        r#"{"fault": {"status": 529, "headers": {"retry-after": "1"}, "message": "busy"}}"#,
    );

    let anthropic = post(server.addr(), ANTHROPIC, &ask("x"));
    assert_eq!(anthropic.status, 529);
    assert_eq!(header(&anthropic.head, "retry-after"), Some("1"));
    assert_eq!(
        anthropic.json(),
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}})
    );

    let openai = post(server.addr(), OPENAI, &ask("x")).json();
    assert_eq!(
        openai,
        json!({"error": {"message": "busy", "type": "server_error", "param": null, "code": null}})
    );
}

#[test]
fn a_status_may_bring_its_own_body_and_type() {
    let server = from_json(
        r#"{"fault": {"status": 503, "headers": {"Content-Type": "text/html"}, "body": "<h1>no"}}"#,
    );
    let received = post(server.addr(), ANTHROPIC, &ask("x"));
    assert_eq!((received.status, received.text()), (503, "<h1>no"));
    assert_eq!(received.head.matches("content-type").count(), 1);
    assert_eq!(header(&received.head, "content-type"), Some("text/html"));
}

#[test]
fn a_cut_comes_after_exactly_so_many_events() {
    for events in 0..9 {
        let steps = [Step::text("abcd"), Step::text("ef")];
        let server = playing(Reply::steps(steps).fault(Fault::CutAfterEvents(events)));
        for path in [ANTHROPIC, OPENAI] {
            let received = post(server.addr(), path, &ask("x"));
            let expected = if path == OPENAI {
                events.min(5)
            } else {
                events
            };
            assert_eq!(received.status, 200);
            assert_eq!(received.events().len(), expected, "{path} {events}");
            assert!(!received.is_complete);
        }
        assert!(
            server
                .requests()
                .iter()
                .all(|request| !request.answer.aborted)
        );
    }
}

#[test]
fn a_cut_comes_after_exactly_so_many_bytes() {
    let whole = post(playing(Reply::text("hé")).addr(), ANTHROPIC, &ask("x")).body;
    for bytes in 0..whole.len() {
        let server = playing(Reply::text("hé").fault(Fault::CutAfterBytes(bytes)));
        let received = post(server.addr(), ANTHROPIC, &ask("x"));
        assert_eq!(received.body, whole[..bytes], "{bytes}");
        assert!(!received.is_complete);
    }
}

#[test]
fn a_cut_loses_nothing_of_a_stream_the_client_is_slow_to_read() {
    let script = r#"{"repeat": {"text": "0123456789", "count": 100000}, "fault": {"cut_after_events": 90000}}"#;
    let server = from_json(script);
    let mut stream = send(server.addr(), ANTHROPIC, ask("x").to_string().as_bytes());
    // Nothing is read until the reply has filled every buffer between the two ends.
    assert!(server.wait_until_blocking(|requests| !requests.is_empty()));
    let received = receive(&mut stream);
    assert_eq!(received.events().len(), 90_000);
    assert!(!received.is_complete);
}

#[test]
fn plain_replies_break_in_the_middle() {
    let mut request = ask("x");
    request["stream"] = json!(false);
    let server = playing(Reply::text("hello").fault(Fault::CutAfterEvents(1)));
    let received = post(server.addr(), OPENAI, &request);
    let length: usize = header(&received.head, "content-length")
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(received.body.len(), length / 2);
    assert!(!received.is_complete);
}

#[test]
fn a_connection_closes_before_any_byte() {
    let server = from_json(r#"{"fault": {"close_before_byte": true}}"#);
    assert_eq!(post(server.addr(), ANTHROPIC, &ask("x")).status, 0);
    let request = server.requests().remove(0);
    assert_eq!(
        (request.answer.status, request.answer.aborted),
        (None, false)
    );
}

#[test]
fn garbage_and_raw_bodies_go_out_as_they_are() {
    let server = from_json(r#"{"fault": {"garbage": "<html>"}}"#);
    let received = post(server.addr(), ANTHROPIC, &ask("x"));
    assert_eq!((received.status, received.text()), (200, "<html>"));
    assert_eq!(
        header(&received.head, "content-type"),
        Some("text/event-stream")
    );

    let server = from_json(
        r#"{"raw": {"body": ": note\r\ndata: {}\r\n", "content_type": "text/event-stream; x=y", "status": 202}}"#,
    );
    let received = post(server.addr(), OPENAI, &ask("x"));
    assert_eq!(
        (received.status, received.text()),
        (202, ": note\r\ndata: {}\r\n")
    );
    assert_eq!(
        header(&received.head, "content-type"),
        Some("text/event-stream; x=y")
    );

    let server = from_json(r#"{"raw": {"body": ""}}"#);
    let received = post(server.addr(), OPENAI, &ask("x"));
    assert_eq!(
        (received.status, received.text(), received.is_complete),
        (200, "", true)
    );
    assert!(!server.requests()[0].answer.aborted);
}

#[test]
fn an_error_event_ends_the_stream_early() {
    let fault = r#"{"text": "abc", "fault": {"error_event_after": 3, "message": "full", "kind": "overloaded_error"}}"#;
    let server = from_json(fault);

    let events = post(server.addr(), ANTHROPIC, &ask("x")).events();
    assert_eq!(events.len(), 4);
    assert_eq!(
        events[3],
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "full"}})
    );

    let received = post(server.addr(), OPENAI, &ask("x"));
    assert_eq!(received.events()[3]["error"]["message"], "full");
    assert!(received.is_complete && !received.text().contains("[DONE]"));

    let mut plain = ask("x");
    plain["stream"] = json!(false);
    let received = post(server.addr(), ANTHROPIC, &plain);
    assert_eq!(
        (received.status, received.json()["type"].clone()),
        (200, json!("error"))
    );
}

#[test]
fn a_stall_lasts_until_the_client_leaves() {
    let server = playing(Reply::text("abc").fault(Fault::StallAfterEvents(2)));
    let mut stream = send(server.addr(), ANTHROPIC, ask("x").to_string().as_bytes());
    let seen = read_until(&mut stream, "ping\"}\n\n");
    assert!(!seen.contains("content_block"));
    assert_eq!(server.requests()[0].answer.finished_ms, None);

    drop(stream);

    assert!(server.wait_until_blocking(|requests| requests[0].answer.finished_ms.is_some()));
    assert!(server.requests()[0].answer.aborted);
}

#[test]
fn a_client_that_leaves_during_the_first_delay_is_noticed() {
    let server = playing(Reply::text("abc").delay_ms(86_400_000));
    let stream = send(server.addr(), ANTHROPIC, ask("x").to_string().as_bytes());
    assert!(server.wait_until_blocking(|requests| requests.len() == 1));
    drop(stream);
    assert!(server.wait_until_blocking(|requests| requests[0].answer.aborted));
}

#[test]
fn a_held_reply_goes_when_it_is_released() {
    let server = playing(Reply::text("abc").held());
    std::thread::scope(|scope| {
        let received = scope.spawn(|| post(server.addr(), ANTHROPIC, &ask("x")));
        assert!(server.wait_until_blocking(|requests| requests.len() == 1));
        assert_eq!(server.requests()[0].answer.finished_ms, None);
        server.release();
        assert_eq!(text_of(&received.join().unwrap()), "abc");
    });
    assert_eq!(
        text_of(&post(server.addr(), ANTHROPIC, &ask("x"))),
        "abc",
        "nothing is held any more"
    );
}

#[test]
fn a_client_that_leaves_a_held_reply_is_noticed() {
    let server = playing(Reply::text("abc").held());
    let stream = send(server.addr(), ANTHROPIC, ask("x").to_string().as_bytes());
    assert!(server.wait_until_blocking(|requests| requests.len() == 1));
    drop(stream);
    assert!(server.wait_until_blocking(|requests| requests[0].answer.aborted));
}

#[test]
fn network_pieces_split_characters() {
    let chunk = Chunk {
        tcp_bytes: NonZeroUsize::new(1),
        ..Chunk::default()
    };
    let server = playing(Reply::text("é🦀").chunk(chunk));
    let received = post(server.addr(), ANTHROPIC, &ask("x"));
    assert!(received.chunks.iter().all(|chunk| chunk.len() == 1));
    assert_eq!(text_of(&received), "é🦀");
    assert!(received.is_complete);
}

#[test]
fn paced_events_come_one_by_one() {
    let chunk = Chunk {
        bytes: NonZeroUsize::new(1),
        delay_ms: 1,
        ..Chunk::default()
    };
    let server = playing(Reply::text("abc").chunk(chunk));
    let received = post(server.addr(), ANTHROPIC, &ask("x"));
    assert_eq!(received.chunks.len(), received.events().len());
    assert_eq!(text_of(&received), "abc");
}

#[test]
fn a_bad_request_gets_the_wires_error_and_the_server_lives_on() {
    let server = playing(Reply::text("fine"));
    let deep = "[".repeat(100_000);
    for body in ["", "{", "null", "{\"messages\": 3}", "\u{0}", deep.as_str()] {
        for path in [ANTHROPIC, OPENAI] {
            let received = receive(&mut send(server.addr(), path, body.as_bytes()));
            assert_eq!(received.status, 400);
            assert_eq!(received.json()["error"]["type"], "invalid_request_error");
        }
    }
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    stream.write_all(b"this is not http\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(text_of(&post(server.addr(), ANTHROPIC, &ask("x"))), "fine");
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let server = playing(Reply::text("fine"));
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    let head = "POST /v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mebibyte = [b"100000\r\n".as_slice(), &vec![b' '; 0x10_0000], b"\r\n"].concat();
    for _ in 0..64 {
        stream.write_all(&mebibyte).unwrap();
    }
    stream.write_all(b"1\r\n \r\n").unwrap();
    let seen = read_until(&mut stream, "\r\n\r\n");
    assert!(seen.starts_with("HTTP/1.1 413 "), "{seen}");
}

/// Reads up to and including `end`.
fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut seen = String::new();
    let mut byte = [0];
    while !seen.ends_with(end) {
        stream.read_exact(&mut byte).unwrap();
        seen.push(char::from(byte[0]));
    }
    seen
}
