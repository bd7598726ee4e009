//! The longest answer: whatever a tool tells, one text of it holds no more than a model can use.

use protocol::{ResultBlock, ToolResult};

/// More than any answer of a tool that is well called: errors may quote arguments, and those may be of any size.
const ANSWER_BYTES: usize = 64 * 1024;

/// The text, cut in its middle if it is too long.
pub fn bounded(text: String) -> String {
    if text.len() <= ANSWER_BYTES {
        return text;
    }
    let half = ANSWER_BYTES / 2;
    let head = &text[..text.floor_char_boundary(half)];
    let tail = &text[text.ceil_char_boundary(text.len() - half)..];
    let lost = text.len() - head.len() - tail.len();
    format!(
        "{head}\n[... {lost} of {} bytes left out ...]\n{tail}",
        text.len()
    )
}

/// Cuts every text of a result that is too long.
pub fn bound(result: &mut ToolResult) {
    for part in &mut result.content {
        if let ResultBlock::Text(text) = part
            && text.bytes() > ANSWER_BYTES as u64
        {
            *text = bounded(text.as_str().into_owned()).into();
        }
    }
}
