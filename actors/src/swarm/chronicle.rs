//! The chronicle of a run: what its records come to, taken in one by one. Kept are only those of agents that may have work
//! left: a long run has more records than anybody wants to hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use protocol::{AgentId, Event, Record, Seq, SessionEvent, SessionId};
use scheduler::run::Run;
use store::DataFolder;

use super::house::Houses;
use super::planner;
use crate::error::OpenError;

/// The records of so many agents are kept before those that are wanted no more are looked for.
const MANY: usize = 32;

/// What the records of a run come to.
pub(super) struct Chronicle {
    pub run: Run,
    pub houses: Houses,
    /// What the planner answered.
    pub answer: Option<Arc<str>>,
    /// Its first record: the run's own opening.
    pub opened: Option<Arc<Record>>,
    /// The last record.
    pub last: Seq,
    has_opening: bool,
    agents: Agents,
}

impl Chronicle {
    /// Of a run of which nothing is known.
    pub(super) fn new(run: SessionId) -> Self {
        Self {
            run: Run::new(run),
            houses: Houses::default(),
            answer: None,
            opened: None,
            last: Seq::default(),
            has_opening: false,
            agents: Agents::default(),
        }
    }

    /// Takes the next record in.
    pub(super) fn apply(&mut self, record: &Arc<Record>) {
        self.run.apply(record);
        self.houses.apply(record);
        self.agents.apply(record, &self.run);
        self.answer = planner::answer(record).or(self.answer.take());
        self.has_opening |= matches!(record.event, Event::Session(SessionEvent::Opened(_)));
        if self.opened.is_none() {
            self.opened = Some(record.clone());
        }
        self.last = record.seq;
    }

    /// Whether the run was ever opened.
    pub(super) const fn is_begun(&self) -> bool {
        self.has_opening
    }

    /// The states of the agents that have work left.
    ///
    /// # Errors
    /// The journal's, which is read again for an agent that was thought to be through.
    pub(super) fn pasts(
        &self,
        data: &DataFolder,
    ) -> Result<BTreeMap<AgentId, agent::State>, OpenError> {
        let wanted = wanted(&self.run);
        if wanted.is_disjoint(&self.agents.gone) {
            return Ok(self.agents.states(&wanted));
        }
        let mut again = Agents::default();
        store::Reader::open(data, self.run.id())?.each(|record| {
            if record.agent.is_none_or(|agent| wanted.contains(&agent)) {
                again.take(&record);
            }
        })?;
        Ok(again.states(&wanted))
    }
}

/// The agents that have work left.
fn wanted(run: &Run) -> BTreeSet<AgentId> {
    let open = run
        .nodes()
        .filter(|(_, state)| !state.is_over() || state.lingers());
    open.filter_map(|(_, state)| state.agent).collect()
}

/// The records of a run's agents. Most agents are through by the end of a long journal, and nobody asks what their
/// records came to.
#[derive(Default)]
struct Agents {
    /// Those that concern every agent.
    session: Vec<Arc<Record>>,
    own: BTreeMap<AgentId, Vec<Arc<Record>>>,
    /// Those whose records were let go.
    gone: BTreeSet<AgentId>,
    /// How many there may be until they are looked through again.
    most: usize,
}

impl Agents {
    fn apply(&mut self, record: &Arc<Record>, run: &Run) {
        if record.agent.is_some_and(|agent| self.gone.contains(&agent)) {
            return;
        }
        self.take(record);
        if self.own.len() > self.most.max(MANY) {
            let wanted = wanted(run);
            let through = self.own.extract_if(.., |agent, _| {
                !wanted.contains(agent) && Some(*agent) != record.agent
            });
            self.gone.extend(through.map(|(agent, _)| agent));
            // Half as many again as are at work: looking costs as much as the plan is large.
            self.most = self.own.len() * 3 / 2;
        }
    }

    fn take(&mut self, record: &Arc<Record>) {
        match record.agent {
            Some(agent) => self.own.entry(agent).or_default().push(record.clone()),
            None if concerns_agents(&record.event) => self.session.push(record.clone()),
            None => {}
        }
    }

    /// What the records of some agents come to.
    fn states(&self, of: &BTreeSet<AgentId>) -> BTreeMap<AgentId, agent::State> {
        let wanted = self.own.iter().filter(|(agent, _)| of.contains(agent));
        wanted
            .map(|(agent, own)| (*agent, self.state(own)))
            .collect()
    }

    fn state(&self, own: &[Arc<Record>]) -> agent::State {
        let mut all: Vec<&Arc<Record>> = self.session.iter().chain(own).collect();
        all.sort_by_key(|record| record.seq);
        let mut state = agent::State::default();
        all.iter().for_each(|record| state.apply(&record.event));
        state
    }
}

/// Whether anything follows for an agent from such a fact about the run as a whole.
const fn concerns_agents(event: &Event) -> bool {
    match event {
        Event::Session(_) | Event::Turn(_) | Event::Model(_) | Event::Tool(_) => true,
        Event::Permission(_)
        | Event::Plan(_)
        | Event::Workspace(_)
        | Event::Memory(_)
        | Event::Fault(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Limits, ModelRef, ModelTraits, PermissionMode, Timestamp, TurnEvent, TurnId};

    use super::*;

    fn resumed() -> Event {
        let traits = ModelTraits {
            context_window: None,
            max_output: 8_000,
            vision: false,
            price: None,
        };
        Event::Session(SessionEvent::Resumed {
            limits: Limits::default(),
            mode: PermissionMode::default(),
            model: ModelRef {
                provider: "any".into(),
                model: "any".into(),
            },
            traits,
            structured: false,
        })
    }

    fn submitted() -> Event {
        Event::Turn(TurnEvent::Submitted {
            turn: TurnId::derived(&[b"turn"]),
            context: Vec::new(),
            content: Vec::new(),
        })
    }

    fn record(seq: u64, agent: Option<AgentId>, event: Event) -> Arc<Record> {
        Arc::new(Record {
            v: protocol::RECORD_VERSION,
            seq: Seq(seq),
            at: Timestamp(0),
            session: SessionId::derived(&[b"run"]),
            agent,
            node: None,
            turn: None,
            cause: None,
            event,
        })
    }

    #[test]
    fn what_concerns_every_agent_comes_to_it_in_the_order_of_the_records() {
        let one = AgentId::derived(&[b"one"]);
        let orders = [
            [None, Some(one), None],
            [None, None, Some(one)],
            [Some(one), None, None],
        ];
        let states = orders.map(|order| {
            let (mut agents, mut expected) = (Agents::default(), agent::State::default());
            for (seq, agent) in (1..).zip(order) {
                let event = agent.map_or_else(resumed, |_| submitted());
                expected.apply(&event);
                agents.take(&record(seq, agent, event));
            }
            let states = agents.states(&BTreeSet::from([one]));
            assert_eq!(states, BTreeMap::from([(one, expected)]), "{order:?}");
            states
        });
        // A state tells what came last: the order matters.
        assert_ne!(states[0], states[1]);
    }
}
