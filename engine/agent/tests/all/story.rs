//! A story: given records, when inputs come, then events and effects. Every step also checks what must always hold.

use agent::{Illegal, State, decide, wishes};
use protocol::{
    AgentId, Block, Draft, Event, Input, Limits, Price, Record, Role, Seq, SessionId, Timestamp,
    TurnEvent,
};
use uuid::Uuid;

use crate::given::*;
use crate::told;

/// What was lived through so far.
#[derive(Clone)]
pub(crate) struct Story {
    pub state: State,
    pub past: Vec<Event>,
    last: Result<Vec<Event>, Illegal>,
}

/// A session with no limits and no price that has just opened.
pub(crate) fn session() -> Story {
    within(Limits::default())
}

/// The same with limits.
pub(crate) fn within(limits: Limits) -> Story {
    Story::of(vec![opening(limits, &["bash", "edit", "read"], None)])
}

/// The same with limits and a price.
pub(crate) fn priced(limits: Limits, price: Price) -> Story {
    Story::of(vec![opening(limits, &["read"], Some(price))])
}

/// A session that wants its answer through the answer tool.
pub(crate) fn wanting_schema(limits: Limits) -> Story {
    Story::of(vec![opening(limits, &["read", agent::ANSWER_TOOL], None)])
}

impl Story {
    pub(crate) fn of(past: Vec<Event>) -> Self {
        let state = folded(&past);
        let last = Ok(Vec::new());
        Self { state, past, last }
    }

    /// Something comes; its events are applied.
    #[track_caller]
    pub(crate) fn when(mut self, input: Input) -> Self {
        let before = self.state.clone();
        self.last = decide(&before, input.clone());
        assert_eq!(self.last, decide(&before, input), "deciding is no function");
        for event in self.last.clone().unwrap_or_default() {
            if let Event::Turn(TurnEvent::Ended { state, .. }) = &event {
                assert_eq!(
                    *state,
                    self.state.digest(),
                    "the digest is of another state"
                );
            }
            self.state.apply(&event);
            self.past.push(event);
        }
        assert_eq!(self.state, folded(&self.past), "lived and replayed differ");
        self
    }

    /// The events of the last input.
    #[track_caller]
    pub(crate) fn tells(self, expected: &str) -> Self {
        let told = match &self.last {
            Ok(events) => told::events(events),
            Err(illegal) => format!("illegal: {illegal}"),
        };
        assert_eq!(told, expected);
        self
    }

    /// The effects wished for now.
    #[track_caller]
    pub(crate) fn wishes(self, expected: &str) -> Self {
        assert_eq!(told::effects(&wishes(&self.state)), expected);
        self
    }

    /// A reply to the step that is due.
    #[track_caller]
    pub(crate) fn reply(self, answer: Answer) -> Self {
        let step = self.state.flow.step;
        self.when(answer.to(step))
    }

    /// The process died after its first `kept` records.
    pub(crate) fn cut_to(self, kept: usize) -> Self {
        Self::of(self.past[..kept].to_vec())
    }

    /// The process died before the last `lost` records were written.
    pub(crate) fn without(self, lost: usize) -> Self {
        let kept = self.past.len() - lost;
        self.cut_to(kept)
    }

    /// The conversation, a line a message.
    pub(crate) fn conversation(&self) -> Vec<String> {
        let line = |message: &std::sync::Arc<protocol::Message>| {
            let who = match message.role {
                Role::User => "user",
                Role::Assistant => "model",
            };
            let said: Vec<String> = message.content.iter().map(spoken).collect();
            format!("{who}: {}", said.join(" | "))
        };
        self.state.messages.iter().map(line).collect()
    }
}

fn spoken(block: &Block) -> String {
    match block {
        Block::Text(text) => text.as_str().into_owned(),
        Block::ToolUse(call) => format!("call {}", call.wire.as_str()),
        Block::ToolResult { wire, status, .. } => format!("{status:?} {}", wire.as_str()),
        Block::Thinking { .. }
        | Block::RedactedThinking(_)
        | Block::Image { .. }
        | Block::Foreign(_) => "something".into(),
    }
}

/// The state folded from what the journal would give back: records written as JSON and read again.
pub(crate) fn folded(events: &[Event]) -> State {
    let records: Vec<Record> = (1..)
        .zip(events)
        .map(|(seq, event)| written(seq, event))
        .collect();
    State::fold(&records)
}

/// The record of an event as the journal would give it back.
pub(crate) fn written(seq: u64, event: &Event) -> Record {
    let draft = Draft {
        agent: Some(AgentId::new(Uuid::from_u128(7))),
        node: None,
        turn: None,
        cause: None,
        event: event.clone(),
    };
    let session = SessionId::new(Uuid::from_u128(1));
    let record = draft.placed(session, Seq(seq), Timestamp(seq));
    let line = serde_json::to_string(&record).unwrap();
    let back: Record = serde_json::from_str(&line).unwrap();
    assert_eq!(back, record, "a record did not survive its journal");
    back
}
