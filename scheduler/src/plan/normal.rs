//! From a document to a plan: names become ids, defaults are filled in, every rule is checked, missing edges are added.

use std::collections::BTreeMap;

use protocol::{
    Budget, BudgetDocument, Caps, Check, CheckDocument, Cost, DEFAULT_CHECK_MS, GitId, Node,
    NodeDocument, NodeId, NodeName, PLAN_VERSION, PermissionMode, Plan, PlanDocument, Scope,
    SessionId, Weight,
};

use super::check::{self, Checked};
use super::derive::derive;
use super::problem::{DocumentCode, GraphCode, LimitCode, Problem};
use super::{duration, remark, title};
use crate::ledger::limits;
use crate::scope::Glob;

/// Where a plan is to be carried out.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The run; node ids follow from it.
    pub run: SessionId,
    /// The commit the work starts from; `None` outside a git repository.
    pub base: Option<&'a GitId>,
    /// The tracked paths, relative to the root; may be empty if they are not known.
    pub files: &'a [String],
    /// What the session may do: no node may do more.
    pub session_mode: PermissionMode,
    /// What settings say where the document is silent.
    pub defaults: &'a Defaults,
}

/// What settings say where a plan is silent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defaults {
    /// What a node may use.
    pub node: Budget,
    /// What the run may use.
    pub run: Budget,
    /// How far the plan may grow.
    pub caps: Caps,
}

/// A sound plan and what is worth knowing about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normal {
    /// The plan; its nodes' `deps` hold the derived edges too.
    pub plan: Plan,
    /// The edges that scopes demanded beyond those written.
    pub derived: Vec<DerivedEdge>,
    /// What is worth knowing before it is approved, for people.
    pub remarks: Vec<String>,
}

/// An edge that scopes demanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivedEdge {
    /// What comes first.
    pub from: NodeId,
    /// What waits for it.
    pub to: NodeId,
    /// Why, for people: it reads after "`to` waits for `from`: ".
    pub why: String,
}

/// The id of a run's node of this name.
pub fn node_id(run: SessionId, name: &NodeName) -> NodeId {
    NodeId::derived(&[run.uuid().as_bytes(), name.as_str().as_bytes()])
}

/// Makes a plan of a document.
///
/// # Errors
/// Every [`Problem`] there is, in the order of the document: rules about it, about each node, about them together.
pub fn normalise(document: &PlanDocument, ground: &Ground<'_>) -> Result<Normal, Vec<Problem>> {
    let mut reader = Reader {
        ground,
        ids: ids(document, ground.run),
        problems: Vec::new(),
    };
    let plan = reader.plan(document);
    let mut problems = reader.problems;
    let Checked {
        scopes,
        edges,
        problems: found,
    } = check::check(&plan, ground.session_mode);
    problems.extend(found);
    let Some(scopes) = scopes.filter(|_| problems.is_empty()) else {
        return Err(problems);
    };
    let derived = derive(&plan.nodes, &scopes, &edges, 0);
    let plan = with_edges(plan, &derived);
    let remarks = remark::remarks(&plan, &derived, ground.files);
    Ok(Normal {
        plan,
        derived,
        remarks,
    })
}

/// Adds edges to a plan.
pub(super) fn with_edges(mut plan: Plan, derived: &[DerivedEdge]) -> Plan {
    for node in &mut plan.nodes {
        let more = derived.iter().filter(|edge| edge.to == node.id);
        node.deps.extend(more.map(|edge| edge.from));
    }
    plan
}

fn ids(document: &PlanDocument, run: SessionId) -> BTreeMap<&NodeName, NodeId> {
    let nodes = document.nodes.iter();
    nodes
        .map(|node| (&node.name, node_id(run, &node.name)))
        .collect()
}

struct Reader<'a> {
    ground: &'a Ground<'a>,
    ids: BTreeMap<&'a NodeName, NodeId>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn plan(&mut self, document: &PlanDocument) -> Plan {
        if document.version != PLAN_VERSION {
            let version = document.version;
            let text =
                format!("version {version} is not one this formic reads; write {PLAN_VERSION}");
            self.problem(DocumentCode::Version, None, text);
        }
        let defaults = self.ground.defaults;
        let budget = self.budget(&document.budget, &defaults.run, None);
        self.totals(&document.nodes, &budget);
        Plan {
            version: PLAN_VERSION,
            goal: document.goal.trim().to_owned(),
            base: self.ground.base.cloned(),
            gate: document
                .gate
                .as_ref()
                .and_then(|gate| self.check(gate, None)),
            contracts: document.contracts.clone(),
            budget,
            caps: Caps {
                max_nodes: document.caps.max_nodes.unwrap_or(defaults.caps.max_nodes),
                max_depth: document.caps.max_depth.unwrap_or(defaults.caps.max_depth),
                max_parallel: document
                    .caps
                    .max_parallel
                    .unwrap_or(defaults.caps.max_parallel),
                max_replans: document
                    .caps
                    .max_replans
                    .unwrap_or(defaults.caps.max_replans),
            },
            nodes: document.nodes.iter().map(|node| self.node(node)).collect(),
        }
    }

    /// Together the nodes may not use more than the run, as far as the document says what they may use. Time is no sum.
    fn totals(&mut self, nodes: &[NodeDocument], total: &Budget) {
        let all = |own: &dyn Fn(&BudgetDocument) -> Option<u64>| {
            let own = nodes.iter().filter_map(|node| own(&node.budget));
            own.fold(0, u64::saturating_add)
        };
        let money = |budget: &BudgetDocument| budget.usd.map(|usd| Cost::from_usd(usd).0);
        let calls = |budget: &BudgetDocument| budget.tool_calls;
        let attempts = |budget: &BudgetDocument| budget.attempts.map(u64::from);
        let sums = [
            all(&|budget| budget.tokens),
            all(&money),
            all(&calls),
            all(&attempts),
        ];
        let units = ["tokens", "pico-dollars", "tool calls", "attempts"];
        for ((total, sum), unit) in limits(total).into_iter().zip(sums).zip(units) {
            if let Some(total) = total.filter(|total| sum > *total) {
                let text = format!("its nodes may use {sum} {unit} together, the run only {total}");
                self.problem(LimitCode::Total, None, text);
            }
        }
        let wall = |node: &NodeDocument| duration::read(node.budget.wall.as_ref()?);
        let longest = nodes.iter().filter_map(wall).max();
        if let (Some(longest), Some(total)) = (longest, total.wall_ms)
            && longest > total
        {
            let text = format!("a node may take {longest} ms, the run only {total}");
            self.problem(LimitCode::Total, None, text);
        }
    }

    fn node(&mut self, document: &NodeDocument) -> Node {
        let name = &document.name;
        let titled = document
            .title
            .as_deref()
            .map(str::trim)
            .filter(|title| !title.is_empty());
        let brief = document
            .brief
            .as_deref()
            .map(str::trim)
            .filter(|brief| !brief.is_empty());
        let titled = titled.map(str::to_owned);
        Node {
            name: name.clone(),
            brief: brief.map(Into::into),
            deps: self.deps(document),
            scope: Scope {
                reads: self.globs(&document.reads),
                writes: self.globs(&document.writes),
                noop: document.hints.noop,
                weakens_tests: document.hints.weakens_tests,
                sparse: document.hints.sparse,
            },
            accept: document
                .accept
                .as_ref()
                .and_then(|accept| self.check(accept, Some(name))),
            budget: self.budget(&document.budget, &self.ground.defaults.node, Some(name)),
            tier: document.tier,
            weight: Weight {
                est_ms: document.hints.est_ms,
                risk: document.hints.risk,
                on_fail: document.hints.on_fail,
            },
            ..Node::new(
                node_id(self.ground.run, name),
                document.kind,
                titled.unwrap_or_else(|| title::of(name, brief)),
            )
        }
    }

    fn deps(&mut self, document: &NodeDocument) -> Vec<NodeId> {
        let mut deps = Vec::new();
        for dep in &document.deps {
            match self.ids.get(dep) {
                Some(id) if deps.contains(id) => {}
                Some(id) => deps.push(*id),
                None => {
                    let text = format!("it depends on {dep:?}, which is not in the plan");
                    self.problem(GraphCode::UnknownDep, Some(&document.name), text);
                }
            }
        }
        deps
    }

    /// Globs as they are kept; a plain path that is a folder of the repository means all below it. What cannot be read
    /// stays, so that the check names it.
    fn globs(&self, globs: &[String]) -> Vec<String> {
        let tidy = |text: &String| match Glob::parse(text) {
            Ok(glob) if self.is_folder(&glob) => format!("{glob}/**"),
            Ok(glob) => glob.as_str().to_owned(),
            Err(_) => text.clone(),
        };
        globs.iter().map(tidy).collect()
    }

    fn is_folder(&self, glob: &Glob) -> bool {
        let below = |path: &String, folder: &str| {
            let rest = path.strip_prefix(folder);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let literal = glob.literal();
        literal.is_some_and(|folder| self.ground.files.iter().any(|path| below(path, &folder)))
    }

    fn check(&mut self, document: &CheckDocument, node: Option<&NodeName>) -> Option<Check> {
        let cmd = document.cmd.trim();
        if cmd.is_empty() {
            self.problem(
                DocumentCode::Check,
                node,
                "its check has no command".to_owned(),
            );
        }
        let timeout_ms = match &document.timeout {
            Some(text) => self.duration(text, node)?,
            None => DEFAULT_CHECK_MS,
        };
        Some(Check {
            cmd: cmd.to_owned(),
            timeout_ms,
            expect: document.expect,
        })
    }

    fn budget(
        &mut self,
        document: &BudgetDocument,
        defaults: &Budget,
        node: Option<&NodeName>,
    ) -> Budget {
        let usd = document.usd.filter(|usd| {
            let is_amount = usd.is_finite() && (0.0..=1e6).contains(usd);
            if !is_amount {
                let text = format!("a budget of {usd} US dollars is not one");
                self.problem(LimitCode::Amount, node, text);
            }
            is_amount
        });
        let wall = document.wall.as_ref();
        Budget {
            tokens: document.tokens.or(defaults.tokens),
            cost: usd.map(Cost::from_usd).or(defaults.cost),
            wall_ms: wall
                .and_then(|wall| self.duration(wall, node))
                .or(defaults.wall_ms),
            tool_calls: document.tool_calls.or(defaults.tool_calls),
            attempts: document.attempts.or(defaults.attempts),
        }
    }

    fn duration(&mut self, text: &str, node: Option<&NodeName>) -> Option<u64> {
        let ms = duration::read(text);
        if ms.is_none() {
            let text = format!("{text:?} is not a duration; write for example \"90s\" or \"10m\"");
            self.problem(DocumentCode::Duration, node, text);
        }
        ms
    }

    fn problem(&mut self, code: impl Into<super::Code>, node: Option<&NodeName>, text: String) {
        self.problems.push(Problem::new(code, node, text));
    }
}
