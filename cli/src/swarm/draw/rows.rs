//! Which node stands in which row, which lines pass through rows on their way to later ones, and what is joined to what.

use std::collections::{BTreeMap, BTreeSet};

use super::Knot;

/// Columns between two things in a row.
pub const GAP: usize = 2;

/// Rounds of reordering against crossings.
const SWEEPS: usize = 6;

/// A thing in a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A node, by its place in the list.
    Knot(usize),
    /// A line that passes through to these nodes further down.
    Lane(BTreeSet<usize>),
}

/// Everything by rows.
#[derive(Debug)]
pub struct Rows {
    /// The things of each row, left to right.
    pub items: Vec<Vec<Item>>,
    /// For each row but the last: what is joined to what in the next one, by their places in their rows.
    pub links: Vec<Vec<(usize, usize)>>,
}

/// How many columns a thing takes.
pub fn breadth(knots: &[Knot], item: &Item) -> usize {
    match item {
        Item::Knot(knot) => knots[*knot].label.chars().count() + 4,
        Item::Lane(_) => 1,
    }
}

impl Rows {
    /// Puts each node below those it waits for; layers that are too broad go on in the next row.
    pub fn of(knots: &[Knot], width: usize) -> Self {
        let after = dependents(&reduced(knots));
        let layers = layers(knots, &after);
        let mut room = width;
        loop {
            let chunks = chunks(knots, &layers, room);
            let mut rows = Self::threaded(chunks, &after);
            rows.untangle();
            let broadest = rows.items.iter().map(|row| total(knots, row)).max();
            let over = broadest.unwrap_or(0).saturating_sub(width);
            // Lanes take room that only the finished rows show.
            if over == 0 || room <= width / 3 {
                return rows;
            }
            room -= over.min(room - width / 3).max(1);
        }
    }

    /// Adds to each row the lanes that pass through it.
    fn threaded(chunks: Vec<Vec<usize>>, after: &[BTreeSet<usize>]) -> Self {
        let mut items: Vec<Vec<Item>> = Vec::new();
        let mut links = Vec::new();
        for chunk in chunks {
            let mut row: Vec<Item> = chunk.iter().map(|knot| Item::Knot(*knot)).collect();
            if let Some(above) = items.last() {
                let mut joined = Vec::new();
                for (from, item) in above.iter().enumerate() {
                    let pending = match item {
                        Item::Knot(knot) => after[*knot].clone(),
                        Item::Lane(rest) => rest.clone(),
                    };
                    let here = |to: &usize| chunk.contains(to);
                    let rest: BTreeSet<usize> =
                        pending.iter().filter(|to| !here(to)).copied().collect();
                    let ends = pending
                        .iter()
                        .filter_map(|to| chunk.iter().position(|k| k == to));
                    joined.extend(ends.map(|to| (from, to)));
                    if !rest.is_empty() {
                        let lane = Item::Lane(rest);
                        let to = row.iter().position(|known| *known == lane);
                        let to = to.unwrap_or_else(|| {
                            row.push(lane);
                            row.len() - 1
                        });
                        joined.push((from, to));
                    }
                }
                links.push(joined);
            }
            items.push(row);
        }
        Self { items, links }
    }

    /// Orders each row by where its neighbours stand, downwards and upwards in turn.
    fn untangle(&mut self) {
        for sweep in 0..SWEEPS {
            if sweep % 2 == 0 {
                for at in 1..self.items.len() {
                    let pairs: Vec<_> = self.links[at - 1].iter().map(|(a, b)| (*b, *a)).collect();
                    self.reorder(at, &pairs, self.items[at - 1].len());
                }
            } else {
                for at in (0..self.items.len().saturating_sub(1)).rev() {
                    let pairs = self.links[at].clone();
                    self.reorder(at, &pairs, self.items[at + 1].len());
                }
            }
        }
    }

    /// Sorts a row by the mean place of what each thing is joined to; `pairs` are (thing, neighbour).
    fn reorder(&mut self, at: usize, pairs: &[(usize, usize)], neighbours: usize) {
        let count = self.items[at].len();
        let scale = |place: usize, of: usize| (2 * place + 1) * 1_000 / (2 * of.max(1));
        let mean = |item: usize| {
            let mine = pairs.iter().filter(|(one, _)| *one == item);
            let places: Vec<usize> = mine.map(|(_, other)| scale(*other, neighbours)).collect();
            match places.len() {
                0 => scale(item, count),
                n => places.iter().sum::<usize>() / n,
            }
        };
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|item| (mean(*item), *item));
        let place_of = |old: usize| order.iter().position(|item| *item == old).unwrap_or(old);
        if at > 0 {
            self.links[at - 1]
                .iter_mut()
                .for_each(|(_, to)| *to = place_of(*to));
        }
        if let Some(below) = self.links.get_mut(at) {
            below
                .iter_mut()
                .for_each(|(from, _)| *from = place_of(*from));
        }
        self.items[at] = order
            .iter()
            .map(|item| self.items[at][*item].clone())
            .collect();
    }
}

/// The columns of a whole row.
fn total(knots: &[Knot], row: &[Item]) -> usize {
    let broad: usize = row.iter().map(|item| breadth(knots, item) + GAP).sum();
    broad.saturating_sub(GAP)
}

/// Dependencies without those that follow from others.
fn reduced(knots: &[Knot]) -> Vec<BTreeSet<usize>> {
    let mut above: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for knot in 0..knots.len() {
        ancestors(knots, knot, &mut above, &mut BTreeSet::new());
    }
    let is_implied = |of: usize, dep: usize| {
        let others = knots[of].deps.iter().filter(|other| **other != dep);
        others
            .into_iter()
            .any(|other| above.get(other).is_some_and(|all| all.contains(&dep)))
    };
    (0..knots.len())
        .map(|knot| {
            let deps = knots[knot].deps.iter().copied();
            deps.filter(|dep| *dep < knots.len() && !is_implied(knot, *dep))
                .collect()
        })
        .collect()
}

/// All nodes above one; `on_path` ends circles, which no valid plan has.
fn ancestors(
    knots: &[Knot],
    knot: usize,
    known: &mut BTreeMap<usize, BTreeSet<usize>>,
    on_path: &mut BTreeSet<usize>,
) -> BTreeSet<usize> {
    if let Some(all) = known.get(&knot) {
        return all.clone();
    }
    let mut all = BTreeSet::new();
    if on_path.insert(knot) {
        for dep in knots[knot].deps.iter().filter(|dep| **dep < knots.len()) {
            all.insert(*dep);
            all.extend(ancestors(knots, *dep, known, on_path));
        }
        on_path.remove(&knot);
        known.insert(knot, all.clone());
    }
    all
}

fn dependents(deps: &[BTreeSet<usize>]) -> Vec<BTreeSet<usize>> {
    let mut after = vec![BTreeSet::new(); deps.len()];
    for (knot, deps) in deps.iter().enumerate() {
        for dep in deps {
            after[*dep].insert(knot);
        }
    }
    after
}

/// Nodes by the length of the longest chain above them.
fn layers(knots: &[Knot], after: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let mut level = vec![0_usize; knots.len()];
    for _ in 0..knots.len() {
        let mut is_settled = true;
        for (from, to) in after
            .iter()
            .enumerate()
            .flat_map(|(from, to)| to.iter().map(move |to| (from, *to)))
        {
            if level[to] <= level[from] && level[from] < knots.len() {
                level[to] = level[from] + 1;
                is_settled = false;
            }
        }
        if is_settled {
            break;
        }
    }
    let mut layers = vec![Vec::new(); level.iter().max().map_or(0, |top| top + 1)];
    for (knot, level) in level.iter().enumerate() {
        layers[*level].push(knot);
    }
    layers.retain(|layer: &Vec<usize>| !layer.is_empty());
    layers
}

/// Layers cut into rows that fit, of about the same length.
fn chunks(knots: &[Knot], layers: &[Vec<usize>], room: usize) -> Vec<Vec<usize>> {
    let mut rows = Vec::new();
    for layer in layers {
        let broad = |knot: &usize| breadth(knots, &Item::Knot(*knot)) + GAP;
        let whole: usize = layer.iter().map(broad).sum();
        let count = whole.div_ceil((room + GAP).max(1)).max(1);
        let share = whole.div_ceil(count);
        let (mut row, mut used) = (Vec::new(), 0);
        for knot in layer {
            let is_full = used + broad(knot) > room + GAP || used >= share;
            if is_full && !row.is_empty() {
                rows.push(std::mem::take(&mut row));
                used = 0;
            }
            used += broad(knot);
            row.push(*knot);
        }
        rows.push(row);
    }
    rows
}
