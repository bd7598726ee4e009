//! Runs tool calls: reads to their end; writes to their permit, and, once their start is durable, to their end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use protocol::{
    Action, AgentId, BlobId, Block, CallId, Claim, Decider, Delta, DeltaBody, Outcome, ResultBlock,
    TASK_TOOL, Text, Timestamp, ToolResult, ToolStatus, Verdict,
};
use tokio_util::sync::CancellationToken;
use tools::{Delegate, Prepared, ReadContext, Tool, WriteContext, WriteTool};

use super::Answer;
use crate::broker::{self, Resolution, unattended};
use crate::coordinator::Caller;
use crate::flight::Held;
use crate::world::World;

/// A call and what it needs of the agent's state at this moment.
pub(crate) struct Job {
    agent: AgentId,
    call: CallId,
    tool: String,
    arguments: Text,
    cwd: PathBuf,
    seen: Arc<BTreeMap<PathBuf, BlobId>>,
    instructed: Arc<BTreeSet<PathBuf>>,
    /// How the agent stands, for a call that asks for a sub-agent.
    standing: Option<agent::Standing>,
}

impl Job {
    /// The job of a call of the newest reply; `None` if there is no such call.
    pub(crate) fn new(core: &agent::State, agent: AgentId, call: CallId) -> Option<Self> {
        let slot = core.flow.slot(call)?;
        let written = core
            .messages
            .iter()
            .rev()
            .flat_map(|message| &message.content);
        let arguments = written.into_iter().find_map(|block| match block {
            Block::ToolUse(written) if written.id == call => Some(written.arguments.clone()),
            _ => None,
        })?;
        Some(Self {
            agent,
            call,
            tool: slot.plan.tool.clone(),
            arguments,
            cwd: core.flow.cwd.clone(),
            seen: core.seen.clone(),
            instructed: core.flow.instructed.clone(),
            standing: (slot.plan.tool == TASK_TOOL).then(|| agent::standing(&core.flow)),
        })
    }

    fn context(&self, world: &Arc<World>, cancel: CancellationToken) -> ReadContext {
        let (bus, agent, call) = (world.bus.clone(), self.agent, self.call);
        ReadContext {
            place: world.place.clone(),
            cwd: self.cwd.clone(),
            seen: self.seen.clone(),
            vision: world.offer.vision,
            spill: world.commands.spill.clone(),
            shells: world.commands.shells.clone(),
            board: world.offer.board.clone(),
            delegate: self.caller(world, &cancel),
            cancel,
            live: Arc::new(move |text| {
                bus.delta(Delta {
                    agent,
                    body: DeltaBody::ToolOutput { call, text },
                });
            }),
            call,
        }
    }

    /// The way to a sub-agent, for a call that asks for one where there may be some.
    fn caller(&self, world: &World, cancel: &CancellationToken) -> Option<Arc<dyn Delegate>> {
        Some(Arc::new(Caller {
            coordinator: world.offer.coordinator.get()?.clone(),
            call: self.call,
            agent: self.agent,
            standing: self.standing.clone()?,
            cancel: cancel.clone(),
        }))
    }

    fn tell_begin(&self, world: &World) {
        if world.bus.is_watched() {
            let (call, tool) = (self.call, self.tool.clone());
            let body = DeltaBody::ToolBegins { call, tool };
            world.bus.delta(Delta {
                agent: self.agent,
                body,
            });
        }
    }

    /// The end of this call, as the model and the journal may see it.
    fn finished(&self, world: &World, mut result: ToolResult, began: Timestamp) -> Outcome {
        world.context.add_nested(&mut result, &self.instructed);
        world.redactor.clean_result(&mut result);
        tools::bound(&mut result);
        let span = (began, world.source.now());
        Outcome::Finished {
            call: self.call,
            result: Box::new(result),
            span,
        }
    }
}

/// Runs a read to its end, or brings a write to the point where it holds its permit.
pub(crate) async fn run(world: Arc<World>, job: Job, cancel: CancellationToken) -> Answer {
    let began = world.source.now();
    if job.tool == agent::ANSWER_TOOL
        && let Some(schema) = &world.offer.answer
    {
        let result = schema.take(&job.arguments.as_str());
        return (Some(job.finished(&world, result, began)), None);
    }
    let ctx = job.context(&world, cancel.clone());
    let working = work(&world, &job, &ctx, began);
    if job.standing.is_some() {
        // It comes home when what works for it has come to its end, cancelled or not.
        return working.await;
    }
    cancel
        .run_until_cancelled(working)
        .await
        .unwrap_or((None, None))
}

async fn work(world: &Arc<World>, job: &Job, ctx: &ReadContext, began: Timestamp) -> Answer {
    match toward(world, job, ctx).await {
        Ok(answer) => answer,
        Err(result) => (Some(job.finished(world, result, began)), None),
    }
}

/// The way of a call to its permit; `Err` is a call that ends before it needs one, a read among them.
async fn toward(world: &Arc<World>, job: &Job, ctx: &ReadContext) -> Result<Answer, ToolResult> {
    let registry = &world.offer.registry;
    let bound = registry
        .resolve(&job.tool, &job.arguments.as_str())
        .map_err(ToolResult::failed)?;
    let place = world.place.as_ref();
    let claim = bound
        .tool
        .claim(&bound.args, place, &job.cwd)
        .map_err(ToolResult::failed)?;
    match bound.tool {
        Tool::Read(tool) => match unattended(world.law.judge(&claim)) {
            (Verdict::Allow(_), _) => {
                job.tell_begin(world);
                Err(tool.run(&bound.args, ctx).await)
            }
            (verdict, by) => Ok(refused(job.call, verdict, by)),
        },
        Tool::Write(tool) => {
            unveiled(world, job, &claim).map_err(ToolResult::failed)?;
            let resolution = broker::resolve(&world.broker, &world.law, &claim)
                .await
                .map_err(ToolResult::failed)?;
            if !matches!(resolution.verdict, Verdict::Allow(_)) {
                return Ok(refused(job.call, resolution.verdict, resolution.by));
            }
            let prepared = tool.prepare(&bound.args, ctx).await?;
            permit(world, job.call, prepared, (claim, resolution)).await
        }
    }
}

/// The model sees words in the place of a secret; a file that gets them back has lost the secret.
fn unveiled(world: &World, job: &Job, claim: &Claim) -> Result<(), String> {
    let stand_in = world.redactor.stand_in(&job.arguments.as_str());
    match (&claim.action, stand_in) {
        (Action::Write { .. }, Some(stand_in)) => Err(format!(
            "nothing was written: {stand_in} stands for a secret that you are not shown, and would be \
             written in its place. Edit only the text around it, or let the user do it."
        )),
        _ => Ok(()),
    }
}

fn refused(call: CallId, verdict: Verdict, by: Decider) -> Answer {
    (Some(Outcome::Refused { call, verdict, by }), None)
}

/// Waits in the lane and takes the permit for exactly the claim that was judged.
async fn permit(
    world: &World,
    call: CallId,
    prepared: Prepared,
    (claim, resolution): (Claim, Resolution),
) -> Result<Answer, ToolResult> {
    let Resolution { verdict, by, lane } = resolution;
    let guard = lane.acquire().await;
    if prepared.claim != claim {
        return Err(ToolResult::failed(
            "refused: what the call would do changed while it was being judged; send it again",
        ));
    }
    let Some(permit) = guard.permit(&claim, &verdict) else {
        return Ok(refused(call, verdict, by));
    };
    // What is journaled before it is done must not show what its result may not.
    let mut intent = prepared.intent.clone();
    world.redactor.clean_intent(&mut intent);
    let prepared = Some(prepared);
    let held = Held { prepared, permit };
    let outcome = Outcome::Permitted {
        call,
        intent,
        verdict,
        by,
    };
    Ok((Some(outcome), Some(held)))
}

/// Does what a permitted write intends, once the disk knows that it begins. The permit comes back with the end and is freed once that is written.
pub(crate) async fn commit(
    world: Arc<World>,
    job: Job,
    mut held: Held,
    cancel: CancellationToken,
) -> Answer {
    let began = world.source.now();
    if let Err(down) = world.journal.sync().await {
        let result = ToolResult::failed(format!("not done: could not {down}"));
        return (Some(job.finished(&world, result, began)), Some(held));
    }
    let ctx = job.context(&world, cancel);
    let bound = world
        .offer
        .registry
        .resolve(&job.tool, &job.arguments.as_str());
    let result = match (bound, held.prepared.take()) {
        (Ok(bound), Some(prepared)) => match bound.tool {
            Tool::Write(tool) => {
                job.tell_begin(&world);
                fenced(
                    &world,
                    &held,
                    committed(tool.as_ref(), prepared, &held, &ctx),
                )
                .await
            }
            Tool::Read(_) => ToolResult::failed("this tool does not write"),
        },
        (Err(text), _) => ToolResult::failed(text),
        (_, None) => ToolResult::with_status(ToolStatus::Failed, "the write was committed before"),
    };
    (Some(job.finished(&world, result, began)), Some(held))
}

/// A write of a node. After a command, under the same permit, what it changed outside the node's scope is undone, and
/// told.
async fn fenced(world: &World, held: &Held, write: impl Future<Output = ToolResult>) -> ToolResult {
    let Some(fence) = &world.commands.fence else {
        return write.await;
    };
    let action = &held.permit.claim().action;
    fence.announce(action).await;
    if !matches!(action, Action::Run { .. }) {
        return write.await;
    }
    let before = fence.before().await;
    let mut result = write.await;
    if let Some(remark) = fence.mend(before).await {
        result.content.push(ResultBlock::Text(remark.into()));
    }
    result
}

async fn committed(
    tool: &dyn WriteTool,
    prepared: Prepared,
    held: &Held,
    ctx: &ReadContext,
) -> ToolResult {
    tool.commit(prepared, &WriteContext::new(&held.permit, ctx))
        .await
}
