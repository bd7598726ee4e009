//! What became of a sub-agent, read from its records: the same for one that has just ended and for one whose answer was
//! lost with a former process.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use protocol::{
    AgentId, Cost, Event, Fact, Limit, ModelEvent, NodeEnd, Record, Spending, TASK_TOOL, Text,
    ToolStatus, TurnEnd,
};
use tools::Delegated;
use views::{FilesTouched, LastTurn, TurnStanding, View};

use super::brief::last_end;

/// How many changed files are named.
const FILES: usize = 30;

/// What became of a sub-agent.
pub(crate) struct Tidings {
    /// How its turn ended; `None` if it never began, or never ended.
    end: Option<TurnEnd>,
    said: String,
    /// With all that sub-agents of its own used.
    pub used: Spending,
    files: FilesTouched,
    /// Why it was given up, if formic failed.
    fault: Option<String>,
}

impl Tidings {
    /// From the records of the session since it began.
    pub(super) fn read(records: &[Arc<Record>], agent: AgentId) -> Self {
        let own = || {
            let own = records.iter().filter(|record| record.agent == Some(agent));
            own.map(Arc::as_ref)
        };
        let state = agent::State::fold(own());
        let last = LastTurn::fold(own());
        let said = last.get().and_then(TurnStanding::answer);
        let below = family(records, agent);
        let theirs = records
            .iter()
            .filter(|record| record.agent.is_some_and(|of| below.contains(&of)));
        Self {
            end: last_end(own()),
            said: said.unwrap_or_default().to_owned(),
            used: state.flow.spent.spending(),
            files: FilesTouched::fold(theirs.map(Arc::as_ref)),
            fault: None,
        }
    }

    /// The same of one that could not go on, if it could not.
    pub(super) fn with(self, fault: Option<String>) -> Self {
        Self { fault, ..self }
    }

    /// Of one that nothing can be told of.
    pub(super) fn lost(why: String) -> Self {
        Self {
            end: None,
            said: String::new(),
            used: Spending::default(),
            files: FilesTouched::default(),
            fault: Some(why),
        }
    }

    /// How its node ended, and why if it is not done.
    pub(super) fn node_end(&self) -> (NodeEnd, Option<Text>) {
        match (&self.fault, &self.end) {
            (None, Some(TurnEnd::Completed | TurnEnd::Cut)) => (NodeEnd::Done, None),
            (None, None | Some(TurnEnd::Interrupted(_))) => (NodeEnd::Cancelled, None),
            (Some(_), _) | (None, Some(_)) => (NodeEnd::Failed, Some(self.how().into())),
        }
    }

    /// What its caller is told.
    pub(super) fn delegated(&self, description: &str) -> Delegated {
        let status = match self.node_end().0 {
            NodeEnd::Done => ToolStatus::Ok,
            NodeEnd::Cancelled => ToolStatus::Interrupted,
            NodeEnd::Failed | NodeEnd::Skipped => ToolStatus::Failed,
        };
        let mut remark = format!("[sub-agent {description:?}: {}", self.how());
        // Writing to a text cannot fail.
        let _ = write!(remark, "; {}", used(&self.used));
        let _ = write!(remark, "{}]", self.changed());
        Delegated {
            status,
            said: self.said.clone(),
            remark,
            facts: vec![Fact::Delegated(self.used)],
        }
    }

    fn how(&self) -> String {
        if let Some(why) = &self.fault {
            return format!("given up, this is a fault of formic: {why}");
        }
        match &self.end {
            None => "stopped before it began".to_owned(),
            Some(TurnEnd::Completed) => "done".to_owned(),
            Some(TurnEnd::Cut) => "its last words were cut at the longest reply".to_owned(),
            Some(TurnEnd::Refused) => "its model refused".to_owned(),
            Some(TurnEnd::Limited(limit)) => {
                format!(
                    "not done: its part of the run's {} was used up",
                    name(*limit)
                )
            }
            Some(TurnEnd::Looping) => {
                "not done: the same calls came with the same results over and over".to_owned()
            }
            Some(TurnEnd::Interrupted(_)) => "stopped before it was done".to_owned(),
            Some(TurnEnd::Failed(fault)) => format!("not done: {}", fault.message),
        }
    }

    fn changed(&self) -> String {
        let changed: Vec<_> = self.files.changed().collect();
        let mut text = String::new();
        for (path, touch) in changed.iter().take(FILES) {
            let lead = if text.is_empty() { "; it changed" } else { "," };
            let _ = write!(
                text,
                "{lead} {} (+{} -{})",
                path.display(),
                touch.added,
                touch.removed
            );
        }
        if changed.len() > FILES {
            let _ = write!(text, " and {} more", changed.len() - FILES);
        }
        text
    }
}

/// The agent and all that were called for it, by it and by one another.
fn family(records: &[Arc<Record>], first: AgentId) -> BTreeSet<AgentId> {
    let mut family = BTreeSet::from([first]);
    for record in records {
        if let Event::Model(ModelEvent::Replied { calls, .. }) = &record.event
            && record.agent.is_some_and(|agent| family.contains(&agent))
        {
            let tasks = calls.iter().filter(|call| call.tool == TASK_TOOL);
            family.extend(tasks.map(|call| AgentId::of_call(call.call)));
        }
    }
    family
}

fn used(used: &Spending) -> String {
    let calls = match used.steps {
        1 => "1 model call".to_owned(),
        more => format!("{more} model calls"),
    };
    let mut text = format!("{calls}, {} tokens", used.tokens);
    if used.cost > Cost(0) {
        let _ = write!(text, ", ${:.4}", used.cost.usd());
    }
    text
}

const fn name(limit: Limit) -> &'static str {
    match limit {
        Limit::Steps => "model calls",
        Limit::Cost => "money",
        Limit::Tokens => "tokens",
        Limit::Time => "time",
        Limit::SchemaMisses => "answers that miss the schema",
    }
}
