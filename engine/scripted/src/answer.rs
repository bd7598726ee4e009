//! Turns a chosen reply into the response to send: status, headers, and a body with its planned end.

use bytes::Bytes;
use hyper::header::CONTENT_TYPE;
use serde_json::Value;

use crate::{
    anthropic,
    fault::{Fault, StatusFault},
    openai,
    reply::{Content, Reply, event_stream},
    rule::Wire,
    stream::{Ending, Source},
    turn::{Asked, Counts, Events, Turn},
};

/// A response ready to be sent.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) source: Source,
    /// The tokens the reply says it took.
    pub(crate) counts: Option<Counts>,
}

impl Answer {
    /// A JSON response.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::whole(status, "application/json", body.to_string().into())
    }

    /// The wire's own error object.
    pub(crate) fn error(wire: Wire, status: u16, message: &str) -> Self {
        Self::json(
            status,
            &error_object(wire, default_kind(wire, status), message),
        )
    }

    fn whole(status: u16, content_type: &str, body: Bytes) -> Self {
        Self::new(status, content_type, Source::whole(body))
    }

    fn new(status: u16, content_type: &str, source: Source) -> Self {
        Self {
            status,
            headers: vec![(CONTENT_TYPE.to_string(), content_type.to_owned())],
            source,
            counts: None,
        }
    }
}

/// The response a reply gives to a request; `None` closes the connection without one.
pub(crate) fn play(reply: &Reply, asked: Asked<'_>) -> Option<Answer> {
    let wants_stream = asked.facts.wants_stream;
    let mut answer = match (&reply.fault, &reply.content) {
        (Some(Fault::CloseBeforeByte), _) => return None,
        (Some(Fault::Status(fault)), _) => refuse(asked.facts.wire, fault),
        (Some(Fault::Garbage(body)), _) => {
            Answer::whole(200, &content_type(wants_stream), body.clone().into())
        }
        (_, Content::Raw(raw)) => {
            Answer::whole(raw.status, &raw.content_type, raw.body.clone().into())
        }
        (_, Content::Steps(steps)) => {
            let turn = Turn::new(reply, steps, asked);
            let counts = turn.counts;
            let source = match wants_stream {
                true => Source::events(stream(asked.facts.wire, turn)),
                false => halves(asked.facts.wire, &turn),
            };
            Answer {
                counts,
                ..Answer::new(200, &content_type(wants_stream), source)
            }
        }
    };
    spoil(&mut answer.source, reply.fault.as_ref(), asked);
    answer.headers.push((
        "request-id".to_owned(),
        format!("req_scripted_{}", asked.seq),
    ));
    Some(answer)
}

fn refuse(wire: Wire, fault: &StatusFault) -> Answer {
    let kind = fault
        .kind
        .as_deref()
        .unwrap_or_else(|| default_kind(wire, fault.status));
    let mut answer = match &fault.body {
        Some(body) => Answer::whole(fault.status, "application/json", body.clone().into()),
        None => Answer::json(fault.status, &error_object(wire, kind, &fault.message)),
    };
    if fault
        .headers
        .keys()
        .any(|name| name.eq_ignore_ascii_case("content-type"))
    {
        answer.headers.clear();
    }
    answer.headers.extend(fault.headers.clone());
    answer
}

/// Puts the planned end into a body.
fn spoil(source: &mut Source, fault: Option<&Fault>, asked: Asked<'_>) {
    match fault {
        Some(Fault::CutAfterEvents(events)) => source.stop_after(*events, Ending::Cut),
        Some(Fault::StallAfterEvents(events)) => source.stop_after(*events, Ending::Stall),
        Some(Fault::CutAfterBytes(bytes)) => source.cut_after_bytes(*bytes),
        Some(Fault::ErrorEvent {
            after,
            kind,
            message,
        }) => {
            let wire = asked.facts.wire;
            if asked.facts.wants_stream {
                source.end_with(*after, error_event(wire, kind, message));
            } else {
                *source = Source::whole(error_object(wire, kind, message).to_string().into());
            }
        }
        None | Some(Fault::Status(_) | Fault::CloseBeforeByte | Fault::Garbage(_)) => {}
    }
}

fn content_type(is_stream: bool) -> String {
    if is_stream {
        event_stream()
    } else {
        "application/json".to_owned()
    }
}

fn stream(wire: Wire, turn: Turn) -> Events {
    match wire {
        Wire::Anthropic => anthropic::stream(turn),
        Wire::OpenAi => openai::stream(turn),
    }
}

/// A plain reply as two pieces, so that a fault can come between them.
fn halves(wire: Wire, turn: &Turn) -> Source {
    let reply = match wire {
        Wire::Anthropic => anthropic::plain(turn),
        Wire::OpenAi => openai::plain(turn),
    };
    let mut rest = Bytes::from(reply.to_string());
    let first = rest.split_to(rest.len() / 2);
    Source::pieces(vec![first, rest])
}

fn default_kind(wire: Wire, status: u16) -> &'static str {
    match wire {
        Wire::Anthropic => anthropic::error_kind(status),
        Wire::OpenAi => openai::error_kind(status),
    }
}

fn error_object(wire: Wire, kind: &str, message: &str) -> Value {
    match wire {
        Wire::Anthropic => anthropic::error(kind, message),
        Wire::OpenAi => openai::error(kind, message),
    }
}

fn error_event(wire: Wire, kind: &str, message: &str) -> Bytes {
    match wire {
        Wire::Anthropic => anthropic::error_event(kind, message),
        Wire::OpenAi => openai::error_event(kind, message),
    }
}
