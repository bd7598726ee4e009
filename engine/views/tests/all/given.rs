//! Records to fold.

use protocol::{
    AgentId, BlobId, Block, CallId, Charge, Cost, Decider, Draft, Event, FaultKind, Intent, Limits,
    ModelEvent, ModelFault, ModelRef, ModelTraits, NodeId, Opening, PermissionEvent,
    PermissionMode, PlannedCall, Reason, Record, Reply, RetryHint, Seq, SessionEvent, SessionId,
    StopReason, Timestamp, ToolCall, ToolEvent, ToolResult, ToolStatus, TurnEnd, TurnEvent, TurnId,
    Usage, Verdict, WireCallId,
};
use uuid::Uuid;

pub(crate) fn turn(n: u8) -> TurnId {
    TurnId::new(Uuid::from_u128(0x100 + u128::from(n)))
}

pub(crate) fn call(n: u8) -> CallId {
    CallId::new(Uuid::from_u128(0x200 + u128::from(n)))
}

pub(crate) fn agent(n: u8) -> AgentId {
    AgentId::new(Uuid::from_u128(0x300 + u128::from(n)))
}

pub(crate) fn node(n: u8) -> NodeId {
    NodeId::new(Uuid::from_u128(0x400 + u128::from(n)))
}

/// The events as records of agent 1 at node 1, each a second after the one before.
pub(crate) fn records(events: Vec<Event>) -> Vec<Record> {
    (1..)
        .zip(events)
        .map(|(seq, event)| by(1, seq, event))
        .collect()
}

/// One record of agent `n` at node `n`.
pub(crate) fn by(n: u8, seq: u64, event: Event) -> Record {
    let draft = Draft {
        agent: Some(agent(n)),
        node: Some(node(n)),
        turn: None,
        cause: None,
        event,
    };
    let session = SessionId::new(Uuid::from_u128(1));
    draft.placed(session, Seq(seq), Timestamp(seq * 1_000))
}

pub(crate) fn model() -> ModelRef {
    ModelRef {
        provider: "p".into(),
        model: "m".into(),
    }
}

pub(crate) fn traits() -> ModelTraits {
    ModelTraits {
        context_window: None,
        max_output: 1_000,
        vision: false,
        price: None,
    }
}

pub(crate) fn opened(cwd: &str) -> Event {
    Event::Session(SessionEvent::Opened(Box::new(Opening {
        cwd: cwd.into(),
        formic: "0.1.0".into(),
        mode: PermissionMode::Default,
        model: model(),
        traits: traits(),
        system: "be brief".into(),
        tools: vec!["read".into()],
        limits: Limits::default(),
        tool_bytes: 0,
    })))
}

pub(crate) fn resumed() -> Event {
    Event::Session(SessionEvent::Resumed {
        limits: Limits::default(),
        mode: PermissionMode::AcceptEdits,
        model: model(),
        traits: traits(),
        structured: false,
    })
}

pub(crate) fn submitted(n: u8, text: &str) -> Event {
    Event::Turn(TurnEvent::Submitted {
        turn: turn(n),
        context: vec!["never shown".into()],
        content: vec![text_block(text)],
    })
}

pub(crate) fn ended(end: TurnEnd) -> Event {
    Event::Turn(TurnEvent::Ended {
        end,
        state: BlobId::of(b""),
    })
}

pub(crate) fn text_block(text: &str) -> Block {
    Block::Text(text.into())
}

/// A call block; an even call is a write.
pub(crate) fn use_block(n: u8, name: &str, arguments: &str) -> Block {
    Block::ToolUse(ToolCall {
        id: call(n),
        wire: WireCallId("w".into()),
        name: name.into(),
        arguments: arguments.into(),
        malformed: None,
    })
}

pub(crate) fn reply(content: Vec<Block>) -> Reply {
    Reply {
        model: "m-1".into(),
        content,
        stop: StopReason::EndTurn,
        usage: Some(Usage {
            input: 10,
            output: 5,
            cache_read: 2,
            cache_write: 1,
        }),
        cost: Some(Cost(7)),
        oddities: Vec::new(),
    }
}

pub(crate) fn replied(step: u32, reply: Reply) -> Event {
    let calls = reply.content.iter().filter_map(|block| match block {
        Block::ToolUse(written) => Some(PlannedCall {
            call: written.id,
            tool: written.name.to_lowercase(),
            writes: written.id.uuid().as_u128() % 2 == 0,
            accesses: Vec::new(),
            refusal: None,
        }),
        _ => None,
    });
    Event::Model(ModelEvent::Replied {
        step,
        calls: calls.collect(),
        reply: Box::new(reply),
        first_byte_ms: 100,
        total_ms: 400,
        charge: None,
        answer: None,
    })
}

pub(crate) fn fault(billed: bool) -> ModelFault {
    ModelFault {
        kind: FaultKind::Overloaded,
        status: Some(529),
        message: "overloaded".into(),
        retry: RetryHint::Backoff,
        billed,
        heard: None,
    }
}

/// What an attempt that was billed is charged: its prompt as the provider counted it, and what it wrote as estimated.
pub(crate) fn charge(billed: bool) -> Option<Charge> {
    billed.then_some(Charge {
        tokens: 110,
        cost: Some(Cost(9)),
        is_estimate: true,
        over: 3,
        usage: Some(Usage {
            input: 100,
            output: 10,
            ..Usage::default()
        }),
    })
}

pub(crate) fn retried(step: u32, billed: bool) -> Event {
    Event::Model(ModelEvent::Retried {
        charge: charge(billed),
        room: None,
        step,
        attempt: 1,
        fault: fault(billed),
        wait_ms: 500,
    })
}

pub(crate) fn failed(step: u32, billed: bool) -> Event {
    Event::Model(ModelEvent::Failed {
        step,
        fault: fault(billed),
        charge: charge(billed),
        limit: None,
    })
}

pub(crate) fn started(n: u8) -> Event {
    Event::Tool(ToolEvent::Started {
        call: call(n),
        intent: Intent::Command {
            command: "make".into(),
            cwd: "/w".into(),
        },
    })
}

pub(crate) fn reopened(n: u8) -> Event {
    Event::Tool(ToolEvent::Reopened { call: call(n) })
}

pub(crate) fn finished(n: u8, span: (u64, u64), result: ToolResult) -> Event {
    Event::Tool(ToolEvent::Finished {
        call: call(n),
        result: Box::new(result),
        began: Timestamp(span.0),
        ended: Timestamp(span.1),
    })
}

pub(crate) fn ok(text: &str) -> ToolResult {
    ToolResult::with_status(ToolStatus::Ok, text)
}

pub(crate) fn reason(text: &str) -> Reason {
    Reason {
        text: text.into(),
        rule: None,
    }
}

pub(crate) fn decided(n: u8, verdict: Verdict) -> Event {
    Event::Permission(PermissionEvent::Decided {
        call: call(n),
        verdict,
        by: Decider::Policy,
    })
}
