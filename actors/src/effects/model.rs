//! Calls the model: one exchange, its pieces to the bus, its calls matched to tools.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::{
    AgentId, Block, CallId, Delta, DeltaBody, FaultKind, ModelFault, Outcome, PlannedCall, Prompt,
    Reply, RetryHint, TASK_TOOL, ToolCall,
};
use providers::Exchange;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// One model call.
pub(crate) struct Ask {
    pub agent: AgentId,
    pub step: u32,
    pub attempt: u32,
    pub prompt: Prompt,
    pub cwd: PathBuf,
}

/// Calls the model; `None` if cancelled.
pub(crate) async fn call(
    world: Arc<World>,
    ask: Ask,
    cancel: CancellationToken,
) -> Option<Outcome> {
    let Ask {
        agent,
        step,
        attempt,
        prompt,
        cwd,
    } = ask;
    let began = world.source.millis();
    // 0 until the first byte came: written by the stream, read once it is over.
    let first = AtomicU64::new(0);
    let deltas = |body: DeltaBody| {
        let mut body = match body {
            DeltaBody::ReplyBegins { .. } => {
                first.store(world.source.millis(), Ordering::Relaxed);
                DeltaBody::ReplyBegins { step }
            }
            other => other,
        };
        if world.bus.is_watched() {
            world.redactor.clean_piece(&mut body);
            world.bus.delta(Delta { agent, body });
        }
    };
    let new_call = || CallId::new(world.source.uuid());
    let exchange = Exchange {
        prompt: &prompt,
        new_call: &new_call,
        deltas: &deltas,
    };
    let answer = cancel
        .run_until_cancelled(world.provider.exchange(exchange))
        .await?;
    let ended = world.source.millis();
    let first_byte = first.load(Ordering::Relaxed).max(began);
    let took = (first_byte - began, ended - began);
    Some(match answer {
        Ok(reply) => replied(&world, step, reply, &cwd, took),
        Err(mut fault) => {
            world.redactor.clean_fault(&mut fault);
            let dice = world.source.dice();
            Outcome::ModelFailed {
                step,
                attempt,
                fault,
                dice,
            }
        }
    })
}

fn replied(world: &World, step: u32, mut reply: Reply, cwd: &Path, took: (u64, u64)) -> Outcome {
    world.redactor.clean_reply(&mut reply);
    let calls = plan(world, &reply, cwd);
    let schema = world.offer.answer.as_ref().filter(|_| calls.is_empty());
    let answer = schema.and_then(|schema| schema.written(&said(&reply)));
    let reply = Box::new(reply);
    Outcome::Replied {
        step,
        reply,
        calls,
        took,
        answer,
    }
}

/// The text of a reply.
fn said(reply: &Reply) -> String {
    let texts = reply.content.iter().filter_map(|block| match block {
        Block::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// A wire panicked: a fault of formic, not to be tried again.
pub(crate) fn fault_of_formic(step: u32, attempt: u32) -> Outcome {
    let fault = ModelFault {
        kind: FaultKind::Garbled,
        status: None,
        message: "formic failed while reading the reply; this is a fault of formic".to_owned(),
        retry: RetryHint::Never,
        billed: true,
        heard: None,
    };
    Outcome::ModelFailed {
        step,
        attempt,
        fault,
        dice: 0,
    }
}

/// Matches the reply's calls to tools. This follows symlinks on the disk, a few microseconds a path.
fn plan(world: &World, reply: &Reply, cwd: &Path) -> Vec<PlannedCall> {
    let calls = reply.content.iter().filter_map(|block| match block {
        Block::ToolUse(call) => Some(call),
        _ => None,
    });
    calls.map(|call| plan_one(world, call, cwd)).collect()
}

fn plan_one(world: &World, call: &ToolCall, cwd: &Path) -> PlannedCall {
    let refused = |text: String| PlannedCall {
        call: call.id,
        tool: call.name.clone(),
        writes: false,
        accesses: Vec::new(),
        refusal: Some(tools::bounded(text).into()),
    };
    if let Some(raw) = &call.malformed {
        return refused(format!(
            "the arguments are not one whole JSON object, so nothing was run; send the call again. \
             What arrived: {}",
            raw.as_str().chars().take(500).collect::<String>()
        ));
    }
    if call.name == agent::ANSWER_TOOL && world.offer.answer.is_some() {
        let (tool, writes, accesses) = (call.name.clone(), false, Vec::new());
        return PlannedCall {
            call: call.id,
            tool,
            writes,
            accesses,
            refusal: None,
        };
    }
    let bound = match world
        .offer
        .registry
        .resolve(&call.name, &call.arguments.as_str())
    {
        Ok(bound) => bound,
        Err(text) => return refused(text),
    };
    let offered = world
        .offer
        .declared
        .iter()
        .any(|declared| declared.name == bound.name);
    if !offered {
        return refused(unoffered(bound.name));
    }
    match bound.tool.claim(&bound.args, world.place.as_ref(), cwd) {
        Ok(claim) => PlannedCall {
            call: call.id,
            tool: bound.name.to_owned(),
            writes: bound.tool.writes(),
            accesses: world.law.accesses(&claim),
            refusal: None,
        },
        Err(text) => refused(text),
    }
}

fn unoffered(tool: &str) -> String {
    let why = match tool {
        TASK_TOOL => "to you: only the coordinator starts agents. Do the work yourself",
        _ => "in this session",
    };
    format!("the tool {tool} is not offered {why}")
}
