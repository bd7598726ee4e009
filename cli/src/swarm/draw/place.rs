//! Where in its row each thing stands, and where lines meet it.

use super::Knot;
use super::rows::{GAP, Item, Rows, breadth};

/// Where a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// Its first column.
    pub left: usize,
    /// How many columns it takes.
    pub width: usize,
    /// Where a line leaves it downwards.
    pub center: usize,
}

/// A row with everything in its place.
pub type Placed = Vec<(Item, Spot)>;

/// Places all rows: each thing as near as there is room to the middle of what it is joined to.
pub fn rows(knots: &[Knot], rows: &Rows, width: usize) -> Vec<Placed> {
    let widths: Vec<Vec<usize>> = rows
        .items
        .iter()
        .map(|row| row.iter().map(|item| breadth(knots, item)).collect())
        .collect();
    let mut lefts: Vec<Vec<usize>> = widths
        .iter()
        .map(|row| spread(row, &vec![None; row.len()], width))
        .collect();
    for sweep in 0..4 {
        let order: Vec<usize> = match sweep % 2 {
            0 => (0..lefts.len()).rev().collect(),
            _ => (0..lefts.len()).collect(),
        };
        for at in order {
            let wishes = wishes(rows, &lefts, &widths, at, sweep % 2 == 0);
            lefts[at] = spread(&widths[at], &wishes, width);
        }
    }
    let margin = lefts.iter().flatten().min().copied().unwrap_or(0);
    let spots = |at: usize| {
        let places = lefts[at].iter().zip(&widths[at]);
        places.map(|(left, width)| Spot {
            left: left - margin,
            width: *width,
            center: left - margin + width / 2,
        })
    };
    let placed = rows.items.iter().enumerate();
    placed
        .map(|(at, items)| items.iter().cloned().zip(spots(at)).collect())
        .collect()
}

/// The wanted middle of each thing of a row: the mean of what it is joined to below, or above.
fn wishes(
    rows: &Rows,
    lefts: &[Vec<usize>],
    widths: &[Vec<usize>],
    at: usize,
    is_upwards: bool,
) -> Vec<Option<usize>> {
    let center = |row: usize, place: usize| lefts[row][place] + widths[row][place] / 2;
    let neighbours = |place: usize| -> Vec<usize> {
        match (is_upwards, at) {
            (true, _) => rows.links.get(at).map_or(Vec::new(), |links| {
                let mine = links.iter().filter(|(from, _)| *from == place);
                mine.map(|(_, to)| center(at + 1, *to)).collect()
            }),
            (false, 0) => Vec::new(),
            (false, _) => {
                let mine = rows.links[at - 1].iter().filter(|(_, to)| *to == place);
                mine.map(|(from, _)| center(at - 1, *from)).collect()
            }
        }
    };
    let mean = |places: Vec<usize>| match places.len() {
        0 => None,
        n => Some(places.iter().sum::<usize>() / n),
    };
    let count = widths[at].len();
    (0..count)
        .map(|place| Some(mean(neighbours(place)).unwrap_or_else(|| center(at, place))))
        .collect()
}

/// First columns from left to right, as near to the wanted middles as there is room without touching (least squares, by
/// pooling neighbours that would overlap), within the width where that is possible.
fn spread(widths: &[usize], wishes: &[Option<usize>], width: usize) -> Vec<usize> {
    let mut offset = 0;
    let mut offsets = Vec::new();
    let mut pools: Vec<(usize, usize)> = Vec::new();
    for (own, wish) in widths.iter().zip(wishes) {
        // Shifted so that "not touching" reads "not to the left of the one before".
        let wanted = wish.map_or(0, |middle| {
            (middle + width).saturating_sub(own / 2 + offset)
        });
        pools.push((wanted, 1));
        while let [.., (before, many), (last, few)] = pools[..] {
            if before * few <= last * many {
                break;
            }
            pools.truncate(pools.len() - 2);
            pools.push((before + last, many + few));
        }
        offsets.push(offset);
        offset += own + GAP;
    }
    let room = width.saturating_sub(offset.saturating_sub(GAP));
    let shifts = pools.iter().flat_map(|(sum, many)| {
        let mean = (sum / many).saturating_sub(width).min(room);
        std::iter::repeat_n(mean, *many)
    });
    shifts
        .zip(offsets)
        .map(|(shift, offset)| shift + offset)
        .collect()
}
