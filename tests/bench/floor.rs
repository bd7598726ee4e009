//! The floor: a minimal client of about 100 lines that loops request, parse, run the same reads. Benches compare with it.

use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

/// Runs the floor to the end of its conversation and returns the answer.
pub fn run(base: &str, prompt: &str) -> Result<String, Box<dyn std::error::Error>> {
    let client = client()?;
    runtime()?.block_on(converse(&client, base, prompt))
}

/// Runs so many conversations at once, on one thread and with one client, and returns how many came to an answer.
pub fn crowd(base: &str, prompt: &str, many: usize) -> Result<usize, Box<dyn std::error::Error>> {
    let (client, local) = (client()?, LocalSet::new());
    let one = || {
        let (client, base, prompt) = (client.clone(), base.to_owned(), prompt.to_owned());
        local.spawn_local(async move { converse(&client, &base, &prompt).await.is_ok() })
    };
    let all: Vec<_> = (0..many).map(|_| one()).collect();
    runtime()?.block_on(local.run_until(async {
        let mut answered = 0;
        for one in all {
            answered += usize::from(one.await?);
        }
        Ok(answered)
    }))
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// What all its conversations ask through.
pub fn client() -> Result<reqwest::Client, Box<dyn std::error::Error>> {
    // No certificates are read for plain HTTP, and no proxy is looked up: the floor pays for nothing it does not use.
    let tls = rustls::ClientConfig::builder_with_provider(
        rustls::crypto::ring::default_provider().into(),
    )
    .with_safe_default_protocol_versions()?
    .with_root_certificates(rustls::RootCertStore::empty())
    .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy();
    Ok(client.build()?)
}

/// Until a reply has no calls.
pub async fn converse(
    client: &reqwest::Client,
    base: &str,
    prompt: &str,
) -> Result<String, Box<dyn std::error::Error>> {
    let tools = json!([{"name": "read", "description": "Read a file.", "input_schema": {
        "type": "object", "properties": {"file_path": {"type": "string"}}, "required": ["file_path"]}}]);
    let mut messages = vec![json!({"role": "user", "content": prompt})];
    loop {
        let body = json!({"model": "bench", "max_tokens": 8192, "stream": true,
            "system": "You read files.", "tools": tools, "messages": messages});
        let response = client
            .post(format!("{base}/v1/messages"))
            .header("content-type", "application/json")
            .body(serde_json::to_vec(&body)?)
            .send()
            .await?
            .error_for_status()?;
        let content = receive(response).await?;
        let results = run_reads(&content)?;
        if results.is_empty() {
            let text = content.iter().filter_map(|block| block["text"].as_str());
            return Ok(text.collect());
        }
        messages.push(json!({"role": "assistant", "content": content}));
        messages.push(json!({"role": "user", "content": results}));
    }
}

/// Reads one streamed reply: its blocks, with arguments parsed.
async fn receive(
    mut response: reqwest::Response,
) -> Result<Vec<Value>, Box<dyn std::error::Error>> {
    let (mut blocks, mut buffer) = (Vec::<(Value, String)>::new(), Vec::<u8>::new());
    while let Some(piece) = response.chunk().await? {
        buffer.extend_from_slice(&piece);
        let mut from = 0;
        while let Some(end) = buffer[from..].iter().position(|byte| *byte == b'\n') {
            let line = &buffer[from..from + end];
            from += end + 1;
            let Some(data) = line.strip_prefix(b"data: ") else {
                continue;
            };
            let event: Value = serde_json::from_slice(data)?;
            match event["type"].as_str() {
                Some("content_block_start") => {
                    blocks.push((event["content_block"].clone(), String::new()));
                }
                Some("content_block_delta") => {
                    let Some((_, text)) = blocks.last_mut() else {
                        continue;
                    };
                    let delta = &event["delta"];
                    let piece = delta["text"]
                        .as_str()
                        .or_else(|| delta["partial_json"].as_str());
                    text.push_str(piece.unwrap_or_default());
                }
                _ => {}
            }
        }
        buffer.drain(..from);
    }
    blocks.into_iter().map(finish).collect()
}

fn finish((mut block, text): (Value, String)) -> Result<Value, Box<dyn std::error::Error>> {
    if block["type"] == "tool_use" {
        block["input"] = serde_json::from_str(&text)?;
    } else {
        block["text"] = text.into();
    }
    Ok(block)
}

/// Runs the reads of a reply, one after another.
fn run_reads(content: &[Value]) -> Result<Vec<Value>, Box<dyn std::error::Error>> {
    let calls = content.iter().filter(|block| block["type"] == "tool_use");
    let result = |call: &Value| {
        let path = call["input"]["file_path"].as_str().unwrap_or_default();
        let text = std::fs::read_to_string(path)?;
        let numbered: Vec<String> = text
            .lines()
            .enumerate()
            .map(|(at, line)| format!("{:>6}\t{line}", at + 1))
            .collect();
        Ok(
            json!({"type": "tool_result", "tool_use_id": call["id"], "content": numbered.join("\n")}),
        )
    };
    calls.map(result).collect()
}
