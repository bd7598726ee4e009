//! A plan drawn in the terminal: boxes in rows from what can start at once to what comes last, lines where one waits for another.

mod canvas;
mod place;
mod route;
mod rows;

use canvas::Canvas;
use rows::{Item, Rows};

/// With which characters lines are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strokes {
    /// Box-drawing characters.
    Box,
    /// Plain ASCII.
    Ascii,
}

/// One node to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knot {
    /// What its box says, on one line.
    pub label: String,
    /// The places in the list of the nodes it waits for.
    pub deps: Vec<usize>,
}

/// The lines of a drawing that is `width` columns wide if it can be. Lines that say nothing new are left out: who waits for
/// a node whose own dependencies it shares is joined to that node only.
pub fn dag(knots: &[Knot], width: usize, strokes: Strokes) -> Vec<String> {
    let knots = fitting(knots, width, strokes);
    let rows = Rows::of(&knots, width);
    let placed = place::rows(&knots, &rows, width);
    let mut canvas = Canvas::new(strokes);
    for (at, row) in placed.iter().enumerate() {
        for (item, spot) in row {
            match item {
                Item::Knot(knot) => canvas.draw_box(spot, &knots[*knot].label),
                Item::Lane(_) => canvas.draw_lane(spot.center),
            }
        }
        canvas.advance(3);
        if let Some(next) = placed.get(at + 1) {
            let nets = route::nets(&rows.links[at], row, next);
            canvas.channel(&route::channel(nets));
        }
    }
    canvas.lines()
}

/// The knots with labels that fit into the width.
fn fitting(knots: &[Knot], width: usize, strokes: Strokes) -> Vec<Knot> {
    let most = width.saturating_sub(4).max(4);
    let short = |label: &str| match label.chars().count() > most {
        true => {
            let head: String = label.chars().take(most - 1).collect();
            head + match strokes {
                Strokes::Box => "…",
                Strokes::Ascii => "~",
            }
        }
        false => label.to_owned(),
    };
    let knots = knots.iter().map(|knot| Knot {
        label: short(&knot.label),
        deps: knot.deps.clone(),
    });
    knots.collect()
}

#[cfg(test)]
mod tests;
