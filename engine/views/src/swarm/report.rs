//! The report of a run: one line a node, the totals, where the result came to rest.

use protocol::{Check, CheckRun, Cost, FailureClass, Kind, SessionId, Timestamp};

use super::lines::{
    BudgetLine, CheckLine, NodeLine, NodeUse, RunStatus, SwarmReport, Target, Totals,
};
use super::{NodeState, Phase, Swarm, SwarmNode};
use crate::Tally;

/// The most characters of a reason.
const REASON: usize = 400;

impl Swarm {
    /// The report of the run as its records leave it.
    pub fn report(&self, run: SessionId) -> SwarmReport {
        self.report_at(run, Timestamp(0))
    }

    /// The report of the run as it stands at a moment of the clock on the wall, up to which a process had it.
    pub fn report_at(&self, run: SessionId, at: Timestamp) -> SwarmReport {
        let recorded = self.span.map(|(_, last)| last);
        let until = match self.is_over() {
            true => recorded,
            false => recorded.map(|last| last.max(self.active(at))),
        };
        SwarmReport {
            kind: "swarm_result",
            run_id: run,
            status: self.status(),
            goal: self.goal().to_owned(),
            why: self.why(),
            nodes: self
                .nodes
                .iter()
                .map(|node| self.line(run, node, until))
                .collect(),
            totals: self.totals_until(until),
            target: self.target(),
            changes: self.changes().to_vec(),
        }
    }

    /// Where the result came to rest; before that, where what landed so far is collected.
    fn target(&self) -> Option<Target> {
        if let Some(landing) = &self.landing {
            return Some(Target {
                branch: landing.branch.clone(),
                commit: landing.commit.clone(),
                fast_forwarded: landing.is_fast_forward,
                remark: landing.remark.clone(),
            });
        }
        let integration = self.ground.as_ref()?.integration.as_ref()?;
        let branch = integration
            .strip_prefix("refs/heads/")
            .unwrap_or(integration);
        let commit = self
            .batches
            .iter()
            .rev()
            .find_map(|batch| batch.landed.clone())?;
        Some(Target {
            branch: branch.to_owned(),
            commit,
            fast_forwarded: false,
            remark: None,
        })
    }

    /// How the run ended.
    pub fn status(&self) -> RunStatus {
        let is_done = |node: &&SwarmNode| node.state == NodeState::Done;
        let done = self.work().filter(is_done).count();
        match &self.phase {
            Phase::Rejected(_) => RunStatus::Rejected,
            Phase::Planning | Phase::Proposed | Phase::Running | Phase::Paused => {
                RunStatus::Unfinished
            }
            Phase::Cancelled(_) if self.has_failed() => RunStatus::Failed,
            Phase::Cancelled(_) => RunStatus::Cancelled,
            Phase::Closed if done > 0 && self.work().all(|it| is_done(&it)) => RunStatus::Success,
            Phase::Closed if self.course.cancelled.is_some() && !self.has_failed() => {
                RunStatus::Cancelled
            }
            Phase::Closed if self.lack().is_some() => RunStatus::LimitReached,
            Phase::Closed if done == 0 || self.has_failed() => RunStatus::Failed,
            Phase::Closed => RunStatus::Partial,
        }
    }

    /// The nodes that do the work: what became of them counts, not of whoever was asked how it could be done.
    fn work(&self) -> impl Iterator<Item = &SwarmNode> {
        let nodes = self.nodes.iter();
        nodes.filter(|node| node.node.kind != Kind::Plan)
    }

    /// How many nodes that do the work are in a state.
    pub fn count(&self, is: impl Fn(NodeState) -> bool) -> usize {
        self.work().filter(|node| is(node.state)).count()
    }

    /// Why a node is not done, for people; `None` if it is, or nothing keeps it.
    pub fn reason(&self, node: &SwarmNode) -> Option<String> {
        let names = |nodes: &[&SwarmNode]| {
            let names: Vec<&str> = nodes.iter().map(|node| node.name()).collect();
            names.join(", ")
        };
        let text = match node.state {
            NodeState::Done => return None,
            NodeState::Skipped => match self.causes(node).as_slice() {
                [] => node.why.as_ref()?.as_str().into_owned(),
                causes => format!("it needs {}, not done", names(causes)),
            },
            NodeState::Waiting => match self.blockers(node).as_slice() {
                [] => return None,
                blockers => format!("waits for {}", names(blockers)),
            },
            _ if self.planner(node).is_some() => {
                let planner = self.planner(node)?;
                let fault = fault(node).unwrap_or_default();
                match planner.state.is_end() {
                    false => format!(
                        "{} plans anew what it leaves undone; it came back: {fault}",
                        planner.name()
                    ),
                    true => {
                        format!(
                            "waits for a change of the plan to be approved; it came back: {fault}"
                        )
                    }
                }
            }
            NodeState::Queued => match self.resolver(node) {
                Some(resolver) => format!("{} resolves its conflict", resolver.name()),
                None => return None,
            },
            NodeState::Cancelled
                if node.attempt == 0 && (node.why.is_none() || self.is_why(node)) =>
            {
                "the run ended before it".to_owned()
            }
            NodeState::Failed
            | NodeState::Cancelled
            | NodeState::Ready
            | NodeState::Working
            | NodeState::Inspecting
            | NodeState::InBatch => fault(node)?,
        };
        Some(brief(&text))
    }

    /// Whether a node ended for what ended the whole run.
    fn is_why(&self, node: &SwarmNode) -> bool {
        let why = node.why.as_ref().map(|why| why.as_str());
        why.as_deref() == self.course.cancelled.as_deref()
    }

    /// Whose check it is, for people.
    pub fn whose(&self, check: &Check) -> String {
        let is_it = |one: Option<&Check>| one.is_some_and(|one| one.cmd == check.cmd);
        if is_it(self.frame.plan.gate.as_ref()) {
            return "the gate".to_owned();
        }
        let node = self
            .nodes
            .iter()
            .find(|node| is_it(node.node.accept.as_ref()));
        node.map_or("the check".to_owned(), |node| {
            format!("the check of {}", node.name())
        })
    }

    /// The node that resolves another one's conflict.
    fn resolver(&self, of: &SwarmNode) -> Option<&SwarmNode> {
        let mut nodes = self.nodes.iter();
        nodes.find(|node| node.node.resolves == Some(of.id()) && !node.state.is_end())
    }

    /// The node that plans anew what this one leaves undone; not one that was asked before it was begun once more.
    fn planner(&self, of: &SwarmNode) -> Option<&SwarmNode> {
        let asked = |node: &&SwarmNode| node.plans_anew() && node.node.resolves == Some(of.id());
        let planner = self.nodes.iter().rfind(asked)?;
        let is_present = !planner.state.is_end() || planner.times.ended >= of.times.since;
        (is_present && !of.state.is_end()).then_some(planner)
    }

    /// The ref that keeps the work of a node that was given up: it is on no branch.
    fn kept(&self, run: SessionId, node: &SwarmNode) -> Option<String> {
        let found = node.found.as_ref()?;
        let is_over = node.state.is_end() && node.state != NodeState::Done;
        let has_work = found.tree.is_some() && !found.changed.is_empty();
        let writes = node.node.kind.writes();
        (is_over && has_work && writes).then(|| node.node.name.kept_ref(run))
    }

    fn line(&self, run: SessionId, node: &SwarmNode, until: Option<Timestamp>) -> NodeLine {
        let tally = self.ledger.nodes.get(&node.id());
        let found = node.found.as_ref();
        NodeLine {
            id: match node.node.name.as_str() {
                "" => node.node.title.as_str().into(),
                _ => node.node.name.clone(),
            },
            title: node.node.title.clone(),
            kind: node.node.kind,
            state: node.state,
            attempts: node.attempt,
            commit: node.commit.clone(),
            files: found.map(|found| found.changed.clone()).unwrap_or_default(),
            checks: found
                .and_then(|found| found.check.as_ref())
                .map(check)
                .into_iter()
                .collect(),
            used: used(tally, wall(node, until)),
            kept: self.kept(run, node),
            denials: node.denied().len(),
            reason: self.reason(node),
        }
    }

    /// Everything together, as its records leave it.
    pub fn totals(&self) -> Totals {
        self.totals_until(self.span.map(|(_, last)| last))
    }

    fn totals_until(&self, until: Option<Timestamp>) -> Totals {
        let (done, failed) = (
            self.count(|state| state == NodeState::Done),
            self.count(|state| state == NodeState::Failed),
        );
        let wall = self.span.zip(until);
        let wall = wall.map_or(0, |((began, _), until)| until.since(began));
        let budget = self.budget();
        let landed = self.batches.iter().filter(|batch| batch.landed.is_some());
        Totals {
            nodes: self.work().count(),
            done,
            failed,
            not_done: self.work().count() - done - failed,
            attempts: self.nodes.iter().map(|node| node.attempt).sum(),
            agents: self
                .ledger
                .agents
                .values()
                .filter(|tally| tally.steps > 0)
                .count(),
            used: used(Some(&self.ledger.total), wall),
            retries: self.ledger.total.retries,
            batches: self.batches.len(),
            landed_batches: landed.count(),
            budget: BudgetLine {
                tokens: budget.tokens,
                usd: budget.cost.map(Cost::usd),
                wall_ms: budget.wall_ms,
                tool_calls: budget.tool_calls,
                used_tokens: self.ledger.total.charged,
                used_usd: self.ledger.total.charged_cost.map(Cost::usd),
            },
        }
    }
}

/// How long a node took until then, in milliseconds.
fn wall(node: &SwarmNode, until: Option<Timestamp>) -> u64 {
    match (node.times.ended.or(until), node.times.began) {
        (Some(until), Some(began)) => until.since(began),
        _ => 0,
    }
}

/// Why the latest attempt came to nothing, or the node was given up.
fn fault(node: &SwarmNode) -> Option<String> {
    // What ended it from outside is no failure of an attempt.
    let failure = node
        .last_failure()
        .filter(|_| node.state != NodeState::Cancelled);
    let class = failure.map(|failure| format!("{}: ", failure.class.said()));
    let has_log = matches!(
        failure.map(|failure| failure.class),
        Some(FailureClass::Check | FailureClass::Gate)
    );
    let said = |text: &str| match has_log {
        true => ends(text),
        false => text.to_owned(),
    };
    let evidence = failure.map(|failure| failure.evidence.as_str());
    let why = node.why.as_ref().map(|why| why.as_str());
    let said = match (why, evidence) {
        (None, evidence) => said(&evidence?),
        (Some(why), evidence) => {
            let last = evidence.unwrap_or_default();
            // What is said besides, such as why nothing came of planning it anew, is no part of the log.
            let besides = why.strip_prefix(&*last).filter(|_| !last.is_empty());
            match besides.map(str::trim).filter(|besides| !besides.is_empty()) {
                Some(besides) => format!("{}; {besides}", said(&last)),
                None => said(&why),
            }
        }
    };
    let denied = match node.denied() {
        [] => String::new(),
        [one] => format!("; denied: {one}"),
        [.., last] => format!("; {} calls denied, the last: {last}", node.denied().len()),
    };
    Some(format!("{}{said}{denied}", class.unwrap_or_default()))
}

/// The first and the last line of a log: what was run, and what it came to.
fn ends(log: &str) -> String {
    let mut lines = log.lines().filter(|line| !line.trim().is_empty());
    match (lines.next(), lines.next(), lines.next_back()) {
        (Some(first), Some(_), Some(last)) => format!("{first} ... {last}"),
        _ => log.to_owned(),
    }
}

/// A reason on one line that a table can hold.
fn brief(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(REASON) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None => line,
    }
}

fn check(run: &CheckRun) -> CheckLine {
    CheckLine {
        cmd: run.check.cmd.clone(),
        passed: run.passed(),
        exit: run.exit,
        ms: run.ms,
        denied: run.denied.as_ref().map(|why| why.as_str().into_owned()),
    }
}

fn used(tally: Option<&Tally>, wall_ms: u64) -> NodeUse {
    let tally = tally.cloned().unwrap_or_default();
    NodeUse {
        usage: tally.usage.into(),
        cost_usd: tally.cost.map(Cost::usd),
        wall_ms,
        overrun_tokens: tally.overrun,
        estimated_tokens: tally.estimated,
        model_calls: tally.steps,
        tool_calls: tally.tool_calls,
    }
}
