//! The rules a plan keeps, whether it was written as a document or comes from a patch.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Budget, Caps, Kind, Node, NodeId, PermissionMode, Plan, Tier};

use super::derive::Scopes;
use super::problem::{Code, DocumentCode, GraphCode, LimitCode, Problem, ScopeCode};
use super::reach;
use crate::ledger::LEAST_WALL_MS;
use crate::scope::{Glob, GlobError};

/// The most nodes a plan can have, whatever its caps say.
const MAX_NODES: u32 = 2_000;

/// The most often that what one node leaves undone is planned anew.
pub(crate) const MAX_REPLANS: u32 = 2;

/// Files that usually hold secrets; a scope may not name them. Examples of such files are no secrets.
pub(crate) const SECRETS: [&str; 12] = [
    "**/.env",
    "**/.env.*",
    "**/*.pem",
    "**/*.key",
    "**/*.p12",
    "**/*.pfx",
    "**/id_{rsa,dsa,ecdsa,ed25519}",
    "**/.netrc",
    "**/.ssh/**",
    "**/.aws/**",
    "**/.gnupg/**",
    "**/.formic/credentials*",
];

/// What looks like a secret by its name and is none.
pub(crate) const NO_SECRETS: [&str; 1] = ["**/.env.{example,sample,template,dist}"];

/// What a check found.
pub(super) struct Checked {
    /// What each node reads and writes; `None` if some glob could not be read or some circle was found.
    pub(super) scopes: Option<Vec<Scopes>>,
    /// From each dependency to its node, by place.
    pub(super) edges: Vec<(usize, usize)>,
    pub(super) problems: Vec<Problem>,
}

/// Checks every rule that does not need the document.
pub(super) fn check(plan: &Plan, mode: PermissionMode) -> Checked {
    let mut rules = Rules {
        mode,
        secrets: globs(&SECRETS),
        public: globs(&NO_SECRETS),
        problems: Vec::new(),
    };
    rules.whole(plan);
    rules.names(&plan.nodes);
    for node in &plan.nodes {
        rules.node(node);
    }
    let edges = edges(&plan.nodes);
    rules.circles(&plan.nodes, &edges);
    let scopes = plan.nodes.iter().map(Scopes::of);
    Checked {
        scopes: scopes.collect::<Result<_, _>>().ok(),
        problems: rules.problems,
        edges,
    }
}

fn globs(texts: &[&str]) -> Vec<Glob> {
    texts.iter().flat_map(|text| Glob::parse(text)).collect()
}

/// From each dependency to its node; what is not in the plan is left out.
fn edges(nodes: &[Node]) -> Vec<(usize, usize)> {
    let places: BTreeMap<NodeId, usize> =
        nodes.iter().enumerate().map(|(at, n)| (n.id, at)).collect();
    let of = |(at, node): (usize, &Node)| {
        let deps = node.deps.iter().filter_map(|dep| places.get(dep));
        deps.map(|dep| (*dep, at)).collect::<Vec<_>>()
    };
    nodes.iter().enumerate().flat_map(of).collect()
}

struct Rules {
    mode: PermissionMode,
    secrets: Vec<Glob>,
    public: Vec<Glob>,
    problems: Vec<Problem>,
}

impl Rules {
    fn whole(&mut self, plan: &Plan) {
        if plan.goal.is_empty() {
            self.of_plan(DocumentCode::Goal, "it has no goal");
        }
        if plan.nodes.is_empty() {
            self.of_plan(GraphCode::Empty, "it has no nodes");
        }
        let Caps {
            max_nodes,
            max_depth,
            max_parallel,
            max_replans,
        } = plan.caps;
        if max_nodes > MAX_NODES || [max_nodes, max_depth, max_parallel].contains(&0) {
            self.of_plan(
                LimitCode::Cap,
                format!("its caps must be from 1 to {MAX_NODES}: max_nodes {max_nodes}, max_depth {max_depth}, max_parallel {max_parallel}"),
            );
        }
        if max_replans > MAX_REPLANS {
            let text = format!("max_replans is {max_replans}, it may be {MAX_REPLANS} at most");
            self.of_plan(LimitCode::Cap, text);
        }
        if plan.nodes.len() > max_nodes.min(MAX_NODES) as usize {
            let text = format!("it has {} nodes, its cap is {max_nodes}", plan.nodes.len());
            self.of_plan(LimitCode::Nodes, text);
        }
    }

    fn names(&mut self, nodes: &[Node]) {
        let mut seen = BTreeSet::new();
        for node in nodes {
            if !node.name.is_valid() {
                self.of(
                    node,
                    DocumentCode::Name,
                    "a name has 1 to 64 letters, digits, `-`, `_`, `.` or `/`",
                );
            }
            if !seen.insert(&node.name) {
                self.of(node, DocumentCode::Duplicate, "another node has this name");
            }
        }
    }

    fn node(&mut self, node: &Node) {
        let ours = "only formic itself makes nodes of this kind";
        let why_not = match node.kind {
            Kind::Chat => Some(ours),
            Kind::Merge | Kind::Plan => node.resolves.is_none().then_some(ours),
            Kind::Memory => Some("nothing tends memory in this version"),
            Kind::Explore | Kind::Contract | Kind::Edit | Kind::Codemod | Kind::Verify => None,
            Kind::Review | Kind::Summarise => None,
        };
        if let Some(why_not) = why_not {
            self.of(node, DocumentCode::Kind, why_not);
        }
        if node.brief.is_none() && node.kind != Kind::Verify {
            self.of(node, DocumentCode::Brief, "it has no brief");
        }
        if node.kind == Kind::Verify && node.accept.is_none() {
            self.of(
                node,
                DocumentCode::Check,
                "a verification needs an `accept` command",
            );
        }
        let reads_only = self.mode == PermissionMode::Plan;
        if reads_only && (node.kind.writes() || !node.kind.has_agent()) {
            self.of(
                node,
                LimitCode::Rights,
                "this session only reads: its mode is plan",
            );
        }
        self.scope(node);
        self.floor(node);
    }

    fn scope(&mut self, node: &Node) {
        match (node.kind.writes(), node.scope.writes.is_empty()) {
            (true, true) => self.of(
                node,
                ScopeCode::Missing,
                "it changes files and does not say which: `writes` is empty",
            ),
            (false, false) => self.of(
                node,
                ScopeCode::Surplus,
                "its kind only reads, yet `writes` is not empty",
            ),
            (true, false) | (false, true) => {}
        }
        for text in node.scope.reads.iter().chain(&node.scope.writes) {
            match Glob::parse(text) {
                Ok(_) if self.is_secret(text) => {
                    self.of(
                        node,
                        ScopeCode::Secret,
                        format!("{text:?} names files that hold secrets"),
                    );
                }
                Ok(_) => {}
                Err(error) => self.of(node, scope_code(&error), error.to_string()),
            }
        }
    }

    /// Whether the glob's own text, taken for a path, is one of a secret: such a glob is aimed at it.
    fn is_secret(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        let named = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(&text));
        named(&self.secrets) && !named(&self.public)
    }

    fn floor(&mut self, node: &Node) {
        let Budget {
            tokens,
            cost,
            wall_ms,
            tool_calls,
            attempts,
        } = node.budget;
        if attempts == Some(0) {
            self.of(
                node,
                LimitCode::Amount,
                "with no attempts it can never be done",
            );
        }
        if wall_ms.is_some_and(|ms| ms < LEAST_WALL_MS) {
            self.of(node, LimitCode::Floor, "it needs at least a second");
        }
        if !node.kind.has_agent() {
            return;
        }
        let least = floor_tokens(node.tier);
        if tokens.is_some_and(|tokens| tokens < least) {
            self.of(
                node,
                LimitCode::Floor,
                format!("a node of its tier needs at least {least} tokens"),
            );
        }
        if cost.is_some_and(|cost| cost.0 == 0) && node.tier != Tier::Local {
            self.of(
                node,
                LimitCode::Floor,
                "without money only a local model can work",
            );
        }
        if tool_calls == Some(0) && node.kind.writes() {
            self.of(
                node,
                LimitCode::Floor,
                "without tool calls nothing can be changed",
            );
        }
    }

    fn circles(&mut self, nodes: &[Node], edges: &[(usize, usize)]) {
        for circle in reach::circles(nodes.len(), edges) {
            let names: Vec<&str> = circle.iter().map(|at| nodes[*at].name.as_str()).collect();
            let text = match &names[..] {
                [_] => "it waits for itself".to_owned(),
                names => format!("these wait for one another: {}", names.join(", ")),
            };
            self.of(&nodes[circle[0]], GraphCode::Cycle, text);
        }
    }

    fn of(&mut self, node: &Node, code: impl Into<Code>, text: impl Into<String>) {
        self.problems
            .push(Problem::new(code, Some(&node.name), text.into()));
    }

    fn of_plan(&mut self, code: impl Into<Code>, text: impl Into<String>) {
        self.problems.push(Problem::new(code, None, text.into()));
    }
}

/// The tokens below which an agent of this tier is not worth starting: one call with its tools.
const fn floor_tokens(tier: Tier) -> u64 {
    match tier {
        Tier::Local | Tier::Small => 1_000,
        Tier::Mid => 2_000,
        Tier::Frontier => 4_000,
    }
}

const fn scope_code(error: &GlobError) -> ScopeCode {
    match error {
        GlobError::Malformed { .. } => ScopeCode::Syntax,
        GlobError::Outside(_) => ScopeCode::Outside,
        GlobError::Git(_) => ScopeCode::Git,
    }
}
