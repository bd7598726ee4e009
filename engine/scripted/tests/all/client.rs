//! A minimal HTTP client that shows exactly what came over the wire, incomplete bodies included.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use serde_json::{Value, json};

/// A response as far as it came.
#[derive(Debug)]
pub struct Received {
    /// 0 if not even a status line came.
    pub status: u16,
    /// The head, in lower case.
    pub head: String,
    /// The body without its transfer coding.
    pub body: Vec<u8>,
    /// The network chunks of a chunked body.
    pub chunks: Vec<Vec<u8>>,
    /// Whether the body reached its announced end.
    pub is_complete: bool,
}

impl Received {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The data of every event of a stream; what is not JSON becomes a string.
    pub fn events(&self) -> Vec<Value> {
        self.text()
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data)))
            .collect()
    }
}

/// Sends a POST and reads until the server closes.
pub fn post(addr: SocketAddr, path: &str, body: &Value) -> Received {
    receive(&mut send(addr, path, body.to_string().as_bytes()))
}

/// Sends a POST that asks to close the connection afterwards.
pub fn send(addr: SocketAddr, path: &str, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(addr).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: top-secret\r\nx-seen: yes\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    stream
}

/// Sends a GET and reads the response.
pub fn get(addr: SocketAddr, path: &str) -> Received {
    let mut stream = TcpStream::connect(addr).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    receive(&mut stream)
}

/// Reads a response until the connection ends.
pub fn receive(stream: &mut TcpStream) -> Received {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Received {
    let Some(end) = find(bytes, b"\r\n\r\n") else {
        assert!(bytes.is_empty(), "half a head: {bytes:?}");
        return Received {
            status: 0,
            head: String::new(),
            body: Vec::new(),
            chunks: Vec::new(),
            is_complete: false,
        };
    };
    let head = String::from_utf8(bytes[..end].to_vec())
        .unwrap()
        .to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let rest = &bytes[end + 4..];
    let (chunks, is_complete) = if head.contains("transfer-encoding: chunked") {
        dechunk(rest)
    } else {
        let length: usize = header(&head, "content-length").unwrap().parse().unwrap();
        (vec![rest.to_vec()], rest.len() == length)
    };
    Received {
        status,
        head,
        body: chunks.concat(),
        chunks,
        is_complete,
    }
}

/// The value of a header in a lower-case head.
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn dechunk(mut rest: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let mut chunks = Vec::new();
    while let Some(end) = find(rest, b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return (chunks, true);
        }
        chunks.push(rest[end + 2..end + 2 + size].to_vec());
        rest = &rest[end + 4 + size..];
    }
    (chunks, false)
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// A first request of one user text, streamed; the same body serves both wires.
pub fn ask(text: &str) -> Value {
    json!({"model": "scripted-1", "stream": true, "messages": [{"role": "user", "content": text}]})
}
