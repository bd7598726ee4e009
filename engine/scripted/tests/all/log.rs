//! What the log keeps, in memory and in its file, and how a server starts and stops.

use std::time::Duration;

use scripted::{
    Clock, Counts, Fault, LoggedRequest, Options, Reply, Rule, Script, Server, ServerError, Usage,
    Wire,
};
use serde_json::{Value, json};

use crate::client::{ask, get, post, send};

#[test]
fn memory_keeps_the_exact_request_but_no_secret() {
    let script = Script::new().rule(Rule::new("greet", Reply::text("hi")));
    let options = Options {
        clock: Some(Clock::from_fn(|| Duration::from_millis(7))),
        ..Options::default()
    };
    let server = Server::bind(script, options)
        .unwrap()
        .into_background()
        .unwrap();
    let body = r#"{"model": "m",  "messages": []}"#;
    crate::client::receive(&mut send(
        server.addr(),
        "/v1/messages?beta=true",
        body.as_bytes(),
    ));

    let request = server.requests().remove(0);
    assert_eq!(request.raw, body);
    assert_eq!(request.body(), Some(json!({"model": "m", "messages": []})));
    assert_eq!(
        (request.seq, request.at_ms, request.body_bytes),
        (1, 7, body.len() as u64)
    );
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/v1/messages?beta=true")
    );
    assert_eq!(
        (request.wire, request.model.as_deref(), request.turn),
        (Some(Wire::Anthropic), Some("m"), Some(0))
    );
    assert_eq!(
        (request.answer.rule.as_deref(), request.answer.status),
        (Some("greet"), Some(200))
    );
    assert_eq!(
        (request.answer.finished_ms, request.answer.aborted),
        (Some(7), false)
    );
    assert_eq!(header(&request, "x-api-key"), Some("[redacted]"));
    assert_eq!(header(&request, "x-seen"), Some("yes"));
}

fn header<'a>(request: &'a LoggedRequest, name: &str) -> Option<&'a str> {
    request
        .headers
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

#[test]
fn the_file_has_a_line_for_every_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.jsonl");
    let script = Script::new().otherwise(Reply::text("hi"));
    let options = Options {
        log: Some(path.clone()),
        ..Options::default()
    };
    let server = Server::bind(script, options)
        .unwrap()
        .into_background()
        .unwrap();
    post(server.addr(), "/v1/messages", &ask("one"));
    get(server.addr(), "/v1/models");
    server.stop().unwrap();

    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("top-secret"));
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["wire"], "anthropic");
    assert_eq!(lines[0]["rule"], "otherwise");
    assert_eq!(lines[0]["status"], 200);
    assert_eq!(lines[0]["usage"]["output"], 1);
    assert_eq!(lines[0]["body"], ask("one"));
    assert_eq!(lines[0]["aborted"], false);
    assert_eq!(lines[1]["path"], "/v1/models");
    assert_eq!(lines[1]["wire"], Value::Null);
}

#[test]
fn stopping_ends_open_replies_and_still_logs_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.jsonl");
    let script = Script::new().otherwise(Reply::text("hi").fault(Fault::StallAfterEvents(0)));
    let options = Options {
        log: Some(path.clone()),
        ..Options::default()
    };
    let server = Server::bind(script, options)
        .unwrap()
        .into_background()
        .unwrap();
    let _open = send(
        server.addr(),
        "/v1/messages",
        ask("x").to_string().as_bytes(),
    );
    assert!(server.wait_until_blocking(|requests| requests.len() == 1));

    server.stop().unwrap();

    let line: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(line["aborted"], true);
}

#[test]
fn the_log_counts_the_tokens_each_reply_says_it_took() {
    let usage = Usage {
        input: Some(70),
        output: Some(5),
        cache_read: 30,
        cache_write: 2,
    };
    let script = Script::new()
        .rule(Rule::new("told", Reply::text("hi").usage(Some(usage))).times(1))
        .rule(Rule::new("untold", Reply::text("hi").usage(None)).times(1))
        .otherwise(Reply::failing(Fault::status(529)));
    let server = Server::in_background(script).unwrap();
    let sent = post(server.addr(), "/v1/messages", &ask("x")).events();
    for _ in 0..2 {
        post(server.addr(), "/v1/messages", &ask("x"));
    }
    let counts: Vec<_> = server
        .requests()
        .into_iter()
        .map(|request| request.answer.counts)
        .collect();
    let told = Counts {
        input: 70,
        output: 5,
        cache_read: 30,
        cache_write: 2,
    };
    assert_eq!(counts, [Some(told), None, None]);
    let end = sent.iter().find(|event| event["type"] == "message_delta");
    assert_eq!(end.unwrap()["usage"]["output_tokens"], 5, "as it was sent");
}

#[test]
fn the_prefix_hash_shows_whether_the_prompt_is_stable() {
    let server = Server::in_background(Script::new().otherwise(Reply::text("hi"))).unwrap();
    let bodies = [
        r#"{"model":"m","system":"s","messages":[{"role":"user","content":"a"}]}"#,
        r#"{"model":"m","system":"s","messages":[{"role":"user","content":"b"}]}"#,
        r#"{"model":"m","system":"t","messages":[{"role":"user","content":"a"}]}"#,
    ];
    for body in bodies {
        crate::client::receive(&mut send(server.addr(), "/v1/messages", body.as_bytes()));
    }
    let hashes: Vec<_> = server
        .requests()
        .into_iter()
        .map(|request| request.prefix_hash.unwrap())
        .collect();
    assert_eq!(hashes[0], hashes[1]);
    assert_ne!(hashes[0], hashes[2]);
}

#[test]
fn only_loopback_is_listened_on() {
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let options = Options {
            bind: addr.parse().unwrap(),
            ..Options::default()
        };
        let error = Server::bind(Script::new(), options).unwrap_err();
        assert!(matches!(error, ServerError::NotLoopback(_)), "{error}");
    }
}

#[test]
fn a_taken_port_and_a_log_that_cannot_be_opened_are_named() {
    let first = Server::bind(Script::new(), Options::default()).unwrap();
    let addr = first.handle().addr();
    let error = Server::bind(
        Script::new(),
        Options {
            bind: addr,
            ..Options::default()
        },
    )
    .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("listen on {addr}: ")),
        "{error}"
    );

    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        log: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let error = Server::bind(Script::new(), options).unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&folder.path().display().to_string()),
        "{error}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_that_cannot_be_written_stops_the_server() {
    let options = Options {
        log: Some("/dev/full".into()),
        ..Options::default()
    };
    let server = Server::bind(Script::new().otherwise(Reply::text("hi")), options).unwrap();
    let server = server.into_background().unwrap();
    // The server may be gone before it has answered.
    let _stream = send(
        server.addr(),
        "/v1/messages",
        ask("x").to_string().as_bytes(),
    );
    assert!(!server.wait_until_blocking(|_| false));
    assert!(matches!(server.stop(), Err(ServerError::Log { .. })));
}

#[test]
fn a_server_runs_inside_the_callers_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = Server::bind(
            Script::new().otherwise(Reply::text("hi")),
            Options::default(),
        )
        .unwrap();
        let handle = server.handle();
        let addr = handle.addr();
        let client = tokio::task::spawn_blocking(move || post(addr, "/v1/messages", &ask("x")));
        let visit = async {
            assert!(handle.wait_until(|requests| requests.len() == 1).await);
            assert_eq!(client.await.unwrap().status, 200);
            handle.shutdown();
        };
        let (served, ()) = tokio::join!(server.run(), visit);
        served.unwrap();
        assert!(
            !handle.wait_until(|_| false).await,
            "a stopped server ends the wait"
        );
    });
}

#[test]
fn a_run_that_has_returned_has_closed_its_log() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stalled = Reply::text("hi").fault(Fault::StallAfterEvents(0));
        let server = Server::bind(Script::new().otherwise(stalled), Options::default()).unwrap();
        let handle = server.handle();
        let _open = send(
            handle.addr(),
            "/v1/messages",
            ask("x").to_string().as_bytes(),
        );
        let visit = async {
            assert!(handle.wait_until(|requests| requests.len() == 1).await);
            handle.shutdown();
        };
        let (served, ()) = tokio::join!(server.run(), visit);
        served.unwrap();
        assert!(handle.requests()[0].answer.aborted);
    });
}

#[test]
fn a_connection_is_kept_for_the_next_request() {
    use std::io::{Read, Write};

    let server = Server::in_background(Script::new().otherwise(Reply::text("hi"))).unwrap();
    let mut stream = std::net::TcpStream::connect(server.addr()).unwrap();
    for _ in 0..2 {
        write!(stream, "GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    }
    write!(
        stream,
        "GET /api/tags HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3);
    let finished = server
        .requests()
        .iter()
        .filter(|request| !request.answer.aborted)
        .count();
    assert_eq!(finished, 3);
}
