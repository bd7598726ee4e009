//! What a model call counts for against the limits: one that was answered, and one that broke off after it began.

use protocol::{Charge, Heard, ModelFault, Reply, Usage};

use crate::flow::{Flow, Phase, Spent};
use crate::limits::{bytes_of, dense_tokens, estimate_tokens, model_max, price, prompt_estimate};

/// What is set aside for the call under way, in tokens.
#[derive(Clone, Copy, Default)]
struct Aside {
    prompt: u64,
    reply: u64,
}

/// What a reply to the call under way counts for.
pub(crate) fn of_reply(flow: &Flow, reply: &Reply) -> Charge {
    let counted = reply.usage.filter(|usage| usage.total() > 0);
    // Some local servers report zeros where they did not count: that is no report.
    let usage = counted.unwrap_or_else(|| Usage {
        input: prompt_estimate(flow),
        output: estimate_tokens(bytes_of(&reply.content)),
        ..Usage::default()
    });
    let told = reply.cost.filter(|_| counted.is_some());
    Charge {
        tokens: usage.total(),
        cost: told.or_else(|| price(flow).map(|price| price.cost(&usage))),
        is_estimate: counted.is_none(),
        over: counted.map_or(0, |counted| beyond(flow, &counted)),
        usage: None,
    }
}

/// Counts a reply for what it was charged; journals older than the charge have it worked out here.
pub(crate) fn account(flow: &mut Flow, reply: &Reply, charged: Option<Charge>) {
    let charged = charged.unwrap_or_else(|| of_reply(flow, reply));
    let said = bytes_of(&reply.content);
    let spent = &mut flow.spent;
    spent.steps += 1;
    spent.pay(charged);
    if charged.is_estimate {
        spent.unreported_bytes = spent.unreported_bytes.saturating_add(said);
    } else {
        (spent.context, spent.unreported_bytes) = (Some(charged.tokens), 0);
    }
}

/// What a failed attempt of the call under way counts for; `None` where nothing was billed.
pub(crate) fn of_fault(flow: &Flow, fault: &ModelFault) -> Option<Charge> {
    let heard = fault.heard.unwrap_or_default();
    fault.billed.then(|| of_part(flow, &heard))
}

/// Counts a failed attempt for what it was charged. A prompt that its provider has counted is the floor of the next.
pub(crate) fn settle(spent: &mut Spent, charge: Option<Charge>, fault: &ModelFault) {
    let Some(charge) = charge else { return };
    spent.pay(charge);
    let told = fault.heard.and_then(|heard| heard.usage);
    if let Some(prompt) = told
        .map(|usage| usage.prompt())
        .filter(|prompt| *prompt > 0)
    {
        (spent.context, spent.unreported_bytes) = (Some(prompt), 0);
    }
}

/// What a call counts for of which only a part is known. What is not known is taken at its most, as it was set aside,
/// and never at more: no limit can be passed by what nobody counted.
fn of_part(flow: &Flow, heard: &Heard) -> Charge {
    let aside = aside(flow);
    let told = heard.usage.filter(|usage| usage.prompt() > 0);
    let mut usage = told.unwrap_or(Usage {
        input: aside.prompt,
        ..Usage::default()
    });
    // A first count of a reply may be of its beginning only.
    let written = dense_tokens(heard.uncounted).min(aside.reply);
    usage.output = usage.output.max(written);
    Charge {
        tokens: usage.total(),
        cost: price(flow).map(|price| price.cost(&usage)),
        is_estimate: told.is_none() || heard.uncounted > 0,
        over: told.map_or(0, |told| beyond(flow, &told)),
        usage: Some(usage),
    }
}

/// What the provider counted beyond what was set aside; nothing where nothing limits tokens or money.
fn beyond(flow: &Flow, counted: &Usage) -> u64 {
    let limits = flow.limits();
    if limits.tokens.is_none() && limits.cost.is_none() {
        return 0;
    }
    let aside = aside(flow);
    let prompt = counted.prompt().saturating_sub(aside.prompt);
    prompt.saturating_add(counted.output.saturating_sub(aside.reply))
}

fn aside(flow: &Flow) -> Aside {
    let Phase::Calling { room, .. } = flow.phase else {
        return Aside::default();
    };
    let reply = room.max_tokens.unwrap_or(model_max(flow));
    Aside {
        prompt: room.reserved.saturating_sub(reply),
        reply,
    }
}
