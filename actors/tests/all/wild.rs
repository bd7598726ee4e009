//! A server that answers with any bytes it is given, and sessions that have to live with it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use actors::{Endpoint, Options, Session, Wire};
use protocol::{Limits, SessionId, TurnEnd};
use serde_json::Value;

use crate::bench::{Bench, said};

/// Only a fault of formic makes a turn take this long.
const HANGS: Duration = Duration::from_secs(120);

/// Replies waiting to be given, and the requests that came.
#[derive(Default)]
struct Desk {
    replies: VecDeque<Vec<u8>>,
    requests: Vec<Vec<u8>>,
}

/// A workbench whose model is a socket.
pub struct Wild {
    pub bench: Bench,
    wire: Wire,
    url: String,
    desk: Arc<Mutex<Desk>>,
}

impl Wild {
    pub fn on(wire: Wire) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let desk = Arc::<Mutex<Desk>>::default();
        let shared = desk.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let desk = shared.clone();
                thread::spawn(move || answer(stream.unwrap(), wire, &desk));
            }
        });
        let mut bench = Bench::new(scripted::Script::new()).with_file("a.txt", "one\ntwo\n");
        bench.limits = Limits {
            retries: Some(0),
            ..Limits::default()
        };
        Self {
            bench,
            wire,
            url,
            desk,
        }
    }

    fn options(&self) -> Options {
        Options {
            endpoint: Endpoint::new("scripted", self.wire, &*self.url),
            ..self.bench.options()
        }
    }

    pub async fn open(&self) -> Session {
        Session::open(self.options(), None).await.unwrap()
    }

    /// One turn of which the first reply has this body; whatever is asked after it gets a plain answer.
    pub async fn turn(&self, session: &Session, body: impl Into<Vec<u8>>) -> TurnEnd {
        self.desk.lock().unwrap().replies.push_back(body.into());
        let turn = async {
            session.submit(said("go on")).await.unwrap();
            session.rest().await.unwrap().unwrap()
        };
        let end = tokio::time::timeout(HANGS, turn).await;
        self.desk.lock().unwrap().replies.clear();
        end.expect("the turn never ended")
    }

    /// Closes the session and proves that what it left is sound: it replays, nothing in it is a fault of formic, and
    /// every call in every request was followed by its own result.
    pub async fn close(&self, session: Session) -> SessionId {
        let id = session.id();
        session.close().await;
        let data = actors::archive::DataFolder::at(self.bench.data.path());
        let replayed = actors::archive::replay(&data, id).unwrap();
        assert!(replayed.is_faithful() && replayed.cut.is_none());
        for record in self.bench.records(id) {
            let text = serde_json::to_string(&record).unwrap();
            assert!(!text.contains("fault of formic"), "{text}");
        }
        for request in std::mem::take(&mut self.desk.lock().unwrap().requests) {
            let body: Value = serde_json::from_slice(&request).unwrap();
            assert_paired(&body);
        }
        id
    }

    /// The newest request.
    pub fn last_request(&self) -> Vec<u8> {
        self.desk.lock().unwrap().requests.last().unwrap().clone()
    }
}

/// Takes one request and gives the next reply, or the plain one.
fn answer(mut stream: TcpStream, wire: Wire, desk: &Mutex<Desk>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
        let header = line.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut request = vec![0; length];
    reader.read_exact(&mut request).unwrap();
    let body = {
        let mut desk = desk.lock().unwrap();
        desk.requests.push(request);
        desk.replies.pop_front()
    };
    let body = body.unwrap_or_else(|| plain(wire));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    // A client that leaves before the end is a case, not a failure.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&body);
}

/// The reply that ends a turn.
pub fn plain(wire: Wire) -> Vec<u8> {
    let text = match wire {
        Wire::Anthropic => stream_of(&[
            r#"{"type":"message_start","message":{"model":"m","usage":{"input_tokens":1,"output_tokens":1}}}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"done"}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
            r#"{"type":"message_stop"}"#,
        ]),
        Wire::OpenAiChat => stream_of(&[
            r#"{"choices":[{"index":0,"delta":{"content":"done"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
            "[DONE]",
        ]),
    };
    text.into_bytes()
}

/// A stream of these events.
pub fn stream_of<T: AsRef<str>>(events: &[T]) -> String {
    let event = |data: &T| format!("data: {}\n\n", data.as_ref());
    events.iter().map(event).collect()
}

/// Every call of an assistant's message has its own id and its result in the next message, in order.
fn assert_paired(body: &Value) {
    let messages = body["messages"].as_array().unwrap();
    for (at, message) in messages.iter().enumerate() {
        let calls = calls(message);
        if calls.is_empty() {
            continue;
        }
        let results: Vec<&str> = messages[at + 1..]
            .iter()
            .take_while(|message| message["role"] != "assistant")
            .flat_map(results)
            .collect();
        assert_eq!(calls, results, "{body}");
        let distinct: std::collections::HashSet<_> = calls.iter().collect();
        assert_eq!(distinct.len(), calls.len(), "{body}");
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn calls(message: &Value) -> Vec<&str> {
    let blocks = list(&message["content"]).filter(|block| block["type"] == "tool_use");
    let calls = blocks.chain(list(&message["tool_calls"]));
    calls.map(|call| call["id"].as_str().unwrap()).collect()
}

fn results(message: &Value) -> Vec<&str> {
    let blocks = list(&message["content"]).filter(|block| block["type"] == "tool_result");
    let ids = blocks.map(|block| &block["tool_use_id"]);
    let own = Some(&message["tool_call_id"]).filter(|id| id.is_string());
    ids.chain(own).map(|id| id.as_str().unwrap()).collect()
}
