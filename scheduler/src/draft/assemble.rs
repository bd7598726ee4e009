//! Makes a plan of choices: the nodes are the pieces chosen, the edges follow from imports, and hints only add to them.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use protocol::{
    CheckDocument, Expect, Kind, NodeDocument, NodeHints, PLAN_VERSION, PlanDocument, Risk, Tier,
};

use super::names::Names;
use super::{Choices, ClusterId, CommandId, Draft, FileFact, Role, Size, writes};

/// Edges between parts, as places: the first waits for the second.
pub(super) type Edges = BTreeSet<(usize, usize)>;

/// A piece of work whose ids are known to be good.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    pub clusters: BTreeSet<ClusterId>,
    /// Its files, what is imported first; part of its clusters' files if the piece was split.
    pub files: Vec<usize>,
    pub brief: String,
    pub accept: Option<CommandId>,
    pub after: Vec<ClusterId>,
    pub tier: Size,
    pub risk: Size,
    pub size: Size,
    /// Whether nothing to change is a success.
    pub noop: bool,
}

/// What stands beside the parts.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame {
    pub contract: String,
    pub gate: Option<CommandId>,
    pub shared: bool,
}

impl Draft {
    /// Makes the plan of a planner's choices.
    ///
    /// # Errors
    /// Everything that is wrong with them, each a code and a sentence for the planner.
    pub fn assemble(&self, choices: &Choices) -> Result<PlanDocument, Vec<String>> {
        let (parts, frame) = self.checked(choices)?;
        self.build(&parts, &frame)
    }

    /// Makes the plan of good parts.
    pub(super) fn build(&self, parts: &[Part], frame: &Frame) -> Result<PlanDocument, Vec<String>> {
        let derived = self.derived(parts);
        let mut edges = derived.clone();
        edges.extend(hinted(parts));
        let circles = circles(parts.len(), &edges);
        if !circles.is_empty() {
            return Err(self.say_circles(&circles, parts, &derived));
        }
        Ok(self.document(parts, &reduced(parts.len(), &edges), frame))
    }

    /// Which part waits for which because of imports, also through clusters that no part changes.
    fn derived(&self, parts: &[Part]) -> Edges {
        let owners = owners(parts);
        let mut edges = Edges::new();
        for (place, part) in parts.iter().enumerate() {
            let mut seen: BTreeSet<ClusterId> = part.clusters.clone();
            let mut ahead: Vec<ClusterId> = part.clusters.iter().copied().collect();
            while let Some(cluster) = ahead.pop() {
                let needs = self.cluster(cluster).map(|c| c.needs.as_slice());
                for need in needs.unwrap_or_default() {
                    match owners.get(need) {
                        _ if !seen.insert(*need) => {}
                        Some(others) => edges.extend(others.iter().map(|&other| (place, other))),
                        None => ahead.push(*need),
                    }
                }
            }
        }
        edges.extend(self.halves(parts));
        edges
    }

    /// The second half of a split piece waits for the first if either imports from the other.
    fn halves(&self, parts: &[Part]) -> Edges {
        let imports = |a: &Part, b: &Part| {
            let b: BTreeSet<&str> = b.files.iter().map(|&f| self.path(f)).collect();
            let mut needed = a
                .files
                .iter()
                .flat_map(|&f| &self.material.files[f].imports);
            needed.any(|path| b.contains(path.as_str()))
        };
        let pairs = parts.windows(2).enumerate();
        let split = pairs.filter(|(_, p)| p[0].clusters == p[1].clusters);
        let bound = split.filter(|(_, p)| imports(&p[1], &p[0]) || imports(&p[0], &p[1]));
        bound.map(|(place, _)| (place + 1, place)).collect()
    }

    fn path(&self, file: usize) -> &str {
        &self.material.files[file].path
    }

    fn say_circles(&self, circles: &[Vec<usize>], parts: &[Part], derived: &Edges) -> Vec<String> {
        let named = |place: &usize| {
            let clusters = parts[*place].clusters.iter().map(ToString::to_string);
            format!("the piece with {}", clusters.collect::<Vec<_>>().join(" "))
        };
        let said = circles.iter().map(|circle| {
            let own: Edges = derived.iter().copied().filter(|(a, b)| circle.contains(a) && circle.contains(b)).collect();
            let names = circle.iter().map(named).collect::<Vec<_>>().join(" and ");
            match circles_among(parts.len(), &own) {
                true => format!("cycle: {names} import from one another; join them into one piece or cut them differently"),
                false => format!("cycle: {names} wait for one another; the imports stand, so take back an `after`"),
            }
        });
        said.collect()
    }

    fn document(&self, parts: &[Part], edges: &Edges, frame: &Frame) -> PlanDocument {
        let mut names = Names::default();
        let named: Vec<_> = parts
            .iter()
            .map(|part| names.of(&self.facts_of(part)))
            .collect();
        let globs = writes::globs(&self.material, &self.owned(parts), parts.len());
        let mut nodes: Vec<NodeDocument> = Vec::with_capacity(parts.len() + 1);
        for ((place, part), writes) in parts.iter().enumerate().zip(globs) {
            let deps = edges.iter().filter(|(from, _)| *from == place);
            nodes.push(NodeDocument {
                name: named[place].clone(),
                kind: Kind::Edit,
                brief: Some(part.brief.clone()),
                deps: deps.map(|(_, to)| named[*to].clone()).collect(),
                writes,
                accept: self.check(part.accept),
                tier: tier(part.tier),
                hints: hints(part),
                ..NodeDocument::default()
            });
        }
        if frame.shared {
            nodes.extend(self.registrar(&nodes, &mut names, frame));
        }
        PlanDocument {
            nodes,
            contracts: Some(frame.contract.trim().to_owned())
                .filter(|c| !c.is_empty())
                .into_iter()
                .collect(),
            gate: self.check(frame.gate),
            ..self.blank()
        }
    }

    /// The node that alone changes what everybody shares, after all others.
    fn registrar(
        &self,
        others: &[NodeDocument],
        names: &mut Names,
        frame: &Frame,
    ) -> Option<NodeDocument> {
        let shared = self
            .material
            .files
            .iter()
            .filter(|f| f.role == Role::Shared);
        // Exactly these files: the folders around them are the others'.
        let mut writes: Vec<String> = shared.map(|f| writes::plain(&f.path)).collect();
        writes.sort();
        writes.dedup();
        if writes.is_empty() {
            return None;
        }
        let brief = format!(
            "Bring the manifests and lockfiles that everyone shares into line with what the others changed; change nothing \
             else. The goal of all: {}",
            self.goal
        );
        Some(NodeDocument {
            name: names.take("shared-files"),
            title: Some("manifests and lockfiles that everyone shares".to_owned()),
            brief: Some(brief),
            deps: others.iter().map(|node| node.name.clone()).collect(),
            writes,
            accept: self.check(frame.gate.or_else(|| self.whole())),
            hints: NodeHints {
                noop: true,
                ..NodeHints::default()
            },
            ..NodeDocument::default()
        })
    }

    /// Which part owns which file. A package's manifest belongs to the last part that works on the package.
    fn owned(&self, parts: &[Part]) -> Vec<Option<usize>> {
        let mut owned = vec![None; self.material.files.len()];
        let mut packages: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, part) in parts.iter().enumerate() {
            for &file in &part.files {
                owned[file] = Some(place);
                packages.insert(&self.material.files[file].package, place);
            }
        }
        for (file, owner) in self.material.files.iter().zip(&mut owned) {
            if file.role == Role::Manifest {
                *owner = packages.get(file.package.as_str()).copied();
            }
        }
        owned
    }

    fn facts_of(&self, part: &Part) -> Vec<&FileFact> {
        part.files
            .iter()
            .map(|&file| &self.material.files[file])
            .collect()
    }

    pub(super) fn check(&self, command: Option<CommandId>) -> Option<CheckDocument> {
        let command = self.command(command?)?;
        Some(CheckDocument {
            cmd: command.cmd.clone(),
            timeout: None,
            expect: Expect::Any,
        })
    }

    /// A plan for the goal with nothing in it.
    pub(super) fn blank(&self) -> PlanDocument {
        PlanDocument {
            version: PLAN_VERSION,
            goal: self.goal.clone(),
            nodes: Vec::new(),
            contracts: Vec::new(),
            gate: None,
            budget: protocol::BudgetDocument::default(),
            caps: protocol::CapsDocument::default(),
        }
    }
}

fn owners(parts: &[Part]) -> BTreeMap<ClusterId, Vec<usize>> {
    let mut owners: BTreeMap<ClusterId, Vec<usize>> = BTreeMap::new();
    for (place, part) in parts.iter().enumerate() {
        for cluster in &part.clusters {
            owners.entry(*cluster).or_default().push(place);
        }
    }
    owners
}

/// The edges that were hinted at. A hint at a cluster nobody changes asks for nothing.
fn hinted(parts: &[Part]) -> Edges {
    let owners = owners(parts);
    let mut edges = Edges::new();
    for (place, part) in parts.iter().enumerate() {
        let wanted = part
            .after
            .iter()
            .filter(|cluster| !part.clusters.contains(cluster));
        let wanted = wanted.filter_map(|cluster| owners.get(cluster)).flatten();
        edges.extend(wanted.map(|&other| (place, other)));
    }
    edges
}

/// The groups of parts that wait for one another.
fn circles(parts: usize, edges: &Edges) -> Vec<Vec<usize>> {
    let mut graph = DiGraph::<usize, ()>::new();
    let nodes: Vec<NodeIndex> = (0..parts).map(|part| graph.add_node(part)).collect();
    for &(from, to) in edges {
        graph.add_edge(nodes[from], nodes[to], ());
    }
    let circles = kosaraju_scc(&graph)
        .into_iter()
        .filter(|circle| circle.len() > 1);
    let placed = circles.map(|circle| {
        let mut places: Vec<usize> = circle.into_iter().map(|node| graph[node]).collect();
        places.sort_unstable();
        places
    });
    placed.collect()
}

fn circles_among(parts: usize, edges: &Edges) -> bool {
    !circles(parts, edges).is_empty()
}

/// The edges that do not follow from others. The graph has no circle.
fn reduced(parts: usize, edges: &Edges) -> Edges {
    let direct = |from: usize| edges.range((from, 0)..(from + 1, 0)).map(|(_, to)| *to);
    let reach = |start: usize| {
        let mut seen = BTreeSet::new();
        let mut ahead: Vec<usize> = direct(start).collect();
        while let Some(next) = ahead.pop() {
            if seen.insert(next) {
                ahead.extend(direct(next));
            }
        }
        seen
    };
    let reached: Vec<BTreeSet<usize>> = (0..parts).map(reach).collect();
    let follows = |(from, to): &(usize, usize)| {
        direct(*from).any(|other| other != *to && reached[other].contains(to))
    };
    edges
        .iter()
        .copied()
        .filter(|edge| !follows(edge))
        .collect()
}

fn tier(size: Size) -> Tier {
    match size {
        Size::S => Tier::Small,
        Size::M => Tier::Mid,
        Size::L => Tier::Frontier,
    }
}

fn hints(part: &Part) -> NodeHints {
    NodeHints {
        est_ms: match part.size {
            Size::S => 60_000,
            Size::M => 180_000,
            Size::L => 600_000,
        },
        risk: match part.risk {
            Size::S => Risk::Low,
            Size::M => Risk::Med,
            Size::L => Risk::High,
        },
        noop: part.noop,
        ..NodeHints::default()
    }
}
