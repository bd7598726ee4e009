//! How content becomes lines for people: what was said, what a call is about, what it gave.

use protocol::{AgentId, Block, PlannedCall, Reply, ResultBlock, ToolCall, ToolResult};
use serde_json::{Map, Value};

use super::{CallLine, Item};

/// Lines shown of a result.
const SHOWN_LINES: usize = 5;

/// Characters shown of a line.
const SHOWN_CHARS: usize = 200;

/// The arguments that say what a call is about, the most telling first.
const TELLING: [&str; 8] = [
    "command",
    "file_path",
    "path",
    "pattern",
    "query",
    "url",
    "description",
    "prompt",
];

/// What the user said, a picture as its kind.
pub(super) fn said(content: &[Block]) -> String {
    let parts: Vec<_> = content
        .iter()
        .filter_map(|block| match block {
            Block::Text(text) => Some(text.as_str().into_owned()),
            Block::Image { media_type, .. } => Some(format!("[{media_type}]")),
            Block::Thinking { .. }
            | Block::RedactedThinking(_)
            | Block::ToolUse(_)
            | Block::ToolResult { .. }
            | Block::Foreign(_) => None,
        })
        .collect();
    parts.join("\n")
}

/// The text of a reply: neighbouring text blocks are one text, others stand apart. `None` if there is none.
pub(super) fn spoken(reply: &Reply) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut adjoining = false;
    for block in &reply.content {
        let Some(text) = text_of(block) else {
            adjoining = false;
            continue;
        };
        match parts.last_mut() {
            Some(last) if adjoining => last.push_str(&text),
            Some(_) | None => parts.push(text),
        }
        adjoining = true;
    }
    parts.retain(|part| !part.is_empty());
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// The readable items of a reply, in order.
pub(super) fn items(agent: Option<AgentId>, reply: &Reply, calls: &[PlannedCall]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut adjoining = false;
    for block in &reply.content {
        let beside = std::mem::replace(&mut adjoining, false);
        if let Block::ToolUse(written) = block {
            items.push(Item::Call(call_line(written, calls)));
        }
        let Some(said) = text_of(block) else { continue };
        adjoining = true;
        match items.last_mut() {
            Some(Item::Assistant { text, .. }) if beside => text.push_str(&said),
            Some(_) | None => items.push(Item::Assistant { agent, text: said }),
        }
    }
    items.retain(|item| !matches!(item, Item::Assistant { text, .. } if text.trim().is_empty()));
    items
}

fn text_of(block: &Block) -> Option<String> {
    match block {
        Block::Text(text) => Some(text.as_str().into_owned()),
        Block::Thinking { .. }
        | Block::RedactedThinking(_)
        | Block::Image { .. }
        | Block::ToolUse(_)
        | Block::ToolResult { .. }
        | Block::Foreign(_) => None,
    }
}

fn call_line(written: &ToolCall, calls: &[PlannedCall]) -> CallLine {
    let planned = calls.iter().find(|planned| planned.call == written.id);
    CallLine {
        call: written.id,
        tool: planned
            .map_or(&written.name, |planned| &planned.tool)
            .clone(),
        about: about(&written.arguments.as_str()),
        status: None,
        denied: None,
        lines: Vec::new(),
        more_lines: 0,
    }
}

/// The most telling of a call's arguments (a JSON object) on one line: the path, the command, the pattern. Empty if
/// there is none.
pub fn about(arguments: &str) -> String {
    let Ok(arguments) = serde_json::from_str::<Map<String, Value>>(arguments) else {
        return String::new();
    };
    let telling = TELLING
        .iter()
        .find_map(|name| arguments.get(*name)?.as_str());
    let any = || arguments.values().find_map(Value::as_str);
    let text = telling.or_else(any).unwrap_or_default();
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    shortened(line.unwrap_or_default())
}

/// The first lines of a result and how many more there are.
pub(super) fn first(result: &ToolResult) -> (Vec<String>, u64) {
    let mut shown = Vec::new();
    let mut more = 0;
    for block in &result.content {
        match block {
            ResultBlock::Text(text) => {
                for line in text.as_str().lines() {
                    if shown.len() < SHOWN_LINES {
                        shown.push(shortened(line));
                    } else {
                        more += 1;
                    }
                }
            }
            ResultBlock::Image { media_type, .. } => shown.push(format!("[{media_type}]")),
        }
    }
    (shown, more)
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(SHOWN_CHARS) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None => line.to_owned(),
    }
}
