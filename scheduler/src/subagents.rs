//! Sub-agents of a chat: how deep, how many, how many at once, and on what part of their caller's limits.
//!
//! An agent that waits for its sub-agents does no work, so it takes no place: the places go on to those it waits for,
//! and the last of them leaves it its own. That is why callers and called can never wait for one another.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocol::{AgentId, CallId, Caps, Cost, Limit, Limits, NodeId, Plan, PlanPatch, Spending};

/// What an agent asks for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The call that asks.
    pub call: CallId,
    /// Whose call.
    pub caller: AgentId,
    /// What the caller's limits leave.
    pub left: Limits,
    /// All calls of the caller that wait for a sub-agent; what those that ended have used is not in `left` yet.
    pub open: Vec<CallId>,
    /// The limits the sub-agent had in a former process, if it was at work then.
    pub former: Option<Limits>,
}

/// Why there is no sub-agent. Reads as the answer to the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It would stand too deep.
    #[error(
        "no sub-agent was started: they may call one another {0} deep, and you are that deep; do the work yourself"
    )]
    Depth(u32),
    /// There were too many already.
    #[error(
        "no sub-agent was started: a session has at most {0} nodes, and it has that many; do the work yourself"
    )]
    Count(u32),
    /// The limits leave it nothing.
    #[error("no sub-agent was started: {} leaves nothing for one; finish with what you have", limit_name(*.0))]
    Room(Limit),
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The node whose turn it is.
    pub node: NodeId,
    /// The limits of its agent, set aside for it, or why it gets none.
    pub allotted: Result<Limits, Refusal>,
}

/// The sub-agents of a session.
#[derive(Debug)]
pub struct Subagents {
    caps: Caps,
    /// How many nodes the plan had before any of these.
    others: usize,
    /// The nodes of these that are in the plan.
    grown: BTreeSet<NodeId>,
    /// How deep each agent stands that may ask; one that is not here is the session's own.
    depths: BTreeMap<AgentId, u32>,
    callers: BTreeMap<AgentId, Caller>,
    asked: BTreeMap<NodeId, Asked>,
    /// What those that ended have used.
    settled: BTreeMap<NodeId, Spending>,
    /// Those that wait for a place, in the order in which they asked.
    waiting: VecDeque<NodeId>,
}

/// An agent that asked, as it stood then.
#[derive(Debug)]
struct Caller {
    left: Limits,
    open: Vec<NodeId>,
}

#[derive(Debug)]
struct Asked {
    agent: AgentId,
    caller: AgentId,
    former: Option<Limits>,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    /// With this set aside for it.
    Working(Spending),
    Ended,
}

impl Subagents {
    /// Those of a plan, before anybody has asked.
    pub fn new(plan: &Plan) -> Self {
        Self {
            caps: plan.caps,
            others: plan.nodes.len(),
            grown: BTreeSet::new(),
            depths: BTreeMap::new(),
            callers: BTreeMap::new(),
            asked: BTreeMap::new(),
            settled: BTreeMap::new(),
            waiting: VecDeque::new(),
        }
    }

    /// The plan has grown.
    pub fn grow(&mut self, patch: &PlanPatch) {
        self.grown.extend(patch.add.iter().map(|node| node.id));
    }

    /// Whether the plan has grown by a node.
    pub fn is_grown(&self, node: NodeId) -> bool {
        self.grown.contains(&node)
    }

    /// Takes an ask in; [`Self::admit`] tells when its turn has come. One that asks again waits as before.
    ///
    /// # Errors
    /// [`Refusal`]: it stands too deep, or there are too many.
    pub fn ask(&mut self, ask: &Ask) -> Result<(), Refusal> {
        let (node, agent) = (NodeId::of_call(ask.call), AgentId::of_call(ask.call));
        let depth = self.depths.get(&ask.caller).copied().unwrap_or(0) + 1;
        if depth > self.caps.max_depth {
            return Err(Refusal::Depth(self.caps.max_depth));
        }
        let is_new = |id: &&NodeId| !self.grown.contains(id);
        let coming = self.waiting.iter().filter(is_new).count();
        let most = usize::try_from(self.caps.max_nodes).unwrap_or(usize::MAX);
        let is_known = self.asked.contains_key(&node);
        let nodes = self.others + self.grown.len() + coming;
        if !is_known && is_new(&&node) && nodes >= most {
            return Err(Refusal::Count(self.caps.max_nodes));
        }
        self.depths.insert(agent, depth);
        let open = ask.open.iter().map(|call| NodeId::of_call(*call));
        let (left, open) = (ask.left, open.collect());
        self.callers.insert(ask.caller, Caller { left, open });
        if !is_known {
            let asked = Asked {
                agent,
                caller: ask.caller,
                former: ask.former,
                phase: Phase::Waiting,
            };
            self.asked.insert(node, asked);
            self.waiting.push_back(node);
        }
        Ok(())
    }

    /// The next one whose turn has come, if there is a place: what it gets is set aside at once.
    pub fn admit(&mut self) -> Option<Next> {
        if self.at_work() >= self.caps.max_parallel.max(1) {
            return None;
        }
        let node = self.waiting.pop_front()?;
        let allotted = self.share(node);
        match allotted {
            Ok(limits) => self.set(node, Phase::Working(whole(&limits))),
            Err(_) => self.set(node, Phase::Ended),
        }
        Some(Next { node, allotted })
    }

    /// One has come to its end; what it did not use is its caller's again.
    pub fn settle(&mut self, node: NodeId, used: Spending) {
        self.set(node, Phase::Ended);
        self.settled.insert(node, used);
    }

    /// One whose caller is being stopped, and which has to come to its end all the same, does not wait for a place.
    pub fn hasten(&mut self, node: NodeId, limits: &Limits) {
        self.waiting.retain(|one| *one != node);
        self.set(node, Phase::Working(whole(limits)));
    }

    /// One that waits is not wanted any more.
    pub fn forget(&mut self, node: NodeId) {
        self.waiting.retain(|one| *one != node);
        self.set(node, Phase::Ended);
    }

    /// The sub-agents of an agent that have not ended.
    pub fn under(&self, caller: AgentId) -> Vec<NodeId> {
        let own = self
            .asked
            .iter()
            .filter(|(_, asked)| asked.caller == caller && asked.is_open());
        own.map(|(node, _)| *node).collect()
    }

    fn set(&mut self, node: NodeId, phase: Phase) {
        if let Some(asked) = self.asked.get_mut(&node) {
            asked.phase = phase;
        }
    }

    /// How many work and do not wait for others.
    fn at_work(&self) -> u32 {
        let open = self.asked.values().filter(|asked| asked.is_open());
        let waiting: BTreeSet<AgentId> = open.map(|asked| asked.caller).collect();
        let works = |asked: &&Asked| asked.phase.is_working() && !waiting.contains(&asked.agent);
        let count = self.asked.values().filter(works).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// What a node gets: an equal part for each that still waits and for the caller itself, which has to go on from what
    /// they find. One of a former process keeps what it had, as far as that is still there.
    fn share(&self, node: NodeId) -> Result<Limits, Refusal> {
        let (asked, caller) = self
            .asked
            .get(&node)
            .and_then(|asked| Some((asked, self.callers.get(&asked.caller)?)))
            .ok_or(Refusal::Count(self.caps.max_nodes))?;
        let (left, parts) = self.pool(caller);
        let spare = left.steps.map(|steps| steps.saturating_sub(1));
        let equal = Limits {
            steps: spare.map(|spare| spare.div_ceil(parts).min(spare)),
            tokens: left.tokens.map(|tokens| tokens / (u64::from(parts) + 1)),
            cost: left.cost.map(|cost| Cost(cost.0 / (u64::from(parts) + 1))),
            schema_misses: None,
            retries: left.retries,
        };
        let allotted = match &asked.former {
            None => equal,
            Some(former) => Limits {
                steps: kept(former.steps, left.steps, equal.steps),
                tokens: kept(former.tokens, left.tokens, equal.tokens),
                cost: kept(former.cost, left.cost, equal.cost),
                ..equal
            },
        };
        match allotted {
            Limits { steps: Some(0), .. } => Err(Refusal::Room(Limit::Steps)),
            Limits {
                tokens: Some(0), ..
            } => Err(Refusal::Room(Limit::Tokens)),
            Limits {
                cost: Some(Cost(0)),
                ..
            } => Err(Refusal::Room(Limit::Cost)),
            some => Ok(some),
        }
    }

    /// What a caller has left beside what is set aside or used already, and how many still want a part of it.
    fn pool(&self, caller: &Caller) -> (Limits, u32) {
        let (mut left, mut parts) = (caller.left, 0);
        for node in &caller.open {
            match (
                self.asked.get(node).map(|asked| asked.phase),
                self.settled.get(node),
            ) {
                (Some(Phase::Working(taken)), _) => left = left.less(&taken),
                (_, Some(used)) => left = left.less(used),
                (Some(Phase::Waiting) | None, None) => parts += 1,
                (Some(Phase::Ended), None) => {}
            }
        }
        // The one that is being looked at has left the queue and still counts as waiting.
        (left, parts.max(1))
    }
}

impl Asked {
    const fn is_open(&self) -> bool {
        !matches!(self.phase, Phase::Ended)
    }
}

impl Phase {
    const fn is_working(&self) -> bool {
        matches!(self, Self::Working(_))
    }
}

/// What a former limit allows of what is left; no limit stays none only where there still is none.
fn kept<T: Ord + Copy>(former: Option<T>, left: Option<T>, equal: Option<T>) -> Option<T> {
    let left = left?;
    former.map_or(equal, |former| Some(former.min(left)))
}

/// The most these limits let an agent use.
fn whole(limits: &Limits) -> Spending {
    Spending {
        steps: limits.steps.unwrap_or(0),
        tokens: limits.tokens.unwrap_or(0),
        cost: limits.cost.unwrap_or_default(),
    }
}

const fn limit_name(limit: Limit) -> &'static str {
    match limit {
        Limit::Steps => "the run's limit of model calls",
        Limit::Cost => "the run's limit of money",
        Limit::Tokens => "the run's limit of tokens",
        Limit::Time => "the run's time",
        Limit::SchemaMisses => "the limit of answers that miss the schema",
    }
}
