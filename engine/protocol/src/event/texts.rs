//! The bulky texts of an event, so that the journal's edge can swap them for blobs and back.

use crate::{
    Block, CheckRun, Event, Fact, Intent, MemoryEvent, ModelEvent, PlanEvent, ResultBlock,
    SessionEvent, Text, ToolEvent, ToolResult, TurnEvent, WorkspaceEvent,
};

impl Event {
    /// Every text of this event that may be bulky.
    pub fn texts_mut(&mut self) -> Vec<&mut Text> {
        let mut texts = Vec::new();
        match self {
            Self::Session(SessionEvent::Opened(opening)) => texts.push(&mut opening.system),
            Self::Turn(event) => of_turn(event, &mut texts),
            Self::Model(ModelEvent::Replied { reply, calls, .. }) => {
                reply
                    .content
                    .iter_mut()
                    .for_each(|block| of_block(block, &mut texts));
                texts.extend(calls.iter_mut().filter_map(|call| call.refusal.as_mut()));
            }
            Self::Tool(ToolEvent::Started { intent, .. }) => match intent {
                Intent::File { done, .. } => of_result(done, &mut texts),
                Intent::Command { command, .. } => texts.push(command),
            },
            Self::Tool(ToolEvent::Finished { result, .. }) => of_result(result, &mut texts),
            Self::Session(SessionEvent::Resumed { .. } | SessionEvent::Forked(_))
            | Self::Model(
                ModelEvent::Requested { .. }
                | ModelEvent::Retried { .. }
                | ModelEvent::Failed { .. }
                | ModelEvent::Lost { .. }
                | ModelEvent::Resumed { .. },
            )
            | Self::Tool(ToolEvent::Reopened { .. })
            | Self::Permission(_)
            | Self::Fault(_) => {}
            Self::Plan(event) => of_plan(event, &mut texts),
            Self::Workspace(event) => of_workspace(event, &mut texts),
            Self::Memory(MemoryEvent::Noted { entry }) => texts.push(&mut entry.value),
            Self::Memory(MemoryEvent::Shown { .. }) => {}
        }
        texts
    }
}

fn of_plan<'a>(event: &'a mut PlanEvent, texts: &mut Vec<&'a mut Text>) {
    match event {
        PlanEvent::Proposed { plan, .. } | PlanEvent::Accepted { plan } => {
            texts.extend(plan.nodes.iter_mut().filter_map(|node| node.brief.as_mut()));
        }
        PlanEvent::Patched { patch, .. } => {
            let nodes = patch.add.iter_mut().chain(&mut patch.modify);
            texts.extend(nodes.filter_map(|node| node.brief.as_mut()));
        }
        PlanEvent::Checked { runs } => texts.extend(runs.iter_mut().flat_map(CheckRun::texts_mut)),
        PlanEvent::NodeReturned { failure, .. } => texts.push(&mut failure.evidence),
        PlanEvent::NodeEnded { why, .. } => texts.extend(why.as_mut()),
        PlanEvent::Rejected { .. }
        | PlanEvent::NodeStarted { .. }
        | PlanEvent::Paused { .. }
        | PlanEvent::Unpaused
        | PlanEvent::Cancelled { .. }
        | PlanEvent::Closed => {}
    }
}

fn of_workspace<'a>(event: &'a mut WorkspaceEvent, texts: &mut Vec<&'a mut Text>) {
    match event {
        WorkspaceEvent::Inspected { found, .. } => {
            texts.extend(found.check.iter_mut().flat_map(CheckRun::texts_mut));
            texts.extend(found.fault.as_mut());
        }
        WorkspaceEvent::Gated { runs, .. } => {
            texts.extend(runs.iter_mut().flat_map(CheckRun::texts_mut));
        }
        WorkspaceEvent::Failed { text, .. } => texts.push(text),
        WorkspaceEvent::Begun(_)
        | WorkspaceEvent::Worked { .. }
        | WorkspaceEvent::TreeMade { .. }
        | WorkspaceEvent::Reverted { .. }
        | WorkspaceEvent::BatchTaken { .. }
        | WorkspaceEvent::Merged { .. }
        | WorkspaceEvent::Advancing { .. }
        | WorkspaceEvent::Advanced { .. }
        | WorkspaceEvent::Landed(_) => {}
    }
}

fn of_turn<'a>(event: &'a mut TurnEvent, texts: &mut Vec<&'a mut Text>) {
    match event {
        TurnEvent::Submitted {
            context, content, ..
        } => {
            texts.extend(context.iter_mut());
            content.iter_mut().for_each(|block| of_block(block, texts));
        }
        TurnEvent::Steered { content } => {
            content.iter_mut().for_each(|block| of_block(block, texts));
        }
        TurnEvent::Nudged { text } | TurnEvent::Informed { text } | TurnEvent::Warned { text } => {
            texts.push(text);
        }
        TurnEvent::Interrupted { .. } | TurnEvent::Ended { .. } => {}
    }
}

fn of_block<'a>(block: &'a mut Block, texts: &mut Vec<&'a mut Text>) {
    match block {
        Block::Text(text) | Block::RedactedThinking(text) | Block::Foreign(text) => {
            texts.push(text);
        }
        Block::Thinking { text, signature } => {
            texts.push(text);
            texts.extend(signature.as_mut());
        }
        Block::Image { data, .. } => texts.push(data),
        Block::ToolUse(call) => {
            texts.push(&mut call.arguments);
            texts.extend(call.malformed.as_mut());
        }
        Block::ToolResult { content, .. } => of_results(content, texts),
    }
}

fn of_result<'a>(result: &'a mut ToolResult, texts: &mut Vec<&'a mut Text>) {
    of_results(&mut result.content, texts);
    for fact in &mut result.facts {
        match fact {
            Fact::Instructions { text, .. } => texts.push(text),
            Fact::Noted(note) => texts.push(&mut note.value),
            Fact::FileSeen { .. }
            | Fact::FileWritten { .. }
            | Fact::Cwd(_)
            | Fact::Spilled(_)
            | Fact::Exited(_)
            | Fact::Todos(_)
            | Fact::Delegated(_)
            | Fact::Structured(_) => {}
        }
    }
}

fn of_results<'a>(content: &'a mut [ResultBlock], texts: &mut Vec<&'a mut Text>) {
    texts.extend(content.iter_mut().map(|block| match block {
        ResultBlock::Text(text) | ResultBlock::Image { data: text, .. } => text,
    }));
}
