//! A run made up for tests: records of a plan of seven nodes in all states.

use protocol::{
    AgentId, Attempt, Block, Budget, CallId, Change, ChangeKind, Check, CheckRun, Cost, Draft,
    Event, Expect, Failure, FailureClass, GitId, Inspection, Kind, Landing, Merged, ModelEvent,
    Node, NodeEnd, NodeId, Plan, PlanEvent, PlannedCall, Record, Reply, Seq, SessionId, StopReason,
    Timestamp, ToolCall, TreeStart, Usage, WireCallId, WorkspaceEvent,
};

/// The nodes and what they wait for.
const NODES: [(&str, &[&str]); 7] = [
    ("contract", &[]),
    ("errors", &["contract"]),
    ("move-parser", &["errors"]),
    ("move-printer", &["errors"]),
    ("move-server", &["errors"]),
    ("bench", &[]),
    (
        "review",
        &["move-parser", "move-printer", "move-server", "bench"],
    ),
];

pub fn node(name: &str) -> NodeId {
    NodeId::derived(&[name.as_bytes()])
}

fn agent(name: &str) -> AgentId {
    AgentId::derived(&[name.as_bytes()])
}

pub fn session() -> SessionId {
    SessionId::derived(&[b"sample"])
}

fn commit(name: &str) -> GitId {
    let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits:0<40.40}").parse().unwrap()
}

pub fn plan() -> Plan {
    let nodes = NODES.iter().map(|(name, deps)| {
        let mut made = Node::new(node(name), Kind::Edit, format!("do {name}"));
        made.name = (*name).into();
        made.deps = deps.iter().map(|dep| node(dep)).collect();
        made
    });
    Plan {
        version: 1,
        goal: "move every crate to the new error type".to_owned(),
        nodes: nodes.collect(),
        budget: Budget {
            cost: Some(Cost::from_usd(5.0)),
            ..Budget::default()
        },
        ..Plan::default()
    }
}

fn started(name: &str, number: u32) -> (Option<&str>, Event) {
    let event = PlanEvent::NodeStarted {
        node: node(name),
        agent: agent(name),
        attempt: Some(Attempt {
            number,
            is_fresh: false,
            allotted: Budget::default(),
            start: TreeStart::Kept,
        }),
    };
    (None, Event::Plan(event))
}

/// A reply that uses a tool.
fn replied<'a>(name: &'a str, tool: &str, arguments: &str) -> (Option<&'a str>, Event) {
    let call = CallId::derived(&[name.as_bytes(), tool.as_bytes()]);
    let content = vec![Block::ToolUse(ToolCall {
        id: call,
        wire: WireCallId("w".into()),
        name: tool.to_owned(),
        arguments: arguments.into(),
        malformed: None,
    })];
    let reply = Reply {
        model: "m".to_owned(),
        content,
        stop: StopReason::ToolUse,
        usage: Some(Usage {
            input: 41_000,
            output: 1_234,
            ..Usage::default()
        }),
        cost: Some(Cost::from_usd(0.123)),
        oddities: Vec::new(),
    };
    let event = ModelEvent::Replied {
        step: 0,
        reply: Box::new(reply),
        calls: vec![PlannedCall {
            call,
            tool: tool.to_owned(),
            writes: false,
            accesses: Vec::new(),
            refusal: None,
        }],
        first_byte_ms: 1,
        total_ms: 2,
        charge: None,
        answer: None,
    };
    (Some(name), Event::Model(event))
}

fn inspected(name: &str, exit: i32) -> (Option<&str>, Event) {
    let found = Inspection {
        tree: None,
        changed: vec![Change {
            path: format!("crates/{name}/src/lib.rs"),
            how: ChangeKind::Modified,
        }],
        strays: Vec::new(),
        check: Some(CheckRun {
            check: Check {
                cmd: format!("cargo test -p {name}"),
                timeout_ms: 1,
                expect: Expect::Any,
            },
            exit: Some(exit),
            log: "".into(),
            ms: 1_500,
            denied: None,
        }),
        fault: None,
        may_pass: false,
        markers: Vec::new(),
        weakened: Vec::new(),
    };
    let event = WorkspaceEvent::Inspected {
        node: node(name),
        attempt: 1,
        found,
    };
    (None, Event::Workspace(event))
}

fn returned(name: &str, evidence: &str) -> (Option<&'static str>, Event) {
    let event = PlanEvent::NodeReturned {
        node: node(name),
        attempt: 1,
        failure: Failure {
            class: FailureClass::Check,
            evidence: evidence.into(),
        },
    };
    (None, Event::Plan(event))
}

fn ended(name: &str, end: NodeEnd) -> (Option<&'static str>, Event) {
    let event = PlanEvent::NodeEnded {
        node: node(name),
        end,
        why: None,
    };
    (None, Event::Plan(event))
}

fn taken(names: &[&str]) -> (Option<&'static str>, Event) {
    let event = WorkspaceEvent::BatchTaken {
        batch: 1,
        nodes: names.iter().map(|name| node(name)).collect(),
        tip: commit("base"),
    };
    (None, Event::Workspace(event))
}

fn advanced(name: &str) -> (Option<&'static str>, Event) {
    let event = WorkspaceEvent::Advanced {
        batch: 1,
        to: commit(name),
        nodes: vec![Merged {
            node: node(name),
            commit: commit(name),
        }],
    };
    (None, Event::Workspace(event))
}

/// A run in the middle: something in every state.
pub fn under_way() -> Vec<Record> {
    placed(vec![
        (None, Event::Plan(PlanEvent::Accepted { plan: plan() })),
        started("contract", 1),
        ended("contract", NodeEnd::Done),
        started("errors", 1),
        replied("errors", "edit", r#"{"path":"src/lib.rs"}"#),
        inspected("errors", 0),
        taken(&["errors"]),
        advanced("errors"),
        started("bench", 1),
        returned("bench", "test result: FAILED\n1 failed"),
        ended("bench", NodeEnd::Failed),
        started("move-parser", 1),
        started("move-printer", 1),
        returned("move-printer", "the check failed"),
        started("move-printer", 2),
        replied(
            "move-parser",
            "bash",
            r#"{"command":"cargo test -p parser -- --nocapture"}"#,
        ),
        started("move-server", 1),
        inspected("move-server", 0),
        taken(&["move-server"]),
    ])
}

/// The same run, over.
pub fn over() -> Vec<Record> {
    let mut records = under_way();
    let landing = Landing {
        branch: "formic/1234".to_owned(),
        commit: commit("move-server"),
        is_fast_forward: false,
        remark: Some("main has moved; take it with: git merge formic/1234".to_owned()),
    };
    let more = placed(vec![
        inspected("move-parser", 0),
        advanced("move-parser"),
        advanced("move-server"),
        advanced("move-printer"),
        ended("review", NodeEnd::Skipped),
        (None, Event::Workspace(WorkspaceEvent::Landed(landing))),
        (None, Event::Plan(PlanEvent::Closed)),
    ]);
    let many = records.len() as u64;
    records.extend(more.into_iter().map(|mut record| {
        record.seq = Seq(record.seq.0 + many);
        record.at = Timestamp(record.at.0 + many * 7_000);
        record
    }));
    records
}

/// Records seven seconds apart, those of an agent with its name.
fn placed(events: Vec<(Option<&str>, Event)>) -> Vec<Record> {
    let numbered = (1_u64..).zip(events);
    let made = numbered.map(|(seq, (who, event))| {
        let draft = Draft {
            agent: who.map(agent),
            node: who.map(node),
            turn: None,
            cause: None,
            event,
        };
        draft.placed(session(), Seq(seq), Timestamp(seq * 7_000))
    });
    made.collect()
}
