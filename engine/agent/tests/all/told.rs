//! Events and effects in a word or two each, so that a table of them can be read.

use protocol::{
    CallId, Effect, Event, Intent, Limit, ModelEvent, PermissionEvent, SessionEvent, ToolEvent,
    TurnEnd, TurnEvent, Verdict,
};

pub(crate) fn events(events: &[Event]) -> String {
    events.iter().map(event).collect::<Vec<_>>().join(", ")
}

pub(crate) fn effects(effects: &[Effect]) -> String {
    effects.iter().map(effect).collect::<Vec<_>>().join(", ")
}

fn number(call: CallId) -> u128 {
    call.uuid().as_u128() - 0x1000
}

fn most(max_tokens: Option<u64>) -> String {
    max_tokens.map_or_else(String::new, |most| format!(" max {most}"))
}

fn event(event: &Event) -> String {
    match event {
        Event::Session(SessionEvent::Opened(_)) => "opened".into(),
        Event::Session(SessionEvent::Resumed { .. }) => "resumed".into(),
        Event::Session(SessionEvent::Forked(_)) => "forked".into(),
        Event::Turn(event) => turn(event),
        Event::Model(event) => model(event),
        Event::Tool(ToolEvent::Started { call, intent }) => {
            let what = match intent {
                Intent::File { .. } => "file",
                Intent::Command { .. } => "command",
            };
            format!("started {} {what}", number(*call))
        }
        Event::Tool(ToolEvent::Reopened { call }) => format!("reopened {}", number(*call)),
        Event::Tool(ToolEvent::Finished { call, result, .. }) => {
            format!("finished {} {:?}", number(*call), result.status)
        }
        Event::Permission(PermissionEvent::Decided { call, verdict, .. }) => {
            let how = match verdict {
                Verdict::Allow(_) => "allowed",
                Verdict::Ask(_) => "asked",
                Verdict::Deny(_) => "denied",
            };
            format!("{how} {}", number(*call))
        }
        Event::Plan(_) => "plan".into(),
        Event::Workspace(_) => "workspace".into(),
        Event::Memory(_) => "memory".into(),
        Event::Fault(_) => "fault".into(),
    }
}

fn turn(event: &TurnEvent) -> String {
    match event {
        TurnEvent::Submitted { .. } => "submitted".into(),
        TurnEvent::Steered { .. } => "steered".into(),
        TurnEvent::Nudged { .. } => "nudged".into(),
        TurnEvent::Informed { .. } => "informed".into(),
        TurnEvent::Warned { .. } => "warned".into(),
        TurnEvent::Interrupted { .. } => "interrupted".into(),
        TurnEvent::Ended { end, .. } => format!("ended {}", end_of(end)),
    }
}

fn end_of(end: &TurnEnd) -> &'static str {
    match end {
        TurnEnd::Completed => "completed",
        TurnEnd::Refused => "refused",
        TurnEnd::Cut => "cut",
        TurnEnd::Limited(Limit::Steps) => "limited by steps",
        TurnEnd::Limited(Limit::Cost) => "limited by cost",
        TurnEnd::Limited(Limit::Tokens) => "limited by tokens",
        TurnEnd::Limited(Limit::Time) => "limited by time",
        TurnEnd::Limited(Limit::SchemaMisses) => "limited by misses",
        TurnEnd::Looping => "looping",
        TurnEnd::Interrupted(_) => "interrupted",
        TurnEnd::Failed(_) => "failed",
    }
}

fn model(event: &ModelEvent) -> String {
    match event {
        ModelEvent::Requested {
            step, max_tokens, ..
        } => format!("requested {step}{}", most(*max_tokens)),
        ModelEvent::Replied { step, .. } => format!("replied {step}"),
        ModelEvent::Retried {
            step,
            attempt,
            wait_ms,
            ..
        } => format!("retried {step}.{attempt} in {wait_ms}"),
        ModelEvent::Failed { step, .. } => format!("failed {step}"),
        ModelEvent::Lost { step, .. } => format!("lost {step}"),
        ModelEvent::Resumed { step, attempt } => format!("again {step}.{attempt}"),
    }
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::CallModel {
            step,
            attempt,
            max_tokens,
        } => format!("model {step}.{attempt}{}", most(*max_tokens)),
        Effect::Wait { step, attempt, ms } => format!("wait {step}.{attempt} {ms}"),
        Effect::RunCall { call } => format!("run {}", number(*call)),
        Effect::CommitCall { call } => format!("commit {}", number(*call)),
        Effect::SettleCall { call } => format!("settle {}", number(*call)),
    }
}
