//! The rate limit over real HTTP: who is refused, what a refusal says on each wire, and what it leaves untouched.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use scripted::{Background, Clock, Options, Rate, Reply, Rule, Script, Server};
use serde_json::json;

use crate::client::{ask, get, header, post};

/// A server whose clock stands at what the test says, in milliseconds.
fn server(script: Script) -> (Background, Arc<AtomicU64>) {
    let now = Arc::new(AtomicU64::new(0));
    let hand = Arc::clone(&now);
    let options = Options {
        clock: Some(Clock::from_fn(move || {
            Duration::from_millis(hand.load(Ordering::SeqCst))
        })),
        ..Options::default()
    };
    let server = Server::bind(script, options).unwrap();
    (server.into_background().unwrap(), now)
}

fn two_in_1500_ms() -> Rate {
    Rate {
        requests: 2.try_into().unwrap(),
        per_ms: 1500.try_into().unwrap(),
    }
}

#[test]
fn beyond_the_rate_a_request_is_refused_in_its_wires_words_and_told_when_to_come_again() {
    let table = [
        (
            "/v1/messages",
            json!({"type": "error", "error": {"type": "rate_limit_error"}}),
        ),
        (
            "/v1/chat/completions",
            json!({"error": {"type": "rate_limit_error"}}),
        ),
    ];
    for (path, shape) in table {
        let script = Script::new().otherwise(Reply::text("hi"));
        let (server, now) = server(script.rate(two_in_1500_ms()));
        let status = || post(server.addr(), path, &ask("x")).status;
        assert_eq!(status(), 200);
        now.store(300, Ordering::SeqCst);
        assert_eq!(status(), 200);

        let refused = post(server.addr(), path, &ask("x"));
        assert_eq!(refused.status, 429);
        assert_eq!(header(&refused.head, "retry-after"), Some("2"));
        assert_eq!(header(&refused.head, "retry-after-ms"), Some("1200"));
        let body = refused.json();
        assert_eq!(body["type"], shape["type"], "{body}");
        let kind = body["error"]["type"].as_str().unwrap();
        assert!(kind.contains("rate_limit"), "{body}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains("2 requests in 1500 ms"), "{message}");

        now.store(1500, Ordering::SeqCst);
        assert_eq!(status(), 200);
        assert_eq!(status(), 429, "the second one is still in the window");
    }
}

#[test]
fn a_refusal_uses_up_no_rule_and_is_logged_as_one() {
    let script = Script::new()
        .rule(Rule::new("first", Reply::text("one")).times(1))
        .rule(Rule::new("second", Reply::text("two")).times(1));
    let rate = Rate {
        requests: 1.try_into().unwrap(),
        ..two_in_1500_ms()
    };
    let (server, now) = server(script.rate(rate));
    for at in [0, 1, 1500] {
        now.store(at, Ordering::SeqCst);
        post(server.addr(), "/v1/messages", &ask("x"));
    }
    let requests = server.requests();
    let answers = requests.iter().map(|request| &request.answer);
    let seen: Vec<_> = answers
        .map(|answer| (answer.rule.as_deref().unwrap(), answer.status.unwrap()))
        .collect();
    assert_eq!(seen, [("first", 200), ("rate", 429), ("second", 200)]);
}

#[test]
fn only_requests_to_a_model_count() {
    let script = Script::new().otherwise(Reply::text("hi"));
    let (server, _) = server(script.rate(two_in_1500_ms()));
    for _ in 0..9 {
        assert_eq!(get(server.addr(), "/v1/models").status, 200);
    }
    assert_eq!(post(server.addr(), "/v1/messages", &ask("x")).status, 200);
}
