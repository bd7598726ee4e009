//! Inputs in few words: calls of a reply, replies, outcomes, commands.

use agent::ANSWER_TOOL;
use protocol::{
    Access, BlobId, Block, CallId, Command, Cost, Decider, Event, Fact, FaultKind, Input, Intent,
    InterruptCause, Limits, ModelFault, ModelRef, ModelTraits, Opening, Outcome, PermissionMode,
    PlannedCall, Price, Reason, Reply, RetryHint, SessionEvent, StopReason, Timestamp, ToolCall,
    ToolResult, TurnId, Usage, Verdict, WireCallId,
};
use uuid::Uuid;

pub(crate) fn turn(n: u8) -> TurnId {
    TurnId::new(Uuid::from_u128(0x100 + u128::from(n)))
}

pub(crate) fn call(n: u32) -> CallId {
    CallId::new(Uuid::from_u128(0x1000 + u128::from(n)))
}

/// A call as the model wrote it and as it was planned.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub written: ToolCall,
    pub planned: PlannedCall,
}

pub(crate) fn wanted(n: u32, tool: &str, writes: bool, accesses: Vec<Access>) -> Wanted {
    let written = ToolCall {
        id: call(n),
        wire: WireCallId(format!("wire-{n}").into()),
        name: tool.into(),
        arguments: format!("{accesses:?}").into(),
        malformed: None,
    };
    let planned = PlannedCall {
        call: call(n),
        tool: tool.into(),
        writes,
        accesses,
        refusal: None,
    };
    Wanted { written, planned }
}

pub(crate) fn read(n: u32, path: &str) -> Wanted {
    wanted(n, "read", false, vec![Access::reads(path)])
}

pub(crate) fn grep(n: u32, root: &str) -> Wanted {
    wanted(n, "grep", false, vec![Access::searches(root)])
}

pub(crate) fn edit(n: u32, path: &str) -> Wanted {
    wanted(n, "edit", true, vec![Access::changes(path)])
}

pub(crate) fn bash(n: u32) -> Wanted {
    wanted(n, "bash", true, vec![Access::anything()])
}

pub(crate) fn answer_call(n: u32) -> Wanted {
    wanted(n, ANSWER_TOOL, false, Vec::new())
}

/// A call that cannot run at all.
pub(crate) fn broken(n: u32) -> Wanted {
    let mut wanted = wanted(n, "nope", false, Vec::new());
    wanted.planned.refusal = Some("no such tool: nope".into());
    wanted
}

pub(crate) fn text(text: &str) -> Block {
    Block::Text(text.into())
}

/// A reply with its planned calls.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub reply: Reply,
    pub calls: Vec<PlannedCall>,
    /// The answer its text gives.
    pub written: Option<std::sync::Arc<str>>,
}

impl Answer {
    pub(crate) fn written(mut self, answer: &str) -> Self {
        self.written = Some(answer.into());
        self
    }

    pub(crate) fn stop(mut self, stop: StopReason) -> Self {
        self.reply.stop = stop;
        self
    }

    pub(crate) fn used(mut self, input: u64, output: u64) -> Self {
        self.reply.usage = Some(Usage {
            input,
            output,
            ..Usage::default()
        });
        self
    }

    pub(crate) fn costs(mut self, usd: f64) -> Self {
        self.reply.cost = Some(Cost::from_usd(usd));
        self
    }

    pub(crate) fn to(self, step: u32) -> Input {
        let (reply, calls) = (Box::new(self.reply), self.calls);
        let (took, answer) = ((1, 2), self.written);
        Input::Outcome(Outcome::Replied {
            step,
            reply,
            calls,
            took,
            answer,
        })
    }
}

pub(crate) fn blocks(content: Vec<Block>) -> Answer {
    let reply = Reply {
        model: "m-1".into(),
        content,
        stop: StopReason::EndTurn,
        usage: None,
        cost: None,
        oddities: Vec::new(),
    };
    let calls = Vec::new();
    let written = None;
    Answer {
        reply,
        calls,
        written,
    }
}

pub(crate) fn says(words: &str) -> Answer {
    blocks(vec![text(words)])
}

pub(crate) fn asks(calls: impl IntoIterator<Item = Wanted>) -> Answer {
    let calls: Vec<Wanted> = calls.into_iter().collect();
    let written = calls
        .iter()
        .map(|call| Block::ToolUse(call.written.clone()));
    let mut answer = blocks(written.collect()).stop(StopReason::ToolUse);
    answer.calls = calls.into_iter().map(|call| call.planned).collect();
    answer
}

pub(crate) fn outcome(outcome: Outcome) -> Input {
    Input::Outcome(outcome)
}

pub(crate) fn ended_with(n: u32, result: ToolResult) -> Input {
    let span = (Timestamp(5), Timestamp(7));
    let (call, result) = (call(n), Box::new(result));
    outcome(Outcome::Finished { call, result, span })
}

pub(crate) fn ok(n: u32) -> Input {
    ended_with(n, ToolResult::ok(format!("out {n}")))
}

pub(crate) fn allow() -> Verdict {
    Verdict::Allow(reason("rule"))
}

pub(crate) fn reason(text: &str) -> Reason {
    let (text, rule) = (text.to_owned(), None);
    Reason { text, rule }
}

pub(crate) fn file_intent(path: &str) -> Intent {
    Intent::File {
        path: path.into(),
        before: None,
        after: BlobId::of(b"new"),
        done: Box::new(ToolResult::ok("written").knowing(Fact::FileSeen {
            path: path.into(),
            content: BlobId::of(b"new"),
        })),
    }
}

pub(crate) fn command_intent() -> Intent {
    Intent::Command {
        command: "make".into(),
        cwd: "/w".into(),
    }
}

pub(crate) fn permitted(n: u32, intent: Intent) -> Input {
    outcome(Outcome::Permitted {
        call: call(n),
        intent,
        verdict: allow(),
        by: Decider::Policy,
    })
}

pub(crate) fn denied(n: u32) -> Input {
    outcome(Outcome::Refused {
        call: call(n),
        verdict: Verdict::Deny(reason("outside the tree")),
        by: Decider::Person,
    })
}

pub(crate) fn not_done(n: u32) -> Input {
    outcome(Outcome::NotDone { call: call(n) })
}

pub(crate) fn fault(kind: FaultKind, retry: RetryHint) -> ModelFault {
    ModelFault {
        kind,
        status: None,
        message: "no".into(),
        retry,
        billed: false,
        heard: None,
    }
}

pub(crate) fn fails(step: u32, attempt: u32, fault: ModelFault) -> Input {
    let dice = 500;
    outcome(Outcome::ModelFailed {
        step,
        attempt,
        fault,
        dice,
    })
}

pub(crate) fn waited(step: u32, attempt: u32) -> Input {
    outcome(Outcome::Waited { step, attempt })
}

pub(crate) fn submit(n: u8, words: &str) -> Input {
    Input::Command(Command::Submit {
        turn: turn(n),
        context: Vec::new(),
        content: vec![text(words)],
    })
}

pub(crate) fn steer(words: &str) -> Input {
    let content = vec![text(words)];
    Input::Command(Command::Steer { content })
}

pub(crate) fn interrupt() -> Input {
    let cause = InterruptCause::User;
    Input::Command(Command::Interrupt { cause })
}

pub(crate) fn resume(limits: Limits) -> Input {
    resume_for(limits, false)
}

/// The same, by a run that may want its answer through the answer tool.
pub(crate) fn resume_for(limits: Limits, structured: bool) -> Input {
    Input::Command(Command::Resume {
        limits,
        mode: PermissionMode::AcceptEdits,
        model: model(),
        traits: traits(None),
        structured,
    })
}

pub(crate) fn model() -> ModelRef {
    ModelRef {
        provider: "p".into(),
        model: "m".into(),
    }
}

pub(crate) fn traits(price: Option<Price>) -> ModelTraits {
    ModelTraits {
        context_window: None,
        max_output: 1_000,
        vision: false,
        price,
    }
}

pub(crate) fn opening(limits: Limits, tools: &[&str], price: Option<Price>) -> Event {
    Event::Session(SessionEvent::Opened(Box::new(Opening {
        cwd: "/w".into(),
        formic: "0.1.0".into(),
        mode: PermissionMode::Default,
        model: model(),
        traits: traits(price),
        system: "be brief".into(),
        tools: tools.iter().map(|&tool| tool.to_owned()).collect(),
        limits,
        tool_bytes: 500 * tools.len() as u64,
    })))
}
