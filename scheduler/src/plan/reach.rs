//! Which nodes lead to which: circles, and paths kept up to date while edges are added.

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

/// The sets of places that wait for one another, each in order.
pub(super) fn circles(size: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut graph = DiGraph::<(), ()>::new();
    let places: Vec<_> = (0..size).map(|_| graph.add_node(())).collect();
    for &(from, to) in edges {
        graph.update_edge(places[from], places[to], ());
    }
    let mut circles = Vec::new();
    for set in tarjan_scc(&graph) {
        let mut set: Vec<usize> = set.into_iter().map(|place| place.index()).collect();
        set.sort_unstable();
        if set.len() > 1 || edges.contains(&(set[0], set[0])) {
            circles.push(set);
        }
    }
    circles.sort_unstable();
    circles
}

/// For each place, which places can be reached from it: a row of bits.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    rows: Vec<Vec<u64>>,
}

impl Reach {
    /// The paths of an acyclic graph.
    pub(super) fn new(size: usize, edges: &[(usize, usize)]) -> Self {
        let mut reach = Self {
            rows: vec![vec![0; size.div_ceil(64)]; size],
        };
        for &(from, to) in edges {
            reach.add(from, to);
        }
        reach
    }

    /// Whether a path leads from one place to another.
    pub(super) fn leads(&self, from: usize, to: usize) -> bool {
        self.rows[from][to / 64] & (1 << (to % 64)) != 0
    }

    /// Whether either leads to the other.
    pub(super) fn are_ordered(&self, a: usize, b: usize) -> bool {
        self.leads(a, b) || self.leads(b, a)
    }

    /// Adds an edge.
    pub(super) fn add(&mut self, from: usize, to: usize) {
        if self.leads(from, to) {
            return;
        }
        let mut gained = self.rows[to].clone();
        gained[to / 64] |= 1 << (to % 64);
        for place in 0..self.rows.len() {
            if place == from || self.leads(place, from) {
                for (row, gained) in self.rows[place].iter_mut().zip(&gained) {
                    *row |= gained;
                }
            }
        }
    }
}
