//! A plan before it is carried out: the drawing, its nodes, the edges its scopes demand, what it would take.

use actors::plans::{DerivedEdge, Forecast, better_alone, forecast};
use protocol::{Cost, Node, NodeId, Plan};
use serde_json::{Value, json};

use super::draw::{Knot, Strokes, dag};
use super::screen::Paper;
use super::{document, words};
use crate::output;
use crate::resolve::swarm::Tariff;

/// More nodes than this are listed, not drawn.
const MOST_DRAWN: usize = 60;

/// The characters of a plan's hash that people are shown.
const HASH: usize = 12;

/// The most characters of what a node is there for.
const WHAT: usize = 60;

/// An edge that scopes demanded, by names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// What comes first.
    pub from: String,
    /// What waits for it.
    pub to: String,
    /// Why.
    pub why: String,
}

/// Edges by the names of a plan's nodes: its ids are those of one run.
pub fn edges(plan: &Plan, derived: &[DerivedEdge]) -> Vec<Edge> {
    let name = |id: NodeId| {
        let node = plan.nodes.iter().find(|node| node.id == id);
        node.map_or_else(|| id.to_string(), |node| node.name.to_string())
    };
    let named = derived.iter().map(|edge| Edge {
        from: name(edge.from),
        to: name(edge.to),
        why: edge.why.clone(),
    });
    named.collect()
}

/// A plan and all that is said of it before it is approved.
pub struct Preview {
    /// The plan.
    pub plan: Plan,
    /// The edges that scopes demanded; empty where only their number is known.
    pub derived: Vec<Edge>,
    /// What is worth knowing, for people.
    pub remarks: Vec<String>,
    /// What it would take.
    pub forecast: Forecast,
    /// The models it needs whose price is not known.
    unpriced: Vec<String>,
}

impl Preview {
    /// A plan with its forecast at these prices.
    pub fn new(plan: Plan, derived: Vec<Edge>, remarks: Vec<String>, tariff: &Tariff) -> Self {
        Self {
            forecast: forecast(&plan, plan.caps.max_parallel, &tariff.prices),
            unpriced: tariff.unpriced(&plan),
            plan,
            derived,
            remarks,
        }
    }

    fn name(&self, id: NodeId) -> &str {
        let node = self.plan.nodes.iter().find(|node| node.id == id);
        node.map_or("?", |node| node.name.as_str())
    }

    /// Everything for people.
    pub fn text(&self, paper: Paper) -> String {
        let mut parts = vec![self.head()];
        parts.extend(self.drawing(paper));
        parts.push(output::fitted(&self.rows(), paper.room));
        parts.extend(self.notes());
        parts.push(self.outlook());
        words::safe(&parts.join("\n\n"))
    }

    fn head(&self) -> String {
        let nodes = words::count(self.plan.nodes.len(), "node");
        let gate = self.plan.gate.as_ref();
        let gate = gate.map_or_else(
            || "no gate".to_owned(),
            |gate| format!("gate: {}", words::brief(&gate.cmd, 100)),
        );
        let goal = words::brief(&self.plan.goal, 200);
        let lanes = self.plan.caps.max_parallel;
        let hash = document::hash(&self.plan).to_string();
        let hash = hash.get(..HASH).unwrap_or_default();
        format!("{goal}\nplan {hash}: {nodes}, at most {lanes} at once; {gate}")
    }

    /// The drawing alone; none of nothing, or of more than an eye could follow.
    pub fn drawing(&self, paper: Paper) -> Option<String> {
        drawing(&self.plan, paper.width, paper.strokes)
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let heads = [
            "node",
            "kind",
            "tier",
            "waits for",
            "what",
            "writes",
            "check",
        ];
        let mut rows = vec![heads.map(str::to_owned).to_vec()];
        rows.extend(self.plan.nodes.iter().map(|node| self.row(node)));
        rows
    }

    fn row(&self, node: &Node) -> Vec<String> {
        let deps: Vec<&str> = node.deps.iter().map(|dep| self.name(*dep)).collect();
        let writes: Vec<&str> = node.scope.writes.iter().map(String::as_str).collect();
        let check = node
            .accept
            .as_ref()
            .map(|check| words::brief(&check.cmd, 60));
        vec![
            node.name.to_string(),
            word(&json!(node.kind)),
            if node.kind.has_agent() {
                word(&json!(node.tier))
            } else {
                "-".to_owned()
            },
            words::list(&deps, 3),
            words::brief(&what(node), WHAT),
            words::brief(&words::list(&writes, 2), 48),
            check.unwrap_or_else(|| "-".to_owned()),
        ]
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.derived.is_empty() {
            let edges = self
                .derived
                .iter()
                .map(|edge| format!("\n  {} waits for {}: {}", edge.to, edge.from, edge.why));
            notes.push(format!("added by code:{}", edges.collect::<String>()));
        }
        let alone = better_alone(&self.plan).filter(|why| !self.remarks.contains(why));
        let remarks: Vec<&String> = self.remarks.iter().chain(&alone).collect();
        if !remarks.is_empty() {
            let lines = remarks
                .iter()
                .map(|remark| format!("\n  {}", words::brief(remark, 400)));
            notes.push(format!("remarks:{}", lines.collect::<String>()));
        }
        notes
    }

    fn outlook(&self) -> String {
        let Forecast {
            agents,
            tokens,
            cost,
            makespan_ms,
            lower_bound_ms,
            critical_path,
        } = &self.forecast;
        let names: Vec<&str> = critical_path.iter().map(|id| self.name(*id)).collect();
        format!(
            "forecast: {}, about {} tokens, {}, about {} (no order could take less than {})\nlongest chain: {}",
            words::count(*agents as usize, "agent"),
            words::tokens(*tokens),
            words::cost(cost.map(Cost::usd), &self.unpriced),
            words::span(*makespan_ms),
            words::span(*lower_bound_ms),
            names.join(" > "),
        )
    }

    /// Everything for programs.
    pub fn json(&self) -> Value {
        let derived = self
            .derived
            .iter()
            .map(|edge| json!({"from": edge.from, "to": edge.to, "why": edge.why}));
        json!({
            "type": "swarm_plan",
            "goal": self.plan.goal,
            "hash": document::hash(&self.plan).to_string(),
            "plan": document::of(&self.plan),
            "base": self.plan.base,
            "derived": Value::from_iter(derived),
            "remarks": self.remarks,
            "forecast": self.forecast_json(),
        })
    }

    fn forecast_json(&self) -> Value {
        let path = self.forecast.critical_path.iter().map(|id| self.name(*id));
        json!({
            "agents": self.forecast.agents,
            "tokens": self.forecast.tokens,
            "cost_usd": self.forecast.cost.map(Cost::usd),
            "makespan_ms": self.forecast.makespan_ms,
            "lower_bound_ms": self.forecast.lower_bound_ms,
            "critical_path": Value::from_iter(path),
        })
    }
}

/// A plan drawn; none of nothing, or of more than an eye could follow.
pub fn drawing(plan: &Plan, width: usize, strokes: Strokes) -> Option<String> {
    if !(1..=MOST_DRAWN).contains(&plan.nodes.len()) {
        return None;
    }
    let place = |id: &NodeId| plan.nodes.iter().position(|node| node.id == *id);
    let knots = plan.nodes.iter().map(|node| Knot {
        label: node.name.to_string(),
        deps: node.deps.iter().filter_map(place).collect(),
    });
    Some(dag(&knots.collect::<Vec<Knot>>(), width, strokes).join("\n"))
}

/// What a node is there for: its title, else what its agent is told.
fn what(node: &Node) -> String {
    let title = node.title.as_str();
    if !title.is_empty() && title != node.name.as_str() {
        return title.to_owned();
    }
    let brief = node.brief.as_ref();
    brief.map_or_else(String::new, |brief| brief.as_str().into_owned())
}

/// A value that serialises as a word, as that word.
fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
