//! Refusals: every status and error text, and what it says about trying again.

use protocol::{FaultKind, ModelFault, RetryHint};
use providers::{Auth, Endpoint, Secret, Wire, connect};

use crate::server::{Play, Server, exchange_at, played, prompt, response};

async fn refused(status: &str, headers: &str, body: &str) -> ModelFault {
    played(
        Wire::OpenAiChat,
        Play::Close(response(status, headers, body)),
    )
    .await
    .fault()
}

#[tokio::test]
async fn every_status_has_its_kind_and_hint() {
    use FaultKind::{Authentication, BadRequest, ContextTooLong, Overloaded, RateLimited};
    use RetryHint::{AfterMs, Backoff, Never};
    let table = [
        ("400 Bad", "", BadRequest, Never),
        ("401 No", "", Authentication, Never),
        ("402 Pay", "", BadRequest, Never),
        ("403 No", "retry-after: 3\r\n", Authentication, Never),
        ("404 Gone", "", BadRequest, Never),
        ("408 Slow", "", Overloaded, Backoff),
        ("409 Clash", "", Overloaded, Backoff),
        ("413 Big", "", ContextTooLong, Never),
        ("422 Odd", "retry-after: 3\r\n", BadRequest, Never),
        ("429 Many", "", RateLimited, Backoff),
        (
            "429 Many",
            "retry-after: 3\r\n",
            RateLimited,
            AfterMs(3_000),
        ),
        (
            "429 Many",
            "retry-after-ms: 250\r\n",
            RateLimited,
            AfterMs(250),
        ),
        ("429 Many", "x-should-retry: false\r\n", RateLimited, Never),
        ("400 Bad", "x-should-retry: true\r\n", BadRequest, Backoff),
        ("500 Oops", "", Overloaded, Backoff),
        (
            "503 Busy",
            "retry-after: 99999\r\n",
            Overloaded,
            AfterMs(600_000),
        ),
        ("529 Over", "", Overloaded, Backoff),
    ];
    for (status, headers, kind, retry) in table {
        let fault = refused(status, headers, r#"{"error":{"message":"so it is"}}"#).await;
        let code: u16 = status[..3].parse().unwrap();
        assert_eq!(
            (fault.kind, fault.retry, fault.status),
            (kind, retry, Some(code)),
            "{status} {headers}"
        );
        assert_eq!((fault.message.as_str(), fault.billed), ("so it is", false));
    }
}

#[tokio::test]
async fn an_account_without_money_is_not_asked_again() {
    let body = r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#;
    let fault = refused("429 Many", "", body).await;
    assert_eq!(
        (fault.kind, fault.retry),
        (FaultKind::RateLimited, RetryHint::Never)
    );
}

/// Status and body by which each provider says that the conversation does not fit.
const FULL: &[(&str, &str)] = &[
    (
        "400 Bad",
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
    ),
    (
        "400 Bad",
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000"}}"#,
    ),
    (
        "400 Bad",
        r#"{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.","code":"context_length_exceeded"}}"#,
    ),
    (
        "400 Bad",
        r#"{"error":{"message":"Your input exceeds the context window of this model.","code":null}}"#,
    ),
    (
        "400 Bad",
        r#"{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error"}}"#,
    ),
    (
        "500 Oops",
        r#"{"error":{"code":500,"message":"Context size has been exceeded.","type":"server_error"}}"#,
    ),
    (
        "400 Bad",
        r#"{"error":"The number of tokens to keep from the initial prompt is greater than the context length"}"#,
    ),
    (
        "400 Bad",
        r#"{"object":"error","message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length"}"#,
    ),
    (
        "400 Bad",
        r#"[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."}}]"#,
    ),
    (
        "400 Bad",
        r#"{"message":"Input is too long for requested model."}"#,
    ),
    (
        "400 Bad",
        r#"{"error":"This model's maximum prompt length is 131072 but the request contains 140000 tokens."}"#,
    ),
    (
        "400 Bad",
        r#"{"error":{"message":"Please reduce the length of the messages or completion."}}"#,
    ),
    (
        "422 Odd",
        r#"{"detail":"`inputs` tokens + `max_new_tokens` must be <= 8193."}"#,
    ),
    (
        "413 Big",
        r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#,
    ),
];

#[tokio::test]
async fn case_33_every_providers_words_for_a_full_context_are_understood() {
    for (status, body) in FULL {
        let fault = refused(status, "", body).await;
        assert_eq!(
            (fault.kind, fault.retry),
            (FaultKind::ContextTooLong, RetryHint::Never),
            "{body}"
        );
    }
    // The same words in a rate limit mean the minute, not the window.
    let body = r#"{"error":{"message":"Request too large for gpt-4o: too many tokens per min","code":"rate_limit_exceeded"}}"#;
    assert_eq!(
        refused("429 Many", "", body).await.kind,
        FaultKind::RateLimited
    );
}

#[tokio::test]
async fn a_page_for_people_is_shortened_to_its_words() {
    let page = format!(
        "<!DOCTYPE html><html><head><title>502 Bad Gateway</title><style>p {{ color: red }}</style></head><body><h1>Down</h1>{}</body></html>",
        "<p>very sorry</p>".repeat(500)
    );
    let fault = refused("502 Bad Gateway", "content-type: text/html\r\n", &page).await;
    assert_eq!(
        (fault.kind, fault.retry),
        (FaultKind::Overloaded, RetryHint::Backoff)
    );
    assert!(
        fault.message.starts_with("502 Bad Gateway Down very sorry"),
        "{}",
        fault.message
    );
    assert!(fault.message.chars().count() <= 300);
    // With status 200 it is no reply either, and asking again would give the same page.
    let fault = refused("200 OK", "content-type: text/html\r\n", &page).await;
    assert_eq!(
        (fault.kind, fault.retry),
        (FaultKind::Garbled, RetryHint::Never)
    );
    // One that holds no words ends the sentence where it stands.
    let fault = refused("200 OK", "content-type: text/html\r\n", "<html></html>").await;
    assert_eq!(fault.message, "the server sent a page, not a reply");
}

#[tokio::test]
async fn messages_are_short_and_hold_no_secret() {
    let body = format!(
        r#"{{"error":{{"message":"Incorrect API key provided: sk-very-secret. {}"}}}}"#,
        "x".repeat(9_000)
    );
    let server = Server::start(vec![Play::Close(response("401 No", "", &body))]);
    let mut endpoint = Endpoint::new("test", Wire::OpenAiChat, &*server.url)
        .with_auth(Auth::Bearer(Secret::new("sk-very-secret")));
    endpoint
        .headers
        .push(("x-extra".to_owned(), Secret::new("extra-secret")));
    let fault = exchange_at(endpoint.clone(), &prompt("hello"))
        .await
        .fault();
    assert!(server.request().head.contains("x-extra: extra-secret"));
    assert!(
        fault
            .message
            .starts_with("Incorrect API key provided: [redacted]."),
        "{}",
        fault.message
    );
    assert_eq!(fault.message.chars().count(), 2_000);
    assert!(
        !format!("{endpoint:?}").contains("secret\""),
        "{endpoint:?}"
    );
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed_with_the_key() {
    let fault = refused("302 Found", "location: https://elsewhere.example/\r\n", "").await;
    assert_eq!(
        (fault.kind, fault.retry, fault.status),
        (FaultKind::BadRequest, RetryHint::Never, Some(302))
    );
    assert!(
        fault.message.contains("https://elsewhere.example/"),
        "{}",
        fault.message
    );
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let fault = exchange_at(
        Endpoint::new("test", Wire::Anthropic, format!("http://{free}")),
        &prompt("hello"),
    )
    .await
    .fault();
    assert_eq!(
        (fault.kind, fault.retry, fault.status, fault.billed),
        (FaultKind::Unreachable, RetryHint::Backoff, None, false)
    );
    assert!(
        fault.message.contains(&free.to_string()),
        "{}",
        fault.message
    );
}

#[test]
fn an_endpoint_that_cannot_be_used_says_why() {
    let bad_url = connect(Endpoint::new("test", Wire::Anthropic, "gopher://x"))
        .err()
        .unwrap();
    assert!(
        bad_url.to_string().contains("only http and https"),
        "{bad_url}"
    );
    let mut endpoint = Endpoint::new("test", Wire::Anthropic, "http://127.0.0.1:1");
    endpoint
        .headers
        .push(("x bad".to_owned(), Secret::new("v")));
    let bad_header = connect(endpoint).err().unwrap();
    assert!(bad_header.to_string().contains("x bad"), "{bad_header}");
    // A client for https is built without a provider installed by anybody else.
    assert!(
        connect(Endpoint::new(
            "test",
            Wire::Anthropic,
            "https://api.example.com"
        ))
        .is_ok()
    );
}
