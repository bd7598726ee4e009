//! What a model call counts for against the limits: one that was answered, and one that broke off after it began.

use protocol::{Charge, Heard, ModelEvent, ModelFault, Reply, Room, Usage};

use crate::flow::{Flow, Phase, Spent};
use crate::limits::{bytes_of, dense_tokens, estimate_tokens, model_max, price, prompt_estimate};

/// What is taken to have been written of a reply nobody heard, in bytes: the shortest reply a call is made for. Its
/// prompt is most of what a call takes, and a provider stops writing when nobody listens any more; as much as was set
/// aside would use up what is left of most limits.
const UNHEARD_BYTES: u64 = 512;

/// What is set aside for the call under way, in tokens.
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
        over: counted.map_or(0, |counted| beyond(flow, under_way(flow), &counted)),
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
    let room = under_way(flow).filter(|_| fault.billed)?;
    Some(of_part(flow, room, &heard))
}

/// The end of the call a former process had under way, as nobody will hear of it. `None` if there was none, or it is
/// charged already.
pub fn lost(flow: &Flow) -> Option<ModelEvent> {
    let (step, charge) = (flow.step, unheard(flow)?);
    Some(ModelEvent::Lost { step, charge })
}

/// What the call that a former process had under way counts for, if there was one and it is not charged yet.
pub(crate) fn unheard(flow: &Flow) -> Option<Charge> {
    let heard = Heard {
        usage: None,
        uncounted: UNHEARD_BYTES,
    };
    let under_way = under_way(flow).map(|room| of_part(flow, room, &heard));
    under_way.or(flow.spent.lost)
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

/// Counts a call that a former process had under way, and lets it go.
pub(crate) fn settle_lost(flow: &mut Flow, charge: Charge) {
    flow.spent.pay(charge);
    flow.spent.lost = None;
    if matches!(flow.phase, Phase::Calling { .. }) {
        flow.phase = Phase::Due;
    }
}

/// What a call counts for of which only a part is known. What is not known is taken at its most, as it was set aside,
/// and never at more: no limit can be passed by what nobody counted.
fn of_part(flow: &Flow, room: Room, heard: &Heard) -> Charge {
    let aside = aside(flow, room);
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
        over: told.map_or(0, |told| beyond(flow, Some(room), &told)),
        usage: Some(usage),
    }
}

/// What the provider counted beyond what was set aside; nothing where nothing limits tokens or money.
fn beyond(flow: &Flow, room: Option<Room>, counted: &Usage) -> u64 {
    let limits = flow.limits();
    if limits.tokens.is_none() && limits.cost.is_none() {
        return 0;
    }
    let Some(aside) = room.map(|room| aside(flow, room)) else {
        return 0;
    };
    let prompt = counted.prompt().saturating_sub(aside.prompt);
    prompt.saturating_add(counted.output.saturating_sub(aside.reply))
}

const fn under_way(flow: &Flow) -> Option<Room> {
    match flow.phase {
        Phase::Calling { room, .. } => Some(room),
        _ => None,
    }
}

fn aside(flow: &Flow, room: Room) -> Aside {
    let reply = room.max_tokens.unwrap_or(model_max(flow));
    Aside {
        prompt: room.reserved.saturating_sub(reply),
        reply,
    }
}
