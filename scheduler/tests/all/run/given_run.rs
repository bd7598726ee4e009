//! Runs in few words: records without envelope, plans of writers, the answers of a plain world.

use protocol::{
    AgentId, BlobId, Block, CallId, Change, ChangeKind, Charge, Check, CheckRun, Cost, EntryKind,
    Event, Expect, Fact, GitId, Ground, Inspection, Isolation, Kind, Merged, ModelEvent, Node,
    NodeId, Note, Plan, PlanEvent, PlannedCall, Record, Reply, Scope, Seq, SessionId, StopReason,
    Timestamp, ToolEvent, ToolResult, TurnEnd, TurnEvent, TurnId, Usage, WorkspaceEvent,
};
use scheduler::run::{NodePhase, Run, RunInput, RunOutcome, Wish, decide, follow, wishes};
use uuid::Uuid;

use crate::given::node;

pub(crate) fn run_id() -> SessionId {
    SessionId::new(Uuid::from_u128(7))
}

/// A git id that follows from a number.
pub(crate) fn git(n: u64) -> GitId {
    format!("{n:040x}").parse().unwrap()
}

pub(crate) fn check(cmd: &str) -> Check {
    Check {
        cmd: cmd.to_owned(),
        timeout_ms: 1000,
        expect: Expect::Any,
    }
}

pub(crate) fn check_run(check: &Check, exit: i32) -> CheckRun {
    CheckRun {
        check: check.clone(),
        exit: Some(exit),
        log: "what it said".into(),
        ms: 1,
        denied: None,
    }
}

/// Checks that go as the plan declares.
pub(crate) fn as_declared(checks: &[Check]) -> Vec<CheckRun> {
    let exit = |check: &Check| i32::from(check.expect == Expect::Fail);
    checks.iter().map(|one| check_run(one, exit(one))).collect()
}

/// A writer of one folder, `d<n>`.
pub(crate) fn writer(n: usize, deps: &[usize]) -> Node {
    Node {
        name: format!("n{n}").as_str().into(),
        brief: Some("do it".into()),
        deps: deps.iter().map(|dep| node(*dep)).collect(),
        scope: Scope {
            writes: vec![format!("d{n}/**")],
            ..Scope::default()
        },
        ..Node::new(node(n), Kind::Edit, format!("node {n}"))
    }
}

pub(crate) fn reader(n: usize, deps: &[usize]) -> Node {
    Node {
        kind: Kind::Explore,
        scope: Scope::default(),
        ..writer(n, deps)
    }
}

pub(crate) fn of(nodes: Vec<Node>) -> Plan {
    Plan {
        version: 1,
        goal: "go".into(),
        base: Some(git(0)),
        nodes,
        ..Plan::default()
    }
}

pub(crate) fn ground(isolation: Isolation) -> Ground {
    Ground {
        root: "/repo".into(),
        isolation,
        base: Some(git(0)),
        target: Some("main".into()),
        integration: Some("refs/heads/formic/1".into()),
    }
}

pub(crate) fn changed(path: &str) -> Change {
    Change {
        path: path.to_owned(),
        how: ChangeKind::Modified,
    }
}

/// What is found in a tree where all is well.
pub(crate) fn sound(planned: &Node, tree: u64) -> Inspection {
    let paths = planned.scope.writes.iter();
    let mut changed: Vec<Change> = paths
        .map(|glob| changed(&glob.replace("**", "file")))
        .collect();
    changed.truncate(if planned.kind.writes() { 9 } else { 0 });
    Inspection {
        tree: Some(git(tree)),
        changed,
        strays: Vec::new(),
        markers: Vec::new(),
        weakened: Vec::new(),
        check: planned.accept.as_ref().map(|check| check_run(check, 0)),
        fault: None,
        may_pass: false,
    }
}

/// An agent's note for the others.
pub(crate) fn noted(kind: EntryKind, key: &str, value: &str) -> Event {
    let note = Note {
        kind,
        key: key.into(),
        value: value.into(),
        evidence: Vec::new(),
    };
    Event::Tool(ToolEvent::Finished {
        call: CallId::new(Uuid::from_u128(1)),
        result: Box::new(ToolResult::ok("noted").knowing(Fact::Noted(Box::new(note)))),
        began: Timestamp(0),
        ended: Timestamp(0),
    })
}

/// A run under test: its journal and its state, which must always agree.
#[derive(Clone)]
pub(crate) struct Sim {
    pub journal: Vec<Record>,
    pub run: Run,
}

impl Sim {
    pub(crate) fn new() -> Self {
        Self {
            journal: Vec::new(),
            run: Run::new(run_id()),
        }
    }

    /// A run of a plan, up to the first attempts.
    pub(crate) fn of(plan: Plan, isolation: Isolation) -> Self {
        let mut sim = Self::new();
        sim.say(Event::Workspace(WorkspaceEvent::Begun(ground(isolation))));
        sim.say(Event::Plan(PlanEvent::Accepted { plan }));
        sim.settle();
        sim.stand();
        sim
    }

    /// What the plan says of the files as they are is so.
    pub(crate) fn stand(&mut self) {
        let runs = as_declared(self.run.due_checks());
        if self.wishes() == [Wish::Check] {
            self.answer(RunOutcome::Checked { runs });
        }
    }

    pub(crate) fn record(&self, event: Event) -> Record {
        Record {
            v: 1,
            seq: Seq(self.journal.len() as u64 + 1),
            at: Timestamp(self.journal.len() as u64),
            session: run_id(),
            agent: None,
            node: None,
            turn: None,
            cause: None,
            event,
        }
    }

    /// Appends a record. From one that does not stir the run nothing new follows.
    pub(crate) fn put(&mut self, record: Record) {
        let before = (follow(&self.run), wishes(&self.run));
        self.run.apply(&record);
        if !self.run.is_stirred_by(&record) {
            let after = (follow(&self.run), wishes(&self.run));
            assert_eq!(after, before, "{:?}", record.event);
        }
        self.journal.push(record);
    }

    /// Time passes, and nothing else happens.
    pub(crate) fn passes(&mut self, ms: u64) {
        let now = self.journal.iter().map(|record| record.at.0).max();
        let at = Timestamp(now.unwrap_or_default() + ms);
        let fault = protocol::FaultEvent::ActorFailed {
            actor: "a".into(),
            message: "m".into(),
        };
        self.put(Record {
            at,
            ..self.record(Event::Fault(fault))
        });
    }

    /// A record of the coordinator.
    pub(crate) fn say(&mut self, event: Event) {
        self.put(self.record(event));
    }

    /// A record of a node's agent.
    pub(crate) fn agent_says(&mut self, (node, agent, turn): Speaker, event: Event) {
        let record = Record {
            agent: Some(agent),
            node: Some(node),
            turn: Some(turn),
            ..self.record(event)
        };
        self.put(record);
    }

    /// Appends what follows until nothing does.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1000 {
            let events = follow(&self.run);
            if events.is_empty() {
                return;
            }
            events.into_iter().for_each(|event| self.say(event));
        }
        panic!("what follows never ends: {:?}", follow(&self.run));
    }

    /// The world answers, and what follows from that follows.
    pub(crate) fn answer(&mut self, outcome: RunOutcome) -> usize {
        let events = decide(&self.run, RunInput::Outcome(outcome)).unwrap();
        let count = events.len();
        events.into_iter().for_each(|event| self.say(event));
        self.settle();
        count
    }

    pub(crate) fn phase(&self, n: usize) -> NodePhase {
        self.run.node(node(n)).unwrap().phase
    }

    pub(crate) fn wishes(&self) -> Vec<Wish> {
        wishes(&self.run)
    }

    pub(crate) fn speaker(&self, n: usize) -> Speaker {
        let state = self.run.node(node(n)).unwrap();
        let number = u128::from(state.number()) << 64 | n as u128;
        let turn = TurnId::new(Uuid::from_u128(number));
        (node(n), state.agent.unwrap(), turn)
    }

    /// The agent of a node's newest attempt begins its turn.
    pub(crate) fn begin(&mut self, n: usize) {
        let speaker = self.speaker(n);
        self.agent_says(speaker, submitted(speaker.2));
    }

    /// The agent of a node's newest attempt ends its turn.
    pub(crate) fn end(&mut self, n: usize, end: TurnEnd) {
        let speaker = self.speaker(n);
        self.agent_says(speaker, turn_ended(end));
        self.settle();
    }

    /// An agent's whole turn.
    pub(crate) fn work(&mut self, n: usize) {
        self.begin(n);
        self.end(n, TurnEnd::Completed);
    }

    /// A node works and all is well in its tree.
    pub(crate) fn submit(&mut self, n: usize) {
        self.work(n);
        let planned = self.run.planned(node(n)).unwrap().clone();
        self.found(n, sound(&planned, 1000 + n as u64));
    }

    /// A node's proposal becomes the branch, alone in the first batch.
    pub(crate) fn integrate(&mut self, n: usize, commit: u64) {
        let (batch, to) = (1, git(commit));
        let merged = Merged {
            node: node(n),
            commit: to.clone(),
        };
        self.answer(RunOutcome::Merged {
            batch,
            commits: vec![merged],
            conflicts: Vec::new(),
        });
        self.answer(RunOutcome::Advanced { batch, to });
    }

    pub(crate) fn found(&mut self, n: usize, found: Inspection) {
        let attempt = self.run.node(node(n)).unwrap().number();
        let node = node(n);
        self.answer(RunOutcome::Inspected {
            node,
            attempt,
            found,
        });
    }
}

/// A node, its agent, and the agent's turn.
pub(crate) type Speaker = (NodeId, AgentId, TurnId);

pub(crate) fn submitted(turn: TurnId) -> Event {
    Event::Turn(TurnEvent::Submitted {
        turn,
        context: Vec::new(),
        content: Vec::new(),
    })
}

pub(crate) fn turn_ended(end: TurnEnd) -> Event {
    let state = BlobId::of(b"");
    Event::Turn(TurnEvent::Ended { end, state })
}

pub(crate) fn replied(text: &str, tokens: u64) -> Event {
    reply(text, tokens, 0)
}

/// A reply that asks for so many tool calls.
pub(crate) fn asked(calls: usize) -> Event {
    reply("", 1, calls)
}

fn reply(text: &str, tokens: u64, calls: usize) -> Event {
    let call = PlannedCall {
        call: CallId::new(Uuid::from_u128(1)),
        tool: "read".into(),
        writes: false,
        accesses: Vec::new(),
        refusal: None,
    };
    Event::Model(ModelEvent::Replied {
        step: 0,
        reply: Box::new(Reply {
            model: "m".into(),
            content: vec![Block::Text(text.into())],
            stop: StopReason::EndTurn,
            usage: Some(Usage {
                input: tokens,
                ..Usage::default()
            }),
            cost: Some(Cost(tokens)),
            oddities: Vec::new(),
        }),
        calls: vec![call; calls],
        first_byte_ms: 1,
        total_ms: 1,
        charge: Some(Charge {
            tokens,
            cost: Some(Cost(tokens)),
            ..Charge::default()
        }),
        answer: None,
    })
}

/// A planner's answer.
pub(crate) fn structured(answer: &str) -> Event {
    let result = ToolResult::ok("taken").knowing(Fact::Structured(answer.into()));
    Event::Tool(ToolEvent::Finished {
        call: CallId::new(Uuid::from_u128(1)),
        result: Box::new(result),
        began: Timestamp(0),
        ended: Timestamp(0),
    })
}

/// A node has its tree.
pub(crate) fn made(n: usize) -> Event {
    Event::Workspace(WorkspaceEvent::TreeMade {
        node: node(n),
        attempt: 1,
        root: "/tree".into(),
        base: Some(git(0)),
    })
}

/// An agent's tool changed a file.
pub(crate) fn wrote_a_file() -> Event {
    let written = Fact::FileWritten {
        path: "/repo/d1/file".into(),
        added: 1,
        removed: 0,
    };
    Event::Tool(ToolEvent::Finished {
        call: CallId::new(Uuid::from_u128(1)),
        result: Box::new(ToolResult::ok("done").knowing(written)),
        began: Timestamp(0),
        ended: Timestamp(0),
    })
}
