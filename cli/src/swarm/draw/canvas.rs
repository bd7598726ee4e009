//! The grid of characters a drawing is put together on.

use super::Strokes;
use super::place::Spot;
use super::route::Net;

/// Directions in which a line leaves a cell.
const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;

/// A drawing under way, from top to bottom.
pub struct Canvas {
    strokes: Strokes,
    rows: Vec<Vec<Cell>>,
    top: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Line(u8),
    Char(char),
}

impl Canvas {
    /// An empty one.
    pub fn new(strokes: Strokes) -> Self {
        Self {
            strokes,
            rows: Vec::new(),
            top: 0,
        }
    }

    /// Goes on below.
    pub fn advance(&mut self, lines: usize) {
        self.top += lines;
    }

    fn cell(&mut self, x: usize, y: usize) -> &mut Cell {
        let y = self.top + y;
        if self.rows.len() <= y {
            self.rows.resize(y + 1, Vec::new());
        }
        if self.rows[y].len() <= x {
            self.rows[y].resize(x + 1, Cell::Line(0));
        }
        &mut self.rows[y][x]
    }

    fn add(&mut self, x: usize, y: usize, bits: u8) {
        let cell = self.cell(x, y);
        match cell {
            Cell::Line(known) => *known |= bits,
            Cell::Char(_) => {}
        }
    }

    /// A box of three lines with a label.
    pub fn draw_box(&mut self, spot: &Spot, label: &str) {
        let (left, right) = (spot.left, spot.left + spot.width - 1);
        for y in [0, 2] {
            for x in left..=right {
                let sides = [(LEFT, x > left), (RIGHT, x < right)];
                let bits = sides.iter().filter(|(_, is)| *is).map(|(bit, _)| bit).sum();
                self.add(x, y, bits);
            }
        }
        for x in [left, right] {
            self.add(x, 0, DOWN);
            self.add(x, 1, UP | DOWN);
            self.add(x, 2, UP);
        }
        for (at, c) in label.chars().enumerate() {
            *self.cell(left + 2 + at, 1) = Cell::Char(c);
        }
    }

    /// A line that passes a row of boxes.
    pub fn draw_lane(&mut self, x: usize) {
        (0..3).for_each(|y| self.add(x, y, UP | DOWN));
    }

    /// The lines between the row above and the row below, which joins them in its first and last line.
    pub fn channel(&mut self, nets: &[Net]) {
        let tracks = nets.iter().filter(|net| !net.is_straight());
        let height = tracks.map(|net| net.track + 1).max().unwrap_or(0).max(1);
        let ups: Vec<usize> = nets.iter().flat_map(|net| &net.from).copied().collect();
        let downs: Vec<usize> = nets.iter().flat_map(|net| &net.to).copied().collect();
        self.top -= 1;
        ups.iter().for_each(|x| self.add(*x, 0, DOWN));
        self.top += 1;
        for net in nets.iter().filter(|net| net.is_straight()) {
            let (x, _) = net.extent();
            (0..height).for_each(|y| self.add(x, y, UP | DOWN));
        }
        for net in nets.iter().filter(|net| !net.is_straight()) {
            for x in &net.from {
                (0..net.track).for_each(|y| self.add(*x, y, UP | DOWN));
                self.add(*x, net.track, UP);
            }
            for x in &net.to {
                self.add(*x, net.track, DOWN);
                (net.track + 1..height).for_each(|y| self.add(*x, y, UP | DOWN));
            }
        }
        for net in nets.iter().filter(|net| !net.is_straight()) {
            self.sideways(net);
        }
        self.top += height;
        downs.iter().for_each(|x| self.add(*x, 0, UP));
    }

    /// The level part of a line. A stranger's line that it crosses is left whole: it is no meeting.
    fn sideways(&mut self, net: &Net) {
        let (first, last) = net.extent();
        for x in first..=last {
            let is_joined = net.from.contains(&x) || net.to.contains(&x);
            let is_crossing = *self.cell(x, net.track) == Cell::Line(UP | DOWN);
            if is_crossing && !is_joined {
                continue;
            }
            let sides = [(LEFT, x > first), (RIGHT, x < last)];
            let bits = sides.iter().filter(|(_, is)| *is).map(|(bit, _)| bit).sum();
            self.add(x, net.track, bits);
        }
    }

    /// The finished lines, without space at their ends.
    pub fn lines(&self) -> Vec<String> {
        let shown = |cell: &Cell| match cell {
            Cell::Char(c) => *c,
            Cell::Line(bits) => stroke(*bits, self.strokes),
        };
        let lines = self.rows.iter().map(|row| {
            let line: String = row.iter().map(shown).collect();
            line.trim_end().to_owned()
        });
        lines.collect()
    }
}

/// The character whose lines leave in these directions.
fn stroke(bits: u8, strokes: Strokes) -> char {
    const BOX: [char; 16] = [
        ' ', '│', '│', '│', '─', '┘', '┐', '┤', '─', '└', '┌', '├', '─', '┴', '┬', '┼',
    ];
    const ASCII: [char; 16] = [
        ' ', '|', '|', '|', '-', '+', '+', '+', '-', '+', '+', '+', '-', '+', '+', '+',
    ];
    match strokes {
        Strokes::Box => BOX[usize::from(bits & 15)],
        Strokes::Ascii => ASCII[usize::from(bits & 15)],
    }
}
