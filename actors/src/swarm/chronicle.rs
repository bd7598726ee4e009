//! The chronicle of a run: what its records come to, taken in one by one and none of them kept. A long run has more
//! records than anybody wants to hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use protocol::{AgentId, Event, Record, Seq, SessionEvent, SessionId};
use scheduler::run::Run;
use store::DataFolder;

use super::house::Houses;
use super::planner;
use crate::error::OpenError;

/// So many states of agents are kept before those that are wanted no more are looked for.
const MANY: usize = 64;

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
    pub(super) fn apply(&mut self, record: &Record) {
        self.run.apply(record);
        self.houses.apply(record);
        self.agents.apply(record, &self.run);
        self.answer = planner::answer(record).or(self.answer.take());
        self.has_opening |= matches!(record.event, Event::Session(SessionEvent::Opened(_)));
        if self.opened.is_none() {
            self.opened = Some(Arc::new(record.clone()));
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
            let mut pasts = self.agents.states.clone();
            pasts.retain(|agent, _| wanted.contains(agent));
            return Ok(pasts);
        }
        let mut again = Agents::default();
        store::Reader::open(data, self.run.id())?.each(|record| {
            if record.agent.is_none_or(|agent| wanted.contains(&agent)) {
                again.take(&record);
            }
        })?;
        Ok(again.states)
    }
}

/// The agents that have work left.
fn wanted(run: &Run) -> BTreeSet<AgentId> {
    let open = run
        .nodes()
        .filter(|(_, state)| !state.is_over() || state.lingers());
    open.filter_map(|(_, state)| state.agent).collect()
}

/// The states of a run's agents.
#[derive(Default)]
struct Agents {
    /// What concerns the run as a whole: every agent begins with it.
    session: agent::State,
    states: BTreeMap<AgentId, agent::State>,
    /// Those whose states were let go.
    gone: BTreeSet<AgentId>,
    /// How many there may be until they are looked through again.
    most: usize,
}

impl Agents {
    fn apply(&mut self, record: &Record, run: &Run) {
        if record.agent.is_some_and(|agent| self.gone.contains(&agent)) {
            return;
        }
        self.take(record);
        if self.states.len() > self.most.max(MANY) {
            let wanted = wanted(run);
            let through = self.states.extract_if(.., |agent, _| {
                !wanted.contains(agent) && Some(*agent) != record.agent
            });
            self.gone.extend(through.map(|(agent, _)| agent));
            // Twice as many as are at work: looking costs as much as the plan is large.
            self.most = self.states.len() * 2;
        }
    }

    fn take(&mut self, record: &Record) {
        let Some(agent) = record.agent else {
            self.session.apply(&record.event);
            let states = self.states.values_mut();
            return states.for_each(|own| own.apply(&record.event));
        };
        let session = &self.session;
        let own = self.states.entry(agent);
        own.or_insert_with(|| session.clone()).apply(&record.event);
    }
}
