//! The transition table: which events an input leads to in each phase, and what follows of itself.

use std::sync::Arc;

use protocol::{
    CallId, Charge, Command, Event, Input, Intent, Limit, ModelEvent, ModelFault, Outcome,
    PermissionEvent, Room, SessionEvent, StopReason, Timestamp, ToolEvent, ToolResult, ToolStatus,
    TurnEnd, TurnEvent,
};

use crate::charges;
use crate::flow::{Flow, Phase, Slot, SlotState};
use crate::limits::{room, warning};
use crate::retry;
use crate::state::State;

/// How often an answer may miss the wanted schema, where the settings say nothing.
const SCHEMA_MISSES: u32 = 3;

/// An input that makes no sense in this phase: a fault of the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// A turn is under way.
    #[error("begin a turn: one is under way")]
    Busy,
    /// No turn is under way.
    #[error("steer: no turn is under way")]
    Resting,
    /// The turn under way is being stopped, and no model call of it will read what is said.
    #[error("steer: the turn is being stopped")]
    Stopping,
}

/// The events `input` leads to, in order. An answer to a wish that is no longer held gives none.
///
/// # Errors
/// [`Illegal`] for a command that makes no sense now; the state is as before.
pub fn decide(state: &State, input: Input) -> Result<Vec<Event>, Illegal> {
    let mut events = react(&state.flow, input)?;
    if !events.is_empty() {
        follow(state, &mut events);
    }
    Ok(events)
}

/// The table.
fn react(flow: &Flow, input: Input) -> Result<Vec<Event>, Illegal> {
    Ok(match (&flow.phase, input) {
        (
            Phase::Resting,
            Input::Command(Command::Submit {
                turn,
                context,
                content,
            }),
        ) => {
            vec![Event::Turn(TurnEvent::Submitted {
                turn,
                context,
                content,
            })]
        }
        (_, Input::Command(Command::Submit { .. })) => return Err(Illegal::Busy),
        (Phase::Resting, Input::Command(Command::Steer { .. } | Command::Inform { .. })) => {
            return Err(Illegal::Resting);
        }
        (
            Phase::Stopping { .. },
            Input::Command(Command::Steer { .. } | Command::Inform { .. }),
        ) => {
            return Err(Illegal::Stopping);
        }
        (_, Input::Command(Command::Steer { content })) => {
            vec![Event::Turn(TurnEvent::Steered { content })]
        }
        (_, Input::Command(Command::Inform { text })) => {
            vec![Event::Turn(TurnEvent::Informed { text })]
        }
        (
            _,
            Input::Command(Command::Resume {
                limits,
                mode,
                model,
                traits,
                structured,
            }),
        ) => {
            let lost = charges::lost(flow).map(Event::Model);
            let resumed = Event::Session(SessionEvent::Resumed {
                limits,
                mode,
                model,
                traits,
                structured,
            });
            lost.into_iter().chain([resumed]).collect()
        }
        (Phase::Resting | Phase::Stopping { .. }, Input::Command(Command::Interrupt { .. })) => {
            Vec::new()
        }
        (_, Input::Command(Command::Interrupt { cause })) => {
            let interrupted = Event::Turn(TurnEvent::Interrupted { cause });
            // Whoever made the call listens no longer, and its server may have begun to answer.
            let lost = charges::lost(flow).map(Event::Model);
            [interrupted].into_iter().chain(lost).collect()
        }
        (Phase::Calling { attempt, .. }, Input::Outcome(outcome)) => {
            calling(flow, *attempt, outcome)
        }
        (Phase::Waiting { attempt, .. }, Input::Outcome(Outcome::Waited { step, attempt: of }))
            if step == flow.step && of == *attempt =>
        {
            vec![Event::Model(ModelEvent::Resumed { step, attempt: of })]
        }
        (Phase::Acting | Phase::Stopping { .. }, Input::Outcome(outcome)) => acting(flow, outcome),
        (
            Phase::Resting
            | Phase::Due
            | Phase::Answered { .. }
            | Phase::Failed { .. }
            | Phase::Waiting { .. },
            _,
        ) => Vec::new(),
    })
}

fn calling(flow: &Flow, attempt: u32, outcome: Outcome) -> Vec<Event> {
    match outcome {
        Outcome::Replied {
            step,
            reply,
            calls,
            took,
            answer,
        } if step == flow.step => {
            let (first_byte_ms, total_ms) = took;
            vec![Event::Model(ModelEvent::Replied {
                step,
                charge: Some(charges::of_reply(flow, &reply)),
                answer,
                reply,
                calls,
                first_byte_ms,
                total_ms,
            })]
        }
        Outcome::ModelFailed {
            step,
            attempt: of,
            fault,
            dice,
        } if step == flow.step && of == attempt => {
            let pause = retry::pause(&fault, attempt, flow.limits().retries, dice);
            vec![Event::Model(broke(flow, attempt, fault, pause))]
        }
        _ => Vec::new(),
    }
}

/// How it goes on after an attempt that failed: with another after the `pause`, if there is to be one and what this one
/// was charged leaves room for it.
fn broke(flow: &Flow, attempt: u32, fault: ModelFault, pause: Option<u64>) -> ModelEvent {
    let charge = charges::of_fault(flow, &fault);
    let room = charge.map(|_| room_after(flow, charge, &fault)).transpose();
    let step = flow.step;
    match (pause, room) {
        (Some(wait_ms), Ok(room)) => ModelEvent::Retried {
            step,
            attempt: attempt + 1,
            fault,
            wait_ms,
            charge,
            room,
        },
        (pause, room) => ModelEvent::Failed {
            step,
            fault,
            charge,
            limit: pause.and_then(|_| room.err()),
        },
    }
}

/// The room for another attempt once this one is charged.
fn room_after(flow: &Flow, charge: Option<Charge>, fault: &ModelFault) -> Result<Room, Limit> {
    let mut flow = flow.clone();
    charges::settle(&mut flow.spent, charge, fault);
    room(&flow)
}

fn acting(flow: &Flow, outcome: Outcome) -> Vec<Event> {
    let open = |call| crate::wishes::runnable(&flow.calls, call);
    let stopping = matches!(flow.phase, Phase::Stopping { .. });
    match outcome {
        Outcome::Permitted {
            call,
            intent,
            verdict,
            by,
        } if open(call) && !stopping => vec![
            Event::Permission(PermissionEvent::Decided { call, verdict, by }),
            Event::Tool(ToolEvent::Started { call, intent }),
        ],
        Outcome::Refused { call, verdict, by } if open(call) && !stopping => {
            let text = format!("permission denied: {}", verdict.reason().text);
            let result = ToolResult::with_status(ToolStatus::Denied, text);
            vec![
                Event::Permission(PermissionEvent::Decided { call, verdict, by }),
                finished(call, result, (Timestamp::default(), Timestamp::default())),
            ]
        }
        Outcome::Finished { call, result, span } => match flow.slot(call) {
            Some(slot) if open(call) || ends(&slot.state) => vec![finished(call, *result, span)],
            _ => Vec::new(),
        },
        Outcome::NotDone { call } => match flow.slot(call) {
            Some(Slot {
                state: SlotState::InDoubt(Intent::File { .. }),
                ..
            }) => {
                vec![Event::Tool(ToolEvent::Reopened { call })]
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Whether a call in this state can be brought to its end by an answer other than that of a run.
const fn ends(state: &SlotState) -> bool {
    match state {
        SlotState::Started(_) | SlotState::InDoubt(Intent::File { .. }) => true,
        SlotState::InDoubt(Intent::Command { .. }) | SlotState::Open | SlotState::Done(_) => false,
    }
}

/// Adds what follows of itself, until nothing does. Only the state decides it, so a journal that
/// ends between two of these events continues as it would have.
fn follow(state: &State, events: &mut Vec<Event>) {
    let mut next = light(state);
    events.iter().for_each(|event| next.apply(event));
    while let Some(mut event) = advance(&next.flow) {
        if let Event::Turn(TurnEvent::Ended { state: digest, .. }) = &mut event {
            let mut whole = state.clone();
            events.iter().for_each(|event| whole.apply(event));
            *digest = whole.digest();
        }
        next.apply(&event);
        events.push(event);
    }
}

/// What [`advance`] looks at, without the bulk of a long session: a step must not cost more the
/// longer the conversation is.
fn light(state: &State) -> State {
    let messages = state.messages.last().cloned().into_iter().collect();
    State {
        flow: state.flow.clone(),
        messages,
        seen: Arc::default(),
    }
}

fn advance(flow: &Flow) -> Option<Event> {
    match &flow.phase {
        Phase::Due => Some(due(flow)),
        Phase::Answered { stop } => Some(answered(flow, stop)),
        Phase::Failed { fault, limit } => Some(ended(match limit {
            Some(limit) => TurnEnd::Limited(*limit),
            None => TurnEnd::Failed(fault.clone()),
        })),
        Phase::Acting => flow.calls.iter().find_map(unrunnable),
        Phase::Stopping { cause } => stopping(flow, *cause),
        Phase::Resting | Phase::Calling { .. } | Phase::Waiting { .. } => None,
    }
}

fn due(flow: &Flow) -> Event {
    if flow.structured.is_some() {
        return ended(TurnEnd::Completed);
    }
    if flow.spent.misses > schema_misses(flow) {
        return ended(TurnEnd::Limited(Limit::SchemaMisses));
    }
    if flow.echo.is_endless() {
        return ended(TurnEnd::Looping);
    }
    match (room(flow), warning(flow)) {
        (Ok(_), Some(text)) => Event::Turn(TurnEvent::Warned { text: text.into() }),
        (
            Ok(Room {
                reserved,
                max_tokens,
            }),
            None,
        ) => Event::Model(ModelEvent::Requested {
            step: flow.step,
            reserved,
            max_tokens,
        }),
        (Err(limit), _) => ended(TurnEnd::Limited(limit)),
    }
}

fn answered(flow: &Flow, stop: &StopReason) -> Event {
    let go_on = || due(flow);
    match stop {
        StopReason::PauseTurn => go_on(),
        _ if !flow.steering.is_empty() => go_on(),
        StopReason::Refusal => ended(TurnEnd::Refused),
        StopReason::MaxTokens | StopReason::ContextFull => ended(TurnEnd::Cut),
        _ if flow.structured.is_some() => ended(TurnEnd::Completed),
        _ if flow.wants_schema() => missed(flow),
        StopReason::EndTurn
        | StopReason::ToolUse
        | StopReason::StopSequence
        | StopReason::Other(_) => ended(TurnEnd::Completed),
    }
}

fn schema_misses(flow: &Flow) -> u32 {
    flow.limits().schema_misses.unwrap_or(SCHEMA_MISSES)
}

fn missed(flow: &Flow) -> Event {
    if flow.spent.misses >= schema_misses(flow) {
        return ended(TurnEnd::Limited(Limit::SchemaMisses));
    }
    let text = format!(
        "Give your final answer by calling the tool {} with arguments that fit its schema.",
        crate::ANSWER_TOOL
    );
    Event::Turn(TurnEvent::Nudged { text: text.into() })
}

/// A call that ends without running: one that was refused from the start, or a command in doubt.
fn unrunnable(slot: &Slot) -> Option<Event> {
    let now = (Timestamp::default(), Timestamp::default());
    match &slot.state {
        SlotState::Open => {
            let refusal = slot.plan.refusal.clone()?;
            Some(finished(slot.plan.call, ToolResult::failed(refusal), now))
        }
        SlotState::InDoubt(Intent::Command { command, .. }) => {
            let text = format!(
                "in doubt: this command had started when formic's process ended, and whether it \
                 finished is not known. It was not run again. Look at its effects before you decide \
                 to repeat it: {}",
                command.as_str()
            );
            Some(finished(
                slot.plan.call,
                ToolResult::with_status(ToolStatus::InDoubt, text),
                now,
            ))
        }
        SlotState::InDoubt(Intent::File { .. }) | SlotState::Started(_) | SlotState::Done(_) => {
            None
        }
    }
}

fn stopping(flow: &Flow, cause: protocol::InterruptCause) -> Option<Event> {
    let doubtful = |slot: &Slot| matches!(slot.state, SlotState::InDoubt(_));
    if let Some(event) = flow
        .calls
        .iter()
        .filter(|slot| doubtful(slot))
        .find_map(unrunnable)
    {
        return Some(event);
    }
    if flow
        .calls
        .iter()
        .any(|slot| ends(&slot.state) || slot.is_delegated())
    {
        return None;
    }
    Some(ended(TurnEnd::Interrupted(cause)))
}

fn finished(call: CallId, result: ToolResult, (began, ended): (Timestamp, Timestamp)) -> Event {
    Event::Tool(ToolEvent::Finished {
        call,
        result: Box::new(result),
        began,
        ended,
    })
}

/// The digest is filled in by [`follow`], which knows the state before this event.
fn ended(end: TurnEnd) -> Event {
    Event::Turn(TurnEvent::Ended {
        end,
        state: protocol::BlobId::of(&[]),
    })
}
