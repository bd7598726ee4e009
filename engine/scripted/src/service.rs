//! One request from its head to its response: route, read, log, choose, play.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{Method, Request, Response, body::Incoming, http::request::Parts};
use serde_json::Value;

use crate::{
    answer::{self, Answer},
    clock::Moment,
    connection::Cut,
    facts::Facts,
    listing,
    log::{Answered, LoggedRequest, Ticket, kept_headers},
    prefix,
    reply::Chunk,
    rule::Wire,
    state::Shared,
    stream::ReplyBody,
    turn::Asked,
};

/// The largest request body read.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// The connection is to be closed without a response.
#[derive(Debug, thiserror::Error)]
#[error("answer: the script closes this connection")]
pub(crate) struct HangUp;

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Route {
    Chat(Wire),
    Models,
    Tags,
    WrongMethod,
    Unknown,
}

/// What is sent back, and how slowly.
struct Plan {
    /// `None` closes the connection.
    answer: Option<Answer>,
    rule: Option<Arc<str>>,
    is_held: bool,
    delay_ms: u64,
    chunk: Chunk,
}

/// Answers one request.
pub(crate) async fn answer(
    shared: Arc<Shared>,
    cut: Cut,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, HangUp> {
    let at_ms = shared.clock.at_ms();
    let (head, body) = request.into_parts();
    let body = read(body).await;
    // A reply is as late as its rule says; finding the rule is no part of that.
    let mut asked = Moment::now();
    let raw = body.clone().unwrap_or_default();
    let logged = logged(&shared, &head, at_ms, &raw);
    let (seq, plan) = match body {
        Ok(body) => plan(&shared, route(&head), logged, &body),
        Err(status) => {
            let message = format!("the body could not be read, or is over {BODY_LIMIT} bytes");
            let wire = logged.wire.unwrap_or(Wire::OpenAi);
            (
                shared.add(logged),
                Plan::just(Answer::error(wire, status, &message)),
            )
        }
    };
    shared.decide(seq, plan.answered());
    let ticket = Ticket::new(Arc::clone(&shared), seq);
    if plan.is_held {
        shared.released().await;
        asked = Moment::now();
    }
    respond(plan, (ticket, asked), cut).await
}

async fn read(body: Incoming) -> Result<Bytes, u16> {
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(413),
        Err(_) => Err(400),
    }
}

fn route(head: &Parts) -> Route {
    let (route, method) = match head.uri.path() {
        "/v1/messages" => (Route::Chat(Wire::Anthropic), Method::POST),
        "/v1/chat/completions" | "/chat/completions" => (Route::Chat(Wire::OpenAi), Method::POST),
        "/v1/models" | "/models" => (Route::Models, Method::GET),
        "/api/tags" => (Route::Tags, Method::GET),
        _ => return Route::Unknown,
    };
    if head.method == method {
        route
    } else {
        Route::WrongMethod
    }
}

fn logged(shared: &Shared, head: &Parts, at_ms: u64, body: &Bytes) -> LoggedRequest {
    let wire = match route(head) {
        Route::Chat(wire) => Some(wire),
        Route::Models | Route::Tags | Route::WrongMethod | Route::Unknown => None,
    };
    LoggedRequest {
        seq: 0,
        at_ms,
        method: head.method.to_string(),
        path: head.uri.to_string(),
        headers: kept_headers(&head.headers),
        wire,
        model: None,
        turn: None,
        prefix_hash: wire.map(|_| prefix::hash(body)),
        body_bytes: body.len() as u64,
        raw: if shared.keeps_bodies {
            body.clone()
        } else {
            Bytes::new()
        },
        answer: Answered::default(),
    }
}

fn plan(shared: &Shared, route: Route, logged: LoggedRequest, body: &[u8]) -> (u64, Plan) {
    let answer = match route {
        Route::Chat(wire) => return chat(shared, wire, logged, body),
        Route::Models => Answer::json(200, &listing::models(&shared.models)),
        Route::Tags => Answer::json(200, &listing::tags(&shared.models)),
        Route::WrongMethod => {
            Answer::error(Wire::OpenAi, 405, "this path does not take this method")
        }
        Route::Unknown => Answer::error(
            Wire::OpenAi,
            404,
            "this server has POST /v1/messages, POST /v1/chat/completions, GET /v1/models and GET /api/tags",
        ),
    };
    (shared.add(logged), Plan::just(answer))
}

/// Lets the script answer a model request.
fn chat(shared: &Shared, wire: Wire, mut logged: LoggedRequest, body: &[u8]) -> (u64, Plan) {
    let parsed = serde_json::from_slice::<Value>(body)
        .map_err(|error| format!("the body is not JSON: {error}"));
    let read = parsed
        .as_ref()
        .map_err(String::clone)
        .and_then(|body| Facts::read(wire, body));
    let facts = match read {
        Ok(facts) => facts,
        Err(problem) => {
            return (
                shared.add(logged),
                Plan::just(Answer::error(wire, 400, &problem)),
            );
        }
    };
    logged.model = Some(facts.model.to_owned());
    logged.turn = Some(facts.turn);
    let body_bytes = logged.body_bytes;
    let (seq, choice) = shared.choose(logged, &facts);
    let plan = match choice {
        Err(explanation) => Plan::just(Answer::error(wire, 400, &explanation)),
        Ok(choice) => Plan {
            answer: answer::play(
                &choice.reply,
                Asked {
                    facts: &facts,
                    seq,
                    body_bytes,
                },
            ),
            rule: Some(choice.rule),
            is_held: choice.reply.is_held,
            delay_ms: choice.reply.delay_ms,
            chunk: choice.reply.chunk,
        },
    };
    (seq, plan)
}

impl Plan {
    fn answered(&self) -> Answered {
        Answered {
            rule: self.rule.as_deref().map(str::to_owned),
            status: self.answer.as_ref().map(|answer| answer.status),
            counts: self.answer.as_ref().and_then(|answer| answer.counts),
            ..Answered::default()
        }
    }

    fn just(answer: Answer) -> Self {
        Self {
            answer: Some(answer),
            rule: None,
            is_held: false,
            delay_ms: 0,
            chunk: Chunk::default(),
        }
    }
}

async fn respond(
    plan: Plan,
    (mut ticket, asked): (Ticket, Moment),
    cut: Cut,
) -> Result<Response<ReplyBody>, HangUp> {
    if plan.delay_ms > 0 {
        let delay = Duration::from_millis(plan.delay_ms);
        ticket.pause(asked, delay).await;
    }
    let Some(answer) = plan.answer else {
        ticket.finish();
        return Err(HangUp);
    };
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response = match answer.source.length() {
        Some(length) => response.header("content-length", length),
        None => response.header("cache-control", "no-cache"),
    };
    let body = ReplyBody::new(answer.source, plan.chunk, ticket, cut);
    // Only a script built in code can hold a header that cannot be sent; the client sees the connection close.
    response.body(body).map_err(|_| HangUp)
}
