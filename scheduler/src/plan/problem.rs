//! What is wrong with a plan: one code for each rule, so that a planner can be told exactly what to repair.

use std::fmt;

use protocol::NodeName;

/// One thing that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which rule it breaks.
    pub code: Code,
    /// The node, if it is one node's.
    pub node: Option<NodeName>,
    /// What is wrong, for people and for the planner.
    pub text: String,
}

impl Problem {
    pub(super) fn new(code: impl Into<Code>, node: Option<&NodeName>, text: String) -> Self {
        Self {
            code: code.into(),
            node: node.cloned(),
            text,
        }
    }
}

impl fmt::Display for Problem {
    /// As in `unknown-dep: node b: it depends on "x", which is not in the plan`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Some(node) => write!(f, "{}: node {node}: {}", self.code, self.text),
            None => write!(f, "{}: {}", self.code, self.text),
        }
    }
}

/// The rule a problem breaks. It prints as a short stable name, such as `cycle` or `scope-git`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// About the document itself.
    Document(DocumentCode),
    /// About nodes and edges.
    Graph(GraphCode),
    /// About what nodes read and write.
    Scope(ScopeCode),
    /// About budgets, caps and rights.
    Limit(LimitCode),
}

/// Rules about the document itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentCode {
    /// `version`: a form this build does not read.
    Version,
    /// `goal`: no goal.
    Goal,
    /// `brief`: a node that is not told what to do.
    Brief,
    /// `name`: a name that is not allowed.
    Name,
    /// `duplicate-name`: a name that stands twice.
    Duplicate,
    /// `kind`: a kind that only formic itself makes nodes of, or of which there are none yet.
    Kind,
    /// `check`: a check without a command, or a verification without a check.
    Check,
    /// `duration`: a time that cannot be read.
    Duration,
    /// `base-check`: a check that does on the base commit what it was declared not to do.
    BaseCheck,
}

/// Rules about nodes and edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GraphCode {
    /// `empty`: no nodes.
    Empty,
    /// `unknown-dep`: a dependency that is not in the plan.
    UnknownDep,
    /// `cycle`: nodes that wait for one another.
    Cycle,
    /// `unknown-node`: a patch that changes, removes or resolves a node that is not in the plan.
    UnknownNode,
}

/// Rules about what nodes read and write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopeCode {
    /// `scope-syntax`: a glob that cannot be read.
    Syntax,
    /// `scope-outside`: a path outside the repository.
    Outside,
    /// `scope-git`: git's own folder.
    Git,
    /// `scope-secret`: files that hold secrets.
    Secret,
    /// `scope-missing`: a node that changes files and does not say which.
    Missing,
    /// `scope-surplus`: a node that only reads and says what it writes.
    Surplus,
}

/// Rules about budgets, caps and rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitCode {
    /// `budget-amount`: an amount that is none, such as a negative price or zero attempts.
    Amount,
    /// `budget-floor`: too little to begin with.
    Floor,
    /// `budget-total`: nodes that may use more than the run.
    Total,
    /// `cap-nodes`: more nodes than allowed.
    Nodes,
    /// `cap-amount`: a cap of zero, or beyond what formic can carry.
    Cap,
    /// `rights`: a node that may do what its session may not.
    Rights,
}

impl Code {
    /// The short stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Document(DocumentCode::Version) => "version",
            Self::Document(DocumentCode::Goal) => "goal",
            Self::Document(DocumentCode::Brief) => "brief",
            Self::Document(DocumentCode::Name) => "name",
            Self::Document(DocumentCode::Duplicate) => "duplicate-name",
            Self::Document(DocumentCode::Kind) => "kind",
            Self::Document(DocumentCode::Check) => "check",
            Self::Document(DocumentCode::Duration) => "duration",
            Self::Document(DocumentCode::BaseCheck) => "base-check",
            Self::Graph(GraphCode::Empty) => "empty",
            Self::Graph(GraphCode::UnknownDep) => "unknown-dep",
            Self::Graph(GraphCode::Cycle) => "cycle",
            Self::Graph(GraphCode::UnknownNode) => "unknown-node",
            Self::Scope(ScopeCode::Syntax) => "scope-syntax",
            Self::Scope(ScopeCode::Outside) => "scope-outside",
            Self::Scope(ScopeCode::Git) => "scope-git",
            Self::Scope(ScopeCode::Secret) => "scope-secret",
            Self::Scope(ScopeCode::Missing) => "scope-missing",
            Self::Scope(ScopeCode::Surplus) => "scope-surplus",
            Self::Limit(LimitCode::Amount) => "budget-amount",
            Self::Limit(LimitCode::Floor) => "budget-floor",
            Self::Limit(LimitCode::Total) => "budget-total",
            Self::Limit(LimitCode::Nodes) => "cap-nodes",
            Self::Limit(LimitCode::Cap) => "cap-amount",
            Self::Limit(LimitCode::Rights) => "rights",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<DocumentCode> for Code {
    fn from(code: DocumentCode) -> Self {
        Self::Document(code)
    }
}

impl From<GraphCode> for Code {
    fn from(code: GraphCode) -> Self {
        Self::Graph(code)
    }
}

impl From<ScopeCode> for Code {
    fn from(code: ScopeCode) -> Self {
        Self::Scope(code)
    }
}

impl From<LimitCode> for Code {
    fn from(code: LimitCode) -> Self {
        Self::Limit(code)
    }
}
