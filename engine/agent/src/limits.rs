//! Whether the limits leave room for the next model call, and how large its reply may be.

use protocol::{Block, Cost, Limit, Price, ResultBlock, Text};

use crate::flow::Flow;

/// Bytes that make a token, about: the figure used where a provider has not counted.
const BYTES_PER_TOKEN: f64 = 3.6;

/// A picture counts as about 1,500 tokens.
const IMAGE_BYTES: u64 = 5_400;

/// A call with less room for its reply than this is not worth its prompt.
const LEAST_REPLY: u64 = 256;

/// About how many tokens `bytes` of text are.
pub fn estimate_tokens(bytes: u64) -> u64 {
    (bytes as f64 / BYTES_PER_TOKEN).ceil() as u64
}

/// What a call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Estimated prompt and largest reply, in tokens: what is set aside.
    pub reserved: u64,
    /// The largest reply, where the limits allow less than the model's own.
    pub max_tokens: Option<u64>,
}

/// The room for the next call, or the limit that forbids it.
pub(crate) fn room(flow: &Flow) -> Result<Room, Limit> {
    let limits = flow.limits();
    let spent = &flow.spent;
    if limits.steps.is_some_and(|most| spent.steps >= most) {
        return Err(Limit::Steps);
    }
    let prompt = prompt_tokens(flow);
    let by_tokens = limits
        .tokens
        .map(|most| most.saturating_sub(spent.tokens.saturating_add(prompt)));
    let price = flow.setup.as_ref().and_then(|setup| setup.traits.price);
    let by_cost = match (limits.cost, price) {
        (Some(most), Some(price)) => Some(replies_for(most, spent.cost, prompt, &price)),
        _ => None,
    };
    let model_max = flow
        .setup
        .as_ref()
        .map_or(0, |setup| setup.traits.max_output);
    let most = by_tokens
        .into_iter()
        .chain(by_cost)
        .chain([model_max])
        .min()
        .unwrap_or(model_max);
    let least = LEAST_REPLY.min(model_max);
    if by_cost.is_some_and(|tokens| tokens < least) {
        return Err(Limit::Cost);
    }
    if by_tokens.is_some_and(|tokens| tokens < least) {
        return Err(Limit::Tokens);
    }
    let max_tokens = (most < model_max).then_some(most);
    Ok(Room {
        reserved: prompt.saturating_add(most),
        max_tokens,
    })
}

/// How many reply tokens the money left buys once the prompt is paid, all of it uncached.
fn replies_for(most: Cost, spent: Cost, prompt: u64, price: &Price) -> u64 {
    let left = most.usd() - spent.usd() - prompt as f64 * price.input.max(price.cache_write) / 1e6;
    if left <= 0.0 {
        return 0;
    }
    if price.output <= 0.0 {
        return u64::MAX;
    }
    (left * 1e6 / price.output) as u64
}

/// About how many tokens the next prompt has, with what the user said in between.
pub(crate) fn prompt_tokens(flow: &Flow) -> u64 {
    let unreported = flow.spent.unreported_bytes;
    let said = unreported.saturating_add(bytes_of(&flow.steering));
    match flow.spent.context {
        Some(context) => context.saturating_add(estimate_tokens(said)),
        None => estimate_tokens(said.saturating_add(prefix_bytes(flow))),
    }
}

fn prefix_bytes(flow: &Flow) -> u64 {
    flow.setup.as_ref().map_or(0, |setup| {
        setup.system.bytes() + setup.tools.len() as u64 * 500
    })
}

/// Bytes of blocks as they count for the prompt.
pub(crate) fn bytes_of(blocks: &[Block]) -> u64 {
    blocks.iter().map(block_bytes).sum()
}

fn block_bytes(block: &Block) -> u64 {
    match block {
        Block::Text(text) | Block::RedactedThinking(text) | Block::Foreign(text) => text.bytes(),
        Block::Thinking { text, signature } => {
            text.bytes() + signature.as_ref().map_or(0, Text::bytes)
        }
        Block::Image { .. } => IMAGE_BYTES,
        Block::ToolUse(call) => call.name.len() as u64 + call.arguments.bytes(),
        Block::ToolResult { content, .. } => content.iter().map(part_bytes).sum(),
    }
}

fn part_bytes(part: &ResultBlock) -> u64 {
    match part {
        ResultBlock::Text(text) => text.bytes(),
        ResultBlock::Image { .. } => IMAGE_BYTES,
    }
}
