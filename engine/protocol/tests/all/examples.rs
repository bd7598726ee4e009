//! One event of every variant, with every field filled.

use protocol::{
    Access, AgentId, BlobId, Block, Budget, CallId, Cost, Decider, Event, Fact, FaultEvent,
    FaultKind, ForkPoint, Intent, InterruptCause, Kind, Limits, ModelEvent, ModelFault, ModelRef,
    ModelTraits, Node, NodeEnd, NodeId, Opening, PermissionEvent, PermissionMode, Plan, PlanEvent,
    PlannedCall, Price, Reason, Reply, ResultBlock, RetryHint, RuleEffect, RuleRef, Seq,
    SessionEvent, SessionId, Spending, StopReason, Text, Timestamp, Todo, TodoState, ToolCall,
    ToolEvent, ToolResult, TurnEnd, TurnEvent, TurnId, Usage, Verdict, WireCallId,
};
use uuid::Uuid;

use crate::grown::grown;
use crate::swarm_examples::{of_a_replan, paused, swarm_events};

pub(crate) fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn call() -> CallId {
    CallId::new(uuid(2))
}

fn limits() -> Limits {
    Limits {
        steps: Some(1),
        cost: Some(Cost(2)),
        tokens: Some(3),
        schema_misses: Some(4),
        retries: Some(5),
    }
}

fn model() -> ModelRef {
    ModelRef {
        provider: "p".into(),
        model: "m".into(),
    }
}

fn traits() -> ModelTraits {
    let price = Price {
        input: 1.5,
        output: 10.0,
        cache_read: 0.1,
        cache_write: 2.0,
        long: None,
    };
    ModelTraits {
        context_window: Some(9),
        max_output: 8,
        vision: true,
        price: Some(price),
    }
}

fn fault() -> ModelFault {
    ModelFault {
        kind: FaultKind::RateLimited,
        status: Some(429),
        message: "slow down".into(),
        retry: RetryHint::AfterMs(7),
        billed: false,
        heard: None,
    }
}

fn picture(data: Text) -> Block {
    Block::Image {
        media_type: "image/png".into(),
        data,
    }
}

/// A block of every kind.
fn blocks(text: &Text) -> Vec<Block> {
    let wire = || WireCallId("w".into());
    let malformed = Some(text.clone());
    let (name, arguments) = ("read".to_owned(), text.clone());
    let content = vec![
        ResultBlock::Text(text.clone()),
        ResultBlock::Image {
            media_type: "image/png".into(),
            data: text.clone(),
        },
    ];
    let status = protocol::ToolStatus::InDoubt;
    vec![
        Block::Text(text.clone()),
        Block::Thinking {
            text: text.clone(),
            signature: Some(text.clone()),
        },
        Block::RedactedThinking(text.clone()),
        picture(text.clone()),
        Block::ToolUse(ToolCall {
            id: call(),
            wire: wire(),
            name,
            arguments,
            malformed,
        }),
        Block::ToolResult {
            call: call(),
            wire: wire(),
            status,
            content,
        },
        Block::Foreign(text.clone()),
    ]
}

/// A result with a fact of every kind.
fn result(text: &Text) -> ToolResult {
    let blob = BlobId::of(b"x");
    let todo = Todo {
        content: "do".into(),
        status: TodoState::InProgress,
    };
    [
        Fact::FileSeen {
            path: "/w/a".into(),
            content: blob,
        },
        Fact::FileWritten {
            path: "/w/a".into(),
            added: 1,
            removed: 2,
        },
        Fact::Cwd("/w".into()),
        Fact::Spilled("/s".into()),
        Fact::Exited(-1),
        Fact::Todos(vec![todo]),
        Fact::Instructions {
            path: "/w/AGENTS.md".into(),
            text: text.clone(),
        },
        Fact::Structured("{}".into()),
        Fact::Delegated(Spending {
            steps: 1,
            tokens: 2,
            cost: Cost(3),
        }),
    ]
    .into_iter()
    .fold(ToolResult::ok(text.clone()), ToolResult::knowing)
}

fn reply(text: &Text) -> Reply {
    Reply {
        model: "m-1".into(),
        content: blocks(text),
        stop: StopReason::Other("new".into()),
        usage: Some(Usage {
            input: 1,
            output: 2,
            cache_read: 3,
            cache_write: 4,
        }),
        cost: Some(Cost(5)),
        oddities: vec!["odd".into()],
    }
}

fn planned(text: &Text) -> PlannedCall {
    PlannedCall {
        call: call(),
        tool: "read".into(),
        writes: true,
        accesses: vec![
            Access::reads("/w/a"),
            Access::searches("/w"),
            Access::anything(),
        ],
        refusal: Some(text.clone()),
    }
}

/// An event of every variant; every bulky text in it is `text`.
pub(crate) fn events(text: &Text) -> Vec<Event> {
    let mut events = of_session(text);
    events.extend(of_turn(text).into_iter().map(Event::Turn));
    events.extend(of_model(text).into_iter().map(Event::Model));
    events.extend(of_tool(text).into_iter().map(Event::Tool));
    events.extend(of_plan());
    events.extend(swarm_events(text));
    events.extend(grown(text));
    events.extend(of_a_replan(text).into_iter().map(Event::Plan));
    events.push(Event::Plan(paused(fault())));
    events
}

pub(crate) fn of_session(text: &Text) -> Vec<Event> {
    let opening = Opening {
        cwd: "/w".into(),
        formic: "0.1.0".into(),
        mode: PermissionMode::AcceptEdits,
        model: model(),
        traits: traits(),
        system: text.clone(),
        tools: vec!["read".into()],
        limits: limits(),
        tool_bytes: 0,
    };
    let resumed = SessionEvent::Resumed {
        limits: Limits::default(),
        mode: PermissionMode::BypassPermissions,
        model: model(),
        traits: ModelTraits {
            context_window: None,
            price: None,
            ..traits()
        },
        structured: true,
    };
    let point = ForkPoint {
        session: SessionId::new(uuid(3)),
        seq: Seq(4),
    };
    [
        SessionEvent::Opened(Box::new(opening)),
        resumed,
        SessionEvent::Forked(point),
    ]
    .map(Event::Session)
    .to_vec()
}

fn of_turn(text: &Text) -> Vec<TurnEvent> {
    let ended = |end| TurnEvent::Ended {
        end,
        state: BlobId::of(b""),
    };
    vec![
        TurnEvent::Submitted {
            turn: TurnId::new(uuid(1)),
            context: vec![text.clone()],
            content: blocks(text),
        },
        TurnEvent::Steered {
            content: blocks(text),
        },
        TurnEvent::Nudged { text: text.clone() },
        TurnEvent::Interrupted {
            cause: InterruptCause::Terminate,
        },
        ended(TurnEnd::Completed),
        ended(TurnEnd::Refused),
        ended(TurnEnd::Cut),
        ended(TurnEnd::Limited(protocol::Limit::SchemaMisses)),
        ended(TurnEnd::Looping),
        ended(TurnEnd::Interrupted(InterruptCause::Timeout)),
        ended(TurnEnd::Failed(fault())),
    ]
}

pub(crate) fn of_model(text: &Text) -> Vec<ModelEvent> {
    let (step, attempt) = (1, 2);
    vec![
        ModelEvent::Requested {
            step,
            reserved: 2,
            max_tokens: Some(3),
        },
        ModelEvent::Replied {
            step,
            reply: Box::new(reply(text)),
            calls: vec![planned(text)],
            first_byte_ms: 5,
            total_ms: 6,
            charge: None,
            answer: None,
        },
        ModelEvent::Retried {
            step,
            attempt,
            fault: fault(),
            wait_ms: 500,
            charge: None,
            room: None,
        },
        ModelEvent::Failed {
            step,
            fault: fault(),
            charge: None,
            limit: None,
        },
        ModelEvent::Resumed { step, attempt },
    ]
}

fn of_tool(text: &Text) -> Vec<ToolEvent> {
    let call = call();
    let (before, after) = (None, BlobId::of(b"new"));
    let file = Intent::File {
        path: "/w/a".into(),
        before,
        after,
        done: Box::new(result(text)),
    };
    let command = Intent::Command {
        command: text.clone(),
        cwd: "/w".into(),
    };
    let (began, ended) = (Timestamp(5), Timestamp(6));
    vec![
        ToolEvent::Started { call, intent: file },
        ToolEvent::Started {
            call,
            intent: command,
        },
        ToolEvent::Reopened { call },
        ToolEvent::Finished {
            call,
            result: Box::new(result(text)),
            began,
            ended,
        },
    ]
}

fn of_plan() -> Vec<Event> {
    let rule = RuleRef {
        rule: "Bash(git push:*)".into(),
        effect: RuleEffect::Deny,
        layer: "user".into(),
        file: Some("/s.json".into()),
        line: Some(3),
    };
    let verdict = Verdict::Deny(Reason {
        text: "a rule".into(),
        rule: Some(rule),
    });
    let (node, agent) = (NodeId::new(uuid(5)), AgentId::new(uuid(6)));
    let budget = Budget {
        tokens: Some(1),
        cost: Some(Cost(2)),
        ..Budget::default()
    };
    let deps = vec![NodeId::new(uuid(7))];
    let planned = Node {
        deps,
        budget,
        ..Node::new(node, Kind::Chat, "chat")
    };
    let plan = Plan {
        version: 1,
        goal: "go".into(),
        nodes: vec![planned],
        ..Plan::default()
    };
    let cut = FaultEvent::JournalCut {
        at_byte: 1,
        lost_bytes: 2,
        reason: "torn".into(),
    };
    let failed = FaultEvent::ActorFailed {
        actor: "agent".into(),
        message: "bug".into(),
    };
    vec![
        Event::Permission(PermissionEvent::Decided {
            call: call(),
            verdict,
            by: Decider::Person,
        }),
        Event::Plan(PlanEvent::Accepted { plan }),
        Event::Plan(PlanEvent::NodeStarted {
            node,
            agent,
            attempt: None,
        }),
        Event::Plan(PlanEvent::NodeEnded {
            node,
            end: NodeEnd::Failed,
            why: None,
        }),
        Event::Fault(cut),
        Event::Fault(failed),
    ]
}
