//! Lines between two rows: who shares a line, and on which height each runs sideways.

use std::collections::{BTreeMap, BTreeSet};

use super::place::Placed;

/// A line from some columns above to some columns below, all joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Net {
    /// Columns it comes from.
    pub from: BTreeSet<usize>,
    /// Columns it goes to.
    pub to: BTreeSet<usize>,
    /// The height on which it runs sideways, from 0.
    pub track: usize,
    is_placed: bool,
}

impl Net {
    /// From its first column to its last.
    pub fn extent(&self) -> (usize, usize) {
        let all = || self.from.iter().chain(&self.to).copied();
        (all().min().unwrap_or(0), all().max().unwrap_or(0))
    }

    /// Whether it must turn aside above the other one, which comes down where this one begins.
    fn is_above(&self, other: &Self) -> bool {
        self.from
            .iter()
            .any(|x| other.to.contains(x) && !self.to.contains(x))
    }

    /// Whether it runs straight down.
    pub fn is_straight(&self) -> bool {
        let (first, last) = self.extent();
        first == last
    }
}

/// Things joined to the same things below share a line. Lines of strangers that go to the same box meet it apart.
pub fn nets(links: &[(usize, usize)], above: &Placed, below: &Placed) -> Vec<Net> {
    let mut ends: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (from, to) in links {
        ends.entry(*from).or_default().insert(*to);
    }
    let mut groups: BTreeMap<BTreeSet<usize>, BTreeSet<usize>> = BTreeMap::new();
    for (from, to) in ends {
        groups.entry(to).or_default().insert(above[from].1.center);
    }
    let leaving: BTreeSet<usize> = groups.values().flatten().copied().collect();
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, from)| from.iter().sum::<usize>() / from.len().max(1));
    let mut ports = Ports {
        below,
        lines: groups.iter().map(|(to, _)| to.clone()).collect(),
        taken: BTreeSet::new(),
    };
    let nets = groups.into_iter().enumerate().map(|(line, (to, from))| {
        let strangers = leaving.difference(&from).copied().collect();
        Net {
            to: to
                .iter()
                .map(|to| ports.take(line, *to, &strangers))
                .collect(),
            from,
            track: 0,
            is_placed: false,
        }
    });
    nets.collect()
}

/// Where lines come into the things of a row.
struct Ports<'a> {
    below: &'a Placed,
    /// For each line, left to right, where it goes.
    lines: Vec<BTreeSet<usize>>,
    taken: BTreeSet<usize>,
}

impl Ports<'_> {
    /// The column in which a line comes in: side by side with the others that do, and in none where a stranger's line
    /// still goes down.
    fn take(&mut self, line: usize, to: usize, strangers: &BTreeSet<usize>) -> usize {
        let spot = self.below[to].1;
        if spot.width < 3 {
            return spot.center;
        }
        let all: Vec<usize> = (0..self.lines.len())
            .filter(|at| self.lines[*at].contains(&to))
            .collect();
        let place = all.iter().position(|at| *at == line).unwrap_or(0);
        let wanted = (spot.center + 2 * place).saturating_sub(all.len() - 1);
        let inside = (spot.left + 1)..(spot.left + spot.width - 1);
        let near = (0..spot.width).flat_map(|off| [wanted.checked_sub(off), Some(wanted + off)]);
        let near: Vec<usize> = near
            .flatten()
            .filter(|column| inside.contains(column))
            .collect();
        let is_free = |column: &&usize| !self.taken.contains(column);
        let free = near
            .iter()
            .filter(is_free)
            .find(|column| !strangers.contains(column));
        let column = free.or_else(|| near.iter().find(is_free)).or(near.first());
        let column = column.copied().unwrap_or(spot.center);
        self.taken.insert(column);
        column
    }
}

/// The nets with a height each, so that no two run sideways through one another, and none comes down in a column where
/// another still goes down.
pub fn channel(mut nets: Vec<Net>) -> Vec<Net> {
    nets.sort_by_key(Net::extent);
    let mut tracks: Vec<Vec<(usize, usize)>> = Vec::new();
    let mut left: Vec<usize> = (0..nets.len())
        .filter(|at| !nets[*at].is_straight())
        .collect();
    while !left.is_empty() {
        let is_first = |at: &&usize| {
            !left
                .iter()
                .any(|other| other != *at && nets[*other].is_above(&nets[**at]))
        };
        // Where two would have to be above one another, one of them is.
        let next = left
            .iter()
            .find(is_first)
            .or(left.first())
            .copied()
            .unwrap_or_default();
        left.retain(|at| *at != next);
        let placed = nets
            .iter()
            .filter(|net| net.is_placed && net.is_above(&nets[next]));
        let lowest = placed.map(|net| net.track + 1).max().unwrap_or(0);
        let (first, last) = nets[next].extent();
        let is_free =
            |track: &Vec<(usize, usize)>| track.iter().all(|(a, b)| last < *a || *b < first);
        let track = (lowest..tracks.len()).find(|track| is_free(&tracks[*track]));
        let track = track.unwrap_or(tracks.len().max(lowest));
        tracks.resize(tracks.len().max(track + 1), Vec::new());
        tracks[track].push((first, last));
        (nets[next].track, nets[next].is_placed) = (track, true);
    }
    nets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(from: usize, to: usize) -> Net {
        Net {
            from: BTreeSet::from([from]),
            to: BTreeSet::from([to]),
            track: 0,
            is_placed: false,
        }
    }

    #[test]
    fn a_line_turns_aside_above_the_one_that_comes_down_in_its_column() {
        let heights = |nets: Vec<Net>| {
            let placed = channel(nets).into_iter();
            let placed = placed.map(|net| (net.extent().0, net.track));
            placed.collect::<BTreeMap<usize, usize>>()
        };
        assert_eq!(
            heights(vec![net(1, 5), net(5, 9)]),
            BTreeMap::from([(1, 1), (5, 0)])
        );
        assert_eq!(
            heights(vec![net(1, 3), net(5, 9)]),
            BTreeMap::from([(1, 0), (5, 0)])
        );
        assert_eq!(
            heights(vec![net(2, 2), net(1, 5)]),
            BTreeMap::from([(2, 0), (1, 0)])
        );
    }
}
