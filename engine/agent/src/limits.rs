//! Whether the limits leave room for the next model call, and how large its reply may be.

use protocol::{Block, Cost, Limit, Price, ResultBlock, Room, Text};

use crate::flow::Flow;

/// Bytes that make a token, about: the figure used where a provider has not counted.
const BYTES_PER_TOKEN: f64 = 3.6;

/// Bytes that make a token in the densest texts that are common, such as digits or scripts without an alphabet. What
/// nobody has counted yet is set aside at this figure.
const DENSE_BYTES_PER_TOKEN: f64 = 2.0;

/// Tokens a wire may add around what is said.
const FRAME: u64 = 64;

/// A picture counts as about 1,500 tokens.
const IMAGE_BYTES: u64 = 5_400;

/// A call with less room for its reply than this is not worth its prompt.
pub(crate) const LEAST_REPLY: u64 = 256;

/// The part of a limit, in percent, from which on the model is told to come to an end.
const SOFT: u64 = 80;

/// About how many tokens `bytes` of text are.
pub fn estimate_tokens(bytes: u64) -> u64 {
    (bytes as f64 / BYTES_PER_TOKEN).ceil() as u64
}

/// How many tokens `bytes` of text are at most, but for the strangest of texts.
pub(crate) fn dense_tokens(bytes: u64) -> u64 {
    (bytes as f64 / DENSE_BYTES_PER_TOKEN).ceil() as u64
}

/// The room for the next call, or the limit that forbids it. Whatever the call uses of what is set aside here, no
/// limit is passed: invariant 22.
pub(crate) fn room(flow: &Flow) -> Result<Room, Limit> {
    let limits = flow.limits();
    let spent = &flow.spent;
    if limits.steps.is_some_and(|most| spent.steps >= most) {
        return Err(Limit::Steps);
    }
    let prompt = prompt_at_most(flow);
    let by_tokens = limits
        .tokens
        .map(|most| most.saturating_sub(spent.tokens.saturating_add(prompt)));
    let by_cost = limits.cost.map(|most| match price(flow) {
        Some(price) => replies_for(most, spent.cost, prompt, &price),
        // What nobody knows the price of cannot be kept within a limit of money.
        None => 0,
    });
    let model_max = model_max(flow);
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

/// The largest reply the model can give, in tokens.
pub(crate) fn model_max(flow: &Flow) -> u64 {
    let setup = flow.setup.as_ref();
    setup.map_or(0, |setup| setup.traits.max_output)
}

pub(crate) fn price(flow: &Flow) -> Option<Price> {
    flow.setup.as_ref()?.traits.price
}

/// How many reply tokens the money left buys once the prompt is paid, all of it uncached.
fn replies_for(most: Cost, spent: Cost, prompt: u64, price: &Price) -> u64 {
    let price = price.with_prompt(prompt);
    let left = most.usd() - spent.usd() - prompt as f64 * price.input.max(price.cache_write) / 1e6;
    if left < 0.0 || most <= spent {
        return 0;
    }
    if price.output <= 0.0 {
        return u64::MAX;
    }
    (left * 1e6 / price.output) as u64
}

/// What the model is told once a limit is nearly used up; `None` before, and when it was told already.
pub(crate) fn warning(flow: &Flow) -> Option<String> {
    let (limits, spent) = (flow.limits(), &flow.spent);
    if spent.is_warned {
        return None;
    }
    let is_near = |used: u64, most: u64| {
        u128::from(used) * 100 >= u128::from(most) * u128::from(SOFT) && used > 0
    };
    let tokens = limits.tokens.filter(|most| is_near(spent.tokens, *most));
    let cost = limits.cost.filter(|most| is_near(spent.cost.0, most.0));
    let steps = limits.steps.map(u64::from);
    let steps = steps.filter(|most| is_near(spent.steps.into(), *most));
    let used = match (tokens, cost, steps) {
        (Some(most), ..) => format!("{} of {most} tokens", spent.tokens),
        (_, Some(most), _) => format!("{:.4} of {:.4} dollars", spent.cost.usd(), most.usd()),
        (.., Some(most)) => format!("{} of {most} model calls", spent.steps),
        (None, None, None) => return None,
    };
    Some(format!(
        "You have used {used}. At the limit you are stopped. Bring what you have begun to an end now, leave it \
         whole, and say in your last answer what is done and what is not."
    ))
}

/// About how many tokens the prompt of the call under way has.
pub(crate) fn prompt_estimate(flow: &Flow) -> u64 {
    prompt(flow, 0, estimate_tokens)
}

/// The most tokens the next prompt should have, with what the user said in between.
fn prompt_at_most(flow: &Flow) -> u64 {
    let framed = |bytes: u64| FRAME + dense_tokens(bytes);
    prompt(flow, bytes_of(&flow.steering), framed)
}

/// What was counted last, and what was said since.
fn prompt(flow: &Flow, said: u64, tokens: impl Fn(u64) -> u64) -> u64 {
    let said = said.saturating_add(flow.spent.unreported_bytes);
    match flow.spent.context {
        Some(context) => context.saturating_add(tokens(said)),
        None => tokens(said.saturating_add(prefix_bytes(flow))),
    }
}

fn prefix_bytes(flow: &Flow) -> u64 {
    flow.setup
        .as_ref()
        .map_or(0, |setup| setup.system.bytes() + setup.tool_bytes)
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
