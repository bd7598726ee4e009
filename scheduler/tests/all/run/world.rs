//! A simulated world: a branch, commits, agents whose fates follow from a seed, and a process that may die.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    Event, FailureClass, GitId, Isolation, Kind, ModelRef, ModelTraits, Node, NodeEnd, NodeId,
    PermissionMode, PlanEvent, Record, SessionEvent, TreeStart, TurnId,
};
use scheduler::run::{NodePhase, Run, RunPhase, follow, wishes};

use super::given_run::*;

/// A few dice that a seed decides.
#[derive(Clone)]
pub(crate) struct Dice(pub u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0) % sides.max(1)
    }
}

pub(crate) fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// How unkind the world is, in permille.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    /// An attempt comes to nothing.
    pub failure: u64,
    /// A proposal does not merge.
    pub conflict: u64,
    /// A conflict lies outside of the node's scope: what landed has renamed a folder.
    pub astray: u64,
    /// A merged attempt breaks the gate, always or once by chance.
    pub red: u64,
    /// Carrying something out fails, an agent is too slow, an old answer comes again.
    pub chaos: u64,
    /// The process dies after a record.
    pub death: u64,
    /// A provider uses more than was set aside.
    pub overrun: u64,
}

/// What is true outside of the process.
#[derive(Clone)]
pub(crate) struct World {
    pub sim: Sim,
    pub dice: Dice,
    pub seed: u64,
    pub weather: Weather,
    pub branch: GitId,
    /// Each commit's parent and node.
    pub commits: BTreeMap<GitId, (GitId, NodeId)>,
    /// What the moves of the branch brought onto it, in order.
    pub integrated: Vec<NodeId>,
    /// Gates that were red by chance already.
    pub flaked: BTreeSet<GitId>,
    pub deaths: u32,
    /// What providers used beyond what was set aside, in tokens.
    pub over: u64,
    /// Turns that died with their process.
    pub gone: BTreeSet<TurnId>,
    /// The world after each record, if it is wanted.
    pub tape: Option<Vec<World>>,
}

impl World {
    pub(crate) fn new(sim: Sim, seed: u64, weather: Weather) -> Self {
        Self {
            sim,
            dice: Dice(seed),
            seed,
            weather,
            branch: git(0),
            commits: BTreeMap::new(),
            integrated: Vec::new(),
            flaked: BTreeSet::new(),
            deaths: 0,
            over: 0,
            gone: BTreeSet::new(),
            tape: None,
        }
    }

    /// What becomes of an attempt in some respect: the same in every world of this seed.
    pub(crate) fn fate(&self, node: NodeId, attempt: u32, respect: u64) -> u64 {
        let (high, low) = node.uuid().as_u64_pair();
        let key = mix(self.seed ^ high) ^ mix(low) ^ mix(u64::from(attempt) << 8 | respect);
        mix(key) % 1000
    }

    pub(crate) fn chance(&mut self, permille: u64) -> bool {
        self.dice.roll(1000) < permille
    }

    /// Appends an event and looks at every law; the process may die right after.
    pub(crate) fn say(&mut self, event: Event) {
        self.sim.say(event);
        self.noted();
        if self.deaths < 5 && self.chance(self.weather.death) {
            self.die();
        }
    }

    /// A record was written: the laws hold, and this may be where a journal ends.
    pub(crate) fn noted(&mut self) {
        self.look();
        if let Some(mut tape) = self.tape.take() {
            tape.push(self.clone());
            self.tape = Some(tape);
        }
    }

    /// A new process folds the journal.
    pub(crate) fn die(&mut self) {
        self.deaths += 1;
        let former = self.former().into_iter().map(|(_, _, turn)| turn);
        self.gone.extend(former);
        self.sim.run = Run::fold(run_id(), &self.sim.journal);
        self.sim.say(resumed());
        self.look();
    }

    /// What follows, event by event; after a death the rest of a step must follow anew.
    pub(crate) fn settle(&mut self) {
        for _ in 0..2000 {
            let events = follow(&self.sim.run);
            if events.is_empty() {
                return;
            }
            let deaths = self.deaths;
            for event in events {
                self.say(event);
                if self.deaths != deaths {
                    break;
                }
            }
        }
        panic!("what follows never ends: {:?}", follow(&self.sim.run));
    }

    /// The laws that hold at every record.
    pub(crate) fn look(&self) {
        let run = &self.sim.run;
        let at_work: Vec<_> = run
            .nodes()
            .filter(|(_, state)| state.phase == NodePhase::Working || state.lingers())
            .collect();
        let agents = at_work.iter().filter(|(node, _)| node.kind.has_agent());
        assert!(agents.count() <= run.plan().caps.max_parallel as usize);
        for (at, (a, _)) in at_work.iter().enumerate() {
            for (b, _) in &at_work[at + 1..] {
                let mut shared = a.scope.writes.iter().filter(|w| b.scope.writes.contains(w));
                assert_eq!(
                    shared.next(),
                    None,
                    "{} and {} write the same",
                    a.name,
                    b.name
                );
            }
        }
        let ledger = run.ledger();
        if let Some(limit) = run.plan().budget.tokens {
            let used = ledger.total().tokens + ledger.total_reserved().tokens;
            assert!(used <= limit + self.over, "{used} of {limit}");
            let is_start = |record: &Record| {
                matches!(&record.event, Event::Plan(PlanEvent::NodeStarted { attempt: Some(attempt), .. })
                    if attempt.allotted.tokens.is_some())
            };
            let begins = self.sim.journal.last().is_some_and(is_start);
            assert!(!begins || used <= limit, "begun with nothing left");
        }
        for (node, _) in run.nodes() {
            if let Some(limit) = node.budget.tokens {
                let used = ledger.settled(node.id).tokens;
                let reserved = ledger.reserved(node.id).map_or(0, |it| it.tokens);
                assert!(used + reserved <= limit + self.over);
            }
            if run.end(node.id).is_none() {
                assert!(run.blocked_by(node.id).is_some());
            }
        }
    }

    /// Carries the run until it is over.
    pub(crate) fn live(&mut self) {
        for _ in 0..4000 {
            self.settle();
            if self.sim.run.phase() == RunPhase::Closed {
                return self.judge_moving();
            }
            self.step();
        }
        let run = &self.sim.run;
        let stuck: Vec<_> = run
            .nodes()
            .filter(|(_, state)| !state.is_over())
            .map(|(node, state)| (&node.name, state.phase, run.blocked_by(node.id)))
            .collect();
        panic!(
            "the run never ends: {:?} {stuck:?} {:?}",
            run.phase(),
            wishes(run)
        );
    }

    /// The run never stood still so that its last rule had to end it.
    fn judge_moving(&self) {
        for record in &self.sim.journal {
            if let Event::Plan(PlanEvent::NodeEnded { why: Some(why), .. }) = &record.event {
                let why = why.as_str();
                assert!(!why.contains("a fault of formic"), "{why}");
            }
        }
    }

    /// The laws that hold in the end.
    pub(crate) fn judge(&self) {
        let run = &self.sim.run;
        assert_eq!(
            *run,
            Run::fold(run_id(), &self.sim.journal),
            "live and folded differ"
        );
        assert!(wishes(run).is_empty() && follow(run).is_empty());
        assert!(
            run.nodes()
                .all(|(_, state)| state.is_over() && !state.lingers())
        );
        let once: BTreeSet<NodeId> = self.integrated.iter().copied().collect();
        assert_eq!(once.len(), self.integrated.len(), "something landed twice");
        for (node, state) in run.nodes() {
            let is_done = state.phase == NodePhase::Ended(NodeEnd::Done);
            if is_done && node.kind.writes() && is_separate(run) && !node.scope.noop {
                let carrier = run.nodes().find(|(it, _)| it.resolves == Some(node.id));
                let landed =
                    once.contains(&node.id) || carrier.is_some_and(|(it, _)| once.contains(&it.id));
                assert!(landed, "{} is done and not on the branch", node.name);
                assert!(run.landed(node.id).is_some());
            }
            if !is_done {
                assert!(
                    !once.contains(&node.id),
                    "{} landed and is not done",
                    node.name
                );
            }
            let deps_done = node
                .deps
                .iter()
                .all(|dep| run.end(*dep) == Some(NodeEnd::Done));
            assert!(
                deps_done || state.attempt.is_none(),
                "{} began too early",
                node.name
            );
        }
        self.judge_budgets();
        if is_separate(run) {
            assert_eq!(
                run.tip(),
                Some(&self.branch),
                "the run and the world differ"
            );
        }
    }

    /// A node, its planners, merge nodes and parts, and those of its parts, never had more in hand than the node may use:
    /// what each attempt was allotted and has not used, and what all of them used.
    pub(crate) fn judge_subtree(&self, root: &Node, limit: u64) {
        let mut all = BTreeSet::from([root.id]);
        let (mut used, mut held) = (0, BTreeMap::new());
        for record in &self.sim.journal {
            match &record.event {
                Event::Plan(PlanEvent::Patched { patch, .. }) => {
                    let added = patch.add.iter().filter(|node| is_of(root, node));
                    all.extend(added.map(|node| node.id));
                }
                Event::Plan(PlanEvent::NodeStarted { node, attempt, .. }) if all.contains(node) => {
                    let tokens = attempt.as_ref().and_then(|it| it.allotted.tokens);
                    held.insert(*node, tokens.unwrap_or_default());
                }
                Event::Plan(
                    PlanEvent::NodeReturned { node, .. } | PlanEvent::NodeEnded { node, .. },
                ) => {
                    held.remove(node);
                }
                Event::Turn(protocol::TurnEvent::Ended { .. }) => {
                    record.node.and_then(|node| held.remove(&node));
                }
                Event::Model(protocol::ModelEvent::Replied { charge, .. }) => {
                    let tokens = charge.map_or(0, |charge| charge.tokens);
                    if let Some(node) = record.node.filter(|node| all.contains(node)) {
                        used += tokens;
                        held.entry(node)
                            .and_modify(|held| *held = held.saturating_sub(tokens));
                    }
                }
                _ => {}
            }
            let sum = used + held.values().sum::<u64>();
            assert!(sum <= limit + self.over, "{sum} of {limit}");
        }
        assert_eq!(self.sim.run.ledger().settled(root.id).tokens, used);
    }

    /// Whoever used up its tokens begins again only with more of them.
    fn judge_budgets(&self) {
        let mut had: BTreeMap<NodeId, (Option<u64>, bool)> = BTreeMap::new();
        for record in &self.sim.journal {
            match &record.event {
                Event::Plan(PlanEvent::NodeStarted { node, attempt, .. }) => {
                    let now = attempt.as_ref().and_then(|attempt| attempt.allotted.tokens);
                    let before = had.insert(*node, (now, false));
                    if let Some((before, true)) = before {
                        assert!(now > before, "{now:?} after {before:?}");
                    }
                }
                Event::Plan(PlanEvent::NodeReturned { node, failure, .. }) => {
                    let is_short = failure.class == FailureClass::Budget;
                    if let Some(had) = had.get_mut(node) {
                        had.1 = is_short;
                    }
                }
                _ => {}
            }
        }
    }
}

pub(crate) fn is_separate(run: &Run) -> bool {
    run.ground()
        .is_some_and(|ground| ground.isolation == Isolation::Worktree)
}

/// Whether an attempt at this node needs a tree of its own.
pub(crate) fn has_tree(kind: Kind, start: &TreeStart) -> bool {
    kind != Kind::Verify && *start != TreeStart::Shared
}

/// Whether a node is another, works for it, or stands in its place.
pub(crate) fn is_of(root: &Node, node: &Node) -> bool {
    let rest = node.name.as_str().strip_prefix(root.name.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

pub(crate) fn resumed() -> Event {
    Event::Session(SessionEvent::Resumed {
        limits: protocol::Limits::default(),
        mode: PermissionMode::Default,
        model: ModelRef {
            provider: "p".into(),
            model: "m".into(),
        },
        traits: ModelTraits {
            context_window: None,
            max_output: 1,
            vision: false,
            price: None,
        },
        structured: false,
    })
}
