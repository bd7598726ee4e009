//! A model server that plays exact bytes, and what a test needs to talk to it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use protocol::{
    Block, CallId, DeltaBody, Message, ModelFault, Prompt, Reply, Role, ToolCall, ToolDecl,
};
use providers::{Endpoint, Exchange, Wire, connect};
use serde_json::value::RawValue;

/// What the server does with one connection after it has read the request.
pub enum Play {
    /// Writes these bytes and closes.
    Close(Vec<u8>),
    /// Writes these bytes and stays silent until the client leaves.
    Hang(Vec<u8>),
    /// Writes these bytes and, when the gate opens, an empty chunk as their end; the next play answers the
    /// next request of the same connection.
    Keep(Vec<u8>, mpsc::Receiver<()>),
}

/// A request as it came.
pub struct Request {
    /// The request line and the headers, lower case.
    pub head: String,
    /// The body.
    pub body: String,
}

/// A server on loopback; every connection gets the next play.
pub struct Server {
    pub url: String,
    requests: mpsc::Receiver<Request>,
    left: mpsc::Receiver<()>,
}

impl Server {
    pub fn start(plays: Vec<Play>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = mpsc::channel();
        let (leaving, left) = mpsc::channel();
        thread::spawn(move || {
            let mut kept: Option<TcpStream> = None;
            for play in plays {
                let mut stream = kept.take().unwrap_or_else(|| listener.accept().unwrap().0);
                // A client that left without asking fails its test at once when the listener goes.
                let Some(request) = read_request(&mut stream) else {
                    return;
                };
                let _ = sender.send(request);
                let (Play::Close(bytes) | Play::Hang(bytes) | Play::Keep(bytes, _)) = &play;
                let _ = stream.write_all(bytes);
                match play {
                    Play::Close(_) => {}
                    Play::Hang(_) => {
                        let _ = stream.read(&mut [0]);
                        let _ = leaving.send(());
                    }
                    Play::Keep(_, gate) => {
                        let _ = gate.recv();
                        let _ = stream.write_all(b"0\r\n\r\n");
                        kept = Some(stream);
                    }
                }
            }
        });
        Self {
            url,
            requests,
            left,
        }
    }

    /// Waits until the client of a hanging play has left.
    pub fn wait_until_left(&self) {
        self.left.recv().unwrap();
    }

    /// The next request that came.
    pub fn request(&self) -> Request {
        self.requests.recv().unwrap()
    }
}

fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(Request {
                    head,
                    body: body.to_owned(),
                });
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// A 200 response that ends when the connection does.
pub fn streamed(body: &str) -> Vec<u8> {
    response("200 OK", "content-type: text/event-stream\r\n", body)
}

/// Any response that ends when the connection does.
pub fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\n\r\n{body}").into_bytes()
}

/// Events of the Messages wire; the name is taken from the type.
pub fn messages_stream(events: &[&str]) -> String {
    let mut stream = String::new();
    for event in events {
        let value: serde_json::Value = serde_json::from_str(event).unwrap();
        let name = value["type"].as_str().unwrap_or("message");
        stream.push_str(&format!("event: {name}\ndata: {event}\n\n"));
    }
    stream
}

/// Chunks of the Chat wire, closed by `[DONE]`.
pub fn chat_stream(chunks: &[&str]) -> String {
    let mut stream: String = chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\n\n"))
        .collect();
    stream.push_str("data: [DONE]\n\n");
    stream
}

/// What one exchange gave.
pub struct Outcome {
    pub result: Result<Reply, ModelFault>,
    pub deltas: Vec<DeltaBody>,
}

impl Outcome {
    pub fn reply(self) -> Reply {
        self.result.unwrap()
    }

    pub fn fault(self) -> ModelFault {
        self.result.unwrap_err()
    }
}

/// A numbered source of call ids: cal_…01, cal_…02, ...
pub fn call_ids() -> impl Fn() -> CallId + Send + Sync {
    let next = AtomicU64::new(1);
    move || {
        CallId::new(uuid::Uuid::from_u128(u128::from(
            next.fetch_add(1, Ordering::Relaxed),
        )))
    }
}

/// One exchange with an endpoint.
pub async fn exchange_at(endpoint: Endpoint, prompt: &Prompt) -> Outcome {
    let provider = connect(endpoint).unwrap();
    let deltas = Mutex::new(Vec::new());
    let result = provider
        .exchange(Exchange {
            prompt,
            new_call: &call_ids(),
            deltas: &|delta| deltas.lock().unwrap().push(delta),
        })
        .await;
    Outcome {
        result,
        deltas: deltas.into_inner().unwrap(),
    }
}

/// One exchange with a server that plays once.
pub async fn played(wire: Wire, play: Play) -> Outcome {
    let server = Server::start(vec![play]);
    exchange_at(Endpoint::new("test", wire, &*server.url), &prompt("hello")).await
}

/// One exchange with a server that streams `events` and their closing.
pub async fn messages(events: &[&str]) -> Outcome {
    played(
        Wire::Anthropic,
        Play::Close(streamed(&messages_stream(events))),
    )
    .await
}

/// One exchange with a server that streams `chunks` and `[DONE]`.
pub async fn chat(chunks: &[&str]) -> Outcome {
    played(
        Wire::OpenAiChat,
        Play::Close(streamed(&chat_stream(chunks))),
    )
    .await
}

/// A prompt with a system text, one tool and one question.
pub fn prompt(question: &str) -> Prompt {
    let schema = r#"{"type":"object","properties":{"path":{"type":"string"}}}"#;
    Prompt {
        model: "claude-sonnet-4-5".to_owned(),
        system: Arc::from("You are formic."),
        tools: Arc::from([ToolDecl {
            name: "read".to_owned(),
            description: "Reads a file.".to_owned(),
            schema: RawValue::from_string(schema.to_owned()).unwrap(),
        }]),
        messages: vec![message(Role::User, vec![Block::Text(question.into())])],
        max_tokens: 1_000,
    }
}

pub fn message(role: Role, content: Vec<Block>) -> Arc<Message> {
    Arc::new(Message { role, content })
}

/// The texts of a reply, joined.
pub fn text_of(reply: &Reply) -> String {
    let texts = reply.content.iter().filter_map(|block| match block {
        Block::Text(text) => Some(text.as_str().into_owned()),
        _ => None,
    });
    texts.collect()
}

/// The reasoning of a reply, joined.
pub fn thinking_of(reply: &Reply) -> String {
    let texts = reply.content.iter().filter_map(|block| match block {
        Block::Thinking { text, .. } => Some(text.as_str().into_owned()),
        _ => None,
    });
    texts.collect()
}

/// The calls of a reply.
pub fn calls_of(reply: &Reply) -> Vec<ToolCall> {
    let calls = reply.content.iter().filter_map(|block| match block {
        Block::ToolUse(call) => Some(call.clone()),
        _ => None,
    });
    calls.collect()
}

/// Name, arguments and malformed arguments of each call.
pub fn call_texts(reply: &Reply) -> Vec<(String, String, Option<String>)> {
    let plain = |call: ToolCall| {
        let malformed = call.malformed.map(|text| text.as_str().into_owned());
        (call.name, call.arguments.as_str().into_owned(), malformed)
    };
    calls_of(reply).into_iter().map(plain).collect()
}
