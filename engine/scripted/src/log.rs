//! What the server has been asked and how it answered: in memory, and one JSON object a line in a file.

use std::{fs::File, future::Future, io::Write, sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{clock::Moment, rule::Wire, state::Shared, turn::Counts};

/// Headers whose values are secrets.
const SECRET: [&str; 6] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "cookie",
];

/// One request as received.
#[derive(Debug, Clone)]
pub struct LoggedRequest {
    /// 1 for the first request, then without a gap.
    pub seq: u64,
    /// Milliseconds from the server's start to the request's head.
    pub at_ms: u64,
    /// The HTTP method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Names in lower case, in the order received; values of secret headers are `[redacted]`.
    pub headers: Vec<(String, String)>,
    /// `None` if the path belongs to neither wire.
    pub wire: Option<Wire>,
    /// The model asked for.
    pub model: Option<String>,
    /// Assistant messages already in the conversation.
    pub turn: Option<u64>,
    /// Hash of the body before its top-level `"messages"` key.
    pub prefix_hash: Option<String>,
    /// The body's length.
    pub body_bytes: u64,
    /// The exact body; empty if bodies are not kept.
    pub raw: Bytes,
    /// What was answered.
    pub answer: Answered,
}

/// How a request was answered.
#[derive(Debug, Clone, Default)]
pub struct Answered {
    /// The rule that gave the reply; `otherwise` for the script's fallback, `rate` for a refusal by its rate.
    pub rule: Option<String>,
    /// The HTTP status; `None` while undecided, or if the connection was closed without a response.
    pub status: Option<u16>,
    /// The tokens the reply says it took; `None` if it says none. A reply that is cut off may not get to say it.
    pub counts: Option<Counts>,
    /// Milliseconds from the server's start to the reply's end, planned cuts included; `None` while it runs.
    pub finished_ms: Option<u64>,
    /// Whether the client left before the reply's end.
    pub aborted: bool,
}

impl LoggedRequest {
    /// The body as JSON; `None` if it is not JSON or was not kept.
    #[must_use]
    pub fn body(&self) -> Option<Value> {
        serde_json::from_slice(&self.raw).ok()
    }

    fn line(&self) -> String {
        let headers: Value = self
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let body = self
            .body()
            .unwrap_or_else(|| json!(String::from_utf8_lossy(&self.raw)));
        let line = json!({
            "seq": self.seq,
            "at_ms": self.at_ms,
            "method": self.method,
            "path": self.path,
            "headers": headers,
            "wire": self.wire,
            "model": self.model,
            "turn": self.turn,
            "prefix_hash": self.prefix_hash,
            "body_bytes": self.body_bytes,
            "body": body,
            "rule": self.answer.rule,
            "status": self.answer.status,
            "usage": self.answer.counts,
            "finished_ms": self.answer.finished_ms,
            "aborted": self.answer.aborted,
        });
        format!("{line}\n")
    }
}

/// Header names and values fit to be kept.
pub(crate) fn kept_headers(headers: &hyper::HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let is_secret = SECRET.contains(&name.as_str());
            let value = if is_secret {
                "[redacted]".into()
            } else {
                String::from_utf8_lossy(value.as_bytes())
            };
            (name.to_string(), value.into_owned())
        })
        .collect()
}

/// All requests so far, and the file they are written to.
#[derive(Debug)]
pub(crate) struct Log {
    requests: Vec<LoggedRequest>,
    file: Option<File>,
    failure: Option<std::io::Error>,
}

impl Log {
    pub(crate) fn new(file: Option<File>) -> Self {
        Self {
            requests: Vec::new(),
            file,
            failure: None,
        }
    }

    pub(crate) fn requests(&self) -> &[LoggedRequest] {
        &self.requests
    }

    /// The first failure to write the file.
    pub(crate) fn take_failure(&mut self) -> Option<std::io::Error> {
        self.failure.take()
    }

    /// Adds a request and gives it its number.
    pub(crate) fn add(&mut self, mut request: LoggedRequest) -> u64 {
        request.seq = self.requests.len() as u64 + 1;
        self.requests.push(request);
        self.requests.len() as u64
    }

    /// Notes what a request is answered with.
    pub(crate) fn decide(&mut self, seq: u64, answer: Answered) {
        if let Some(request) = entry(&mut self.requests, seq) {
            request.answer = answer;
        }
    }

    /// Notes a reply's end and writes the request's line; says whether the file is still good.
    pub(crate) fn close(&mut self, seq: u64, finished_ms: u64, aborted: bool) -> bool {
        let Some(request) = entry(&mut self.requests, seq) else {
            return true;
        };
        request.answer.finished_ms = Some(finished_ms);
        request.answer.aborted = aborted;
        if let Some(file) = &mut self.file
            && let Err(error) = file.write_all(request.line().as_bytes())
        {
            self.failure.get_or_insert(error);
        }
        self.failure.is_none()
    }
}

fn entry(requests: &mut [LoggedRequest], seq: u64) -> Option<&mut LoggedRequest> {
    let index = usize::try_from(seq.checked_sub(1)?).ok()?;
    requests.get_mut(index)
}

/// A request's open end in the log: closed by [`Ticket::finish`], or as aborted when it is dropped before.
pub(crate) struct Ticket {
    shared: Arc<Shared>,
    seq: u64,
    is_open: bool,
}

impl Ticket {
    pub(crate) fn new(shared: Arc<Shared>, seq: u64) -> Self {
        Self {
            shared,
            seq,
            is_open: true,
        }
    }

    /// Time that passes after a moment before more of the reply.
    pub(crate) fn pause(
        &self,
        since: Moment,
        time: Duration,
    ) -> impl Future<Output = ()> + Send + use<> {
        let shared = Arc::clone(&self.shared);
        async move { shared.alarm.wait(since, time).await }
    }

    pub(crate) fn finish(&mut self) {
        self.close(false);
    }

    fn close(&mut self, aborted: bool) {
        if std::mem::take(&mut self.is_open) {
            self.shared.close(self.seq, aborted);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.close(true);
    }
}
