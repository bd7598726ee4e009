//! The only place where an agent's state changes: one event, one new state. Running live and resuming share it.

use std::path::Path;
use std::sync::Arc;

use protocol::{
    Block, Event, Fact, Message, ModelEvent, Opening, PlannedCall, Reply, ResultBlock, Role, Room,
    SessionEvent, StopReason, Text, ToolCall, ToolEvent, ToolResult, ToolStatus, TurnEvent,
};

use crate::charges;
use crate::flow::{Flow, Phase, Setup, Slot, SlotState, Spent};
use crate::limits::bytes_of;
use crate::looping::Echo;
use crate::state::State;

pub(crate) fn apply(state: &mut State, event: &Event) {
    match event {
        Event::Session(event) => session(&mut state.flow, event),
        Event::Turn(event) => turn(state, event),
        Event::Model(event) => model(state, event),
        Event::Tool(event) => tool(state, event),
        Event::Permission(_)
        | Event::Plan(_)
        | Event::Workspace(_)
        | Event::Memory(_)
        | Event::Fault(_) => {}
    }
}

fn session(flow: &mut Flow, event: &SessionEvent) {
    match event {
        SessionEvent::Opened(opening) => {
            flow.cwd.clone_from(&opening.cwd);
            flow.setup = Some(Arc::new(setup(opening)));
            flow.spent.fresh = true;
        }
        SessionEvent::Resumed {
            limits,
            mode,
            model,
            traits,
            structured,
        } => {
            // At the price of the model that was asked.
            flow.spent.lost = charges::unheard(flow);
            if let Some(setup) = flow.setup.as_mut().map(Arc::make_mut) {
                (setup.limits, setup.mode) = (*limits, *mode);
                (setup.model, setup.traits) = (model.clone(), traits.clone());
                offer_answer(&mut setup.tools, *structured);
            }
            flow.spent.fresh = true;
            doubt(&mut flow.calls);
            // The call of the former process is gone, and what room it had is for these limits to say.
            if matches!(flow.phase, Phase::Calling { .. } | Phase::Waiting { .. }) {
                flow.phase = Phase::Due;
            }
        }
        SessionEvent::Forked(_) => {}
    }
}

fn setup(opening: &Opening) -> Setup {
    Setup {
        cwd: opening.cwd.clone(),
        mode: opening.mode,
        model: opening.model.clone(),
        traits: opening.traits.clone(),
        system: opening.system.clone(),
        tools: opening.tools.clone(),
        limits: opening.limits,
        tool_bytes: opening.tool_bytes,
    }
}

/// The answer tool comes and goes with the run; the others stay as the session was opened with them.
fn offer_answer(tools: &mut Vec<String>, wanted: bool) {
    tools.retain(|tool| tool != crate::ANSWER_TOOL);
    if wanted {
        tools.push(crate::ANSWER_TOOL.to_owned());
        tools.sort();
    }
}

/// A new process cannot know whether what the former one started also ended.
fn doubt(calls: &mut [Slot]) {
    for slot in calls {
        if let SlotState::Started(intent) = &slot.state {
            slot.state = SlotState::InDoubt(intent.clone());
        }
    }
}

fn turn(state: &mut State, event: &TurnEvent) {
    match event {
        TurnEvent::Submitted {
            turn,
            context,
            content,
        } => {
            let flow = &mut state.flow;
            if std::mem::take(&mut flow.spent.fresh) {
                let context = flow.spent.context;
                let unreported_bytes = flow.spent.unreported_bytes;
                flow.spent = Spent {
                    context,
                    unreported_bytes,
                    ..Spent::default()
                };
            }
            flow.spent.misses = 0;
            (flow.turn, flow.phase, flow.structured) = (Some(*turn), Phase::Due, None);
            flow.echo = Echo::default();
            // Said before this input and never read: it must not be heard after it.
            read_steering(state);
            let notes = context.iter().cloned().map(Block::Text);
            say(
                state,
                Role::User,
                notes.chain(content.iter().cloned()).collect(),
            );
        }
        TurnEvent::Steered { content } => state.flow.steering.extend(content.iter().cloned()),
        TurnEvent::Informed { text } => state.flow.steering.push(Block::Text(text.clone())),
        TurnEvent::Warned { text } => {
            state.flow.spent.is_warned = true;
            state.flow.steering.push(Block::Text(text.clone()));
        }
        TurnEvent::Nudged { text } => {
            state.flow.spent.misses += 1;
            state.flow.phase = Phase::Due;
            say(state, Role::User, vec![Block::Text(text.clone())]);
        }
        TurnEvent::Interrupted { cause } => {
            let flow = &mut state.flow;
            // What the stopped call still brings home must not pass for an answer to the next.
            if matches!(flow.phase, Phase::Calling { .. } | Phase::Waiting { .. }) {
                flow.step += 1;
            }
            flow.phase = Phase::Stopping { cause: *cause };
        }
        TurnEvent::Ended { .. } => {
            close_calls(state);
            state.flow.phase = Phase::Resting;
        }
    }
}

/// Answers every call that will not run any more, so that the conversation stays well formed.
fn close_calls(state: &mut State) {
    if state.flow.calls.is_empty() {
        return;
    }
    for slot in state.flow.calls.iter_mut().filter(|slot| !slot.is_done()) {
        let text = "not run: the turn was ended before this call";
        let result = ToolResult::with_status(ToolStatus::Interrupted, text);
        slot.state = SlotState::Done(Arc::new(result));
    }
    say_results(state);
}

fn model(state: &mut State, event: &ModelEvent) {
    match event {
        ModelEvent::Requested {
            reserved,
            max_tokens,
            ..
        } => {
            let (reserved, max_tokens) = (*reserved, *max_tokens);
            let room = Room {
                reserved,
                max_tokens,
            };
            requested(state, room);
        }
        ModelEvent::Replied {
            reply,
            calls,
            charge,
            answer,
            ..
        } => {
            charges::account(&mut state.flow, reply, *charge);
            state.flow.structured.clone_from(answer);
            replied(state, reply, calls);
        }
        ModelEvent::Retried {
            attempt,
            fault,
            wait_ms,
            charge,
            room,
            ..
        } => {
            charges::settle(&mut state.flow.spent, *charge, fault);
            if let Phase::Calling { room: had, .. } = state.flow.phase {
                let (attempt, ms) = (*attempt, *wait_ms);
                let room = room.unwrap_or(had);
                state.flow.phase = Phase::Waiting { attempt, ms, room };
            }
        }
        ModelEvent::Failed {
            fault,
            charge,
            limit,
            ..
        } => {
            charges::settle(&mut state.flow.spent, *charge, fault);
            state.flow.step += 1;
            let (fault, limit) = (fault.clone(), *limit);
            state.flow.phase = Phase::Failed { fault, limit };
        }
        ModelEvent::Lost { charge, .. } => charges::settle_lost(&mut state.flow, *charge),
        ModelEvent::Resumed { attempt, .. } => {
            if let Phase::Waiting { room, .. } = state.flow.phase {
                let attempt = *attempt;
                state.flow.phase = Phase::Calling { attempt, room };
            }
        }
    }
}

fn requested(state: &mut State, room: Room) {
    read_steering(state);
    state.flow.phase = Phase::Calling { attempt: 0, room };
    state.flow.spent.lost = None;
}

fn replied(state: &mut State, reply: &Reply, calls: &[PlannedCall]) {
    state.flow.step += 1;
    state.flow.calls = slots(reply, calls);
    state.flow.phase = if state.flow.calls.is_empty() {
        let stop = answered(reply);
        Phase::Answered { stop }
    } else {
        Phase::Acting
    };
    if !reply.content.is_empty() {
        let message = Message {
            role: Role::Assistant,
            content: reply.content.clone(),
        };
        state.messages.push(Arc::new(message));
    }
}

/// A pause that said nothing has nothing to go on from: the same conversation sent back would only
/// be paused again, for ever.
fn answered(reply: &Reply) -> StopReason {
    if reply.content.is_empty() && reply.stop == StopReason::PauseTurn {
        StopReason::EndTurn
    } else {
        reply.stop.clone()
    }
}

/// One slot for each call the reply's content holds, in that order, whatever was planned: every call
/// the model wrote must be answered, and nothing else can be.
fn slots(reply: &Reply, calls: &[PlannedCall]) -> Vec<Slot> {
    let slot = |block: &Block| match block {
        Block::ToolUse(written) => {
            let planned = calls.iter().find(|call| call.call == written.id).cloned();
            Some(Slot {
                plan: planned.unwrap_or_else(|| unplanned(written)),
                wire: written.wire.clone(),
                state: SlotState::Open,
            })
        }
        _ => None,
    };
    reply.content.iter().filter_map(slot).collect()
}

/// A call that was matched to no tool is refused rather than left without an answer.
fn unplanned(written: &ToolCall) -> PlannedCall {
    PlannedCall {
        call: written.id,
        tool: written.name.clone(),
        writes: false,
        accesses: Vec::new(),
        refusal: Some("not run: the call could not be matched to a tool; send it again".into()),
    }
}

fn tool(state: &mut State, event: &ToolEvent) {
    match event {
        ToolEvent::Started { call, intent } => {
            set(&mut state.flow, *call, SlotState::Started(intent.clone()));
        }
        ToolEvent::Reopened { call } => set(&mut state.flow, *call, SlotState::Open),
        ToolEvent::Finished { call, result, .. } => {
            learn(state, result);
            set(
                &mut state.flow,
                *call,
                SlotState::Done(Arc::new((**result).clone())),
            );
            let all_done = state.flow.calls.iter().all(Slot::is_done);
            if all_done && state.flow.phase == Phase::Acting {
                state.flow.echo.hear(&state.messages, &state.flow.calls);
                if state.flow.wants_schema() && state.flow.calls.iter().any(missed) {
                    state.flow.spent.misses += 1;
                }
                say_results(state);
                state.flow.phase = Phase::Due;
            }
        }
    }
}

/// Whether the call is an answer that does not fit the wanted schema.
fn missed(slot: &Slot) -> bool {
    let failed =
        matches!(&slot.state, SlotState::Done(result) if result.status == ToolStatus::Failed);
    failed && slot.plan.tool == crate::ANSWER_TOOL
}

fn set(flow: &mut Flow, call: protocol::CallId, to: SlotState) {
    if let Some(slot) = flow.calls.iter_mut().find(|slot| slot.plan.call == call) {
        slot.state = to;
    }
}

fn learn(state: &mut State, result: &ToolResult) {
    for fact in &result.facts {
        match fact {
            Fact::FileSeen { path, content } => {
                Arc::make_mut(&mut state.seen).insert(path.clone(), *content);
            }
            Fact::Cwd(cwd) => state.flow.cwd.clone_from(cwd),
            Fact::Todos(todos) => state.flow.todos = todos.as_slice().into(),
            Fact::Structured(answer) => state.flow.structured = Some(answer.clone()),
            Fact::Instructions { path, .. } => {
                Arc::make_mut(&mut state.flow.instructed).insert(path.clone());
            }
            Fact::Delegated(used) => state.flow.spent.add(used),
            Fact::FileWritten { .. } | Fact::Spilled(_) | Fact::Exited(_) | Fact::Noted(_) => {}
        }
    }
}

/// The results of the newest reply's calls become one message, in the order of the calls.
fn say_results(state: &mut State) {
    let acting = state.flow.phase == Phase::Acting;
    let calls = std::mem::take(&mut state.flow.calls);
    let mut content = Vec::with_capacity(calls.len());
    let mut notes = Vec::new();
    for Slot { plan, wire, state } in calls {
        let SlotState::Done(result) = state else {
            continue;
        };
        for note in result.facts.iter().filter_map(instruction_note) {
            // Calls that ran beside each other below the same folder bring the same file.
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        let (call, status) = (plan.call, result.status);
        content.push(Block::ToolResult {
            call,
            wire,
            status,
            content: result.content.clone(),
        });
    }
    if let Some(text) = state.flow.echo.reminder().filter(|_| acting)
        && let Some(Block::ToolResult { content, .. }) = content.last_mut()
    {
        content.push(ResultBlock::Text(text));
    }
    content.extend(notes);
    say(state, Role::User, content);
}

fn instruction_note(fact: &Fact) -> Option<Block> {
    let Fact::Instructions { path, text } = fact else {
        return None;
    };
    Some(Block::Text(instruction_text(path, &text.as_str())))
}

fn instruction_text(path: &Path, text: &str) -> Text {
    crate::prompt::instructions(path, text)
}

fn read_steering(state: &mut State) {
    let said = std::mem::take(&mut state.flow.steering);
    if !said.is_empty() {
        say(state, Role::User, said);
    }
}

fn say(state: &mut State, role: Role, content: Vec<Block>) {
    let unreported = &mut state.flow.spent.unreported_bytes;
    *unreported = unreported.saturating_add(bytes_of(&content));
    state.messages.push(Arc::new(Message { role, content }));
}
