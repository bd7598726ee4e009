//! Edges that scopes demand: whoever touches what another writes comes after it, or before it, never beside it.

use protocol::{Node, NodeId};

use super::normal::DerivedEdge;
use super::reach::Reach;
use crate::scope::{Glob, GlobError, Globs};

/// What each node reads and writes, read once.
pub(super) struct Scopes {
    reads: Globs,
    writes: Globs,
}

impl Scopes {
    pub(super) fn of(node: &Node) -> Result<Self, GlobError> {
        let reads = Globs::parse(&node.scope.reads)?;
        // Who reads everything is content with the state it starts from.
        let everything = reads.iter().any(Glob::is_everything);
        Ok(Self {
            reads: if everything { Globs::default() } else { reads },
            writes: Globs::parse(&node.scope.writes)?,
        })
    }
}

/// The edges to add, in order; the nodes' own dependencies are `edges`, from the dependency to the node. The first
/// `settled` nodes get no edges towards them: they may have started.
pub(super) fn derive(
    nodes: &[Node],
    scopes: &[Scopes],
    edges: &[(usize, usize)],
    settled: usize,
) -> Vec<DerivedEdge> {
    let mut derivation = Derivation {
        nodes,
        reach: Reach::new(nodes.len(), edges),
        found: Vec::new(),
    };
    // From the nearest earlier node backwards, so that a file all write makes a chain and not every pair.
    for late in settled..nodes.len() {
        for early in (0..late).rev() {
            if let Some((a, b)) = scopes[early].writes.shared(&scopes[late].writes) {
                derivation.demand(early, late, || both_write(a, b));
            }
        }
    }
    for reader in settled..nodes.len() {
        for writer in 0..nodes.len() {
            let shared = scopes[reader].reads.shared(&scopes[writer].writes);
            if let Some((reads, _)) = shared.filter(|_| writer != reader) {
                let name = &nodes[writer].name;
                derivation.demand(writer, reader, || {
                    format!("it reads {reads}, which {name} writes")
                });
            }
        }
    }
    derivation.found
}

fn both_write(a: &Glob, b: &Glob) -> String {
    match a == b {
        true => format!("both write {a}"),
        false => format!("{a} and {b} may be the same file, and both are written"),
    }
}

struct Derivation<'a> {
    nodes: &'a [Node],
    reach: Reach,
    found: Vec<DerivedEdge>,
}

impl Derivation<'_> {
    fn demand(&mut self, from: usize, to: usize, why: impl FnOnce() -> String) {
        let takes_over = |node: &Node, id: NodeId| node.resolves == Some(id);
        let (first, second) = (&self.nodes[from], &self.nodes[to]);
        let resolves = takes_over(first, second.id) || takes_over(second, first.id);
        if resolves || self.reach.are_ordered(from, to) {
            return;
        }
        self.reach.add(from, to);
        self.found.push(DerivedEdge {
            from: first.id,
            to: second.id,
            why: why(),
        });
    }
}
