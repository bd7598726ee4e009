//! Drawings, looked at, and followed line by line.

use std::collections::BTreeSet;

use super::{Knot, Strokes, dag};

/// `a; b: a; c: a b`: each node with what it waits for.
fn knots(text: &str) -> Vec<Knot> {
    let parts: Vec<(&str, &str)> = text
        .split(';')
        .map(|part| part.trim().split_once(':').unwrap_or((part.trim(), "")))
        .collect();
    let place = |name: &str| parts.iter().position(|(known, _)| *known == name).unwrap();
    let made = parts.iter().map(|(name, deps)| Knot {
        label: (*name).to_owned(),
        deps: deps.split_whitespace().map(place).collect(),
    });
    made.collect()
}

const CRATES: &str = "base; io: base; text: base; parse: text; lex: text; ast: parse lex; eval: ast; opt: ast; jit: opt eval; \
    cli: jit io; docs: base; bench: jit; net: io; server: net jit; tests: cli server";

const FAN: &str = "contract; a1: contract; a2: contract; a3: contract; a4: contract; a5: contract; a6: contract; \
    a7: contract; a8: contract; verify: a1 a2 a3 a4 a5 a6 a7 a8; report: verify";

#[test]
fn drawings_read_from_first_to_last() {
    let few = dag(
        &knots("plan; left: plan; right: plan; join: left right plan; alone"),
        60,
        Strokes::Box,
    );
    insta::assert_snapshot!("few", few.join("\n"));
    insta::assert_snapshot!("crates", dag(&knots(CRATES), 80, Strokes::Box).join("\n"));
    insta::assert_snapshot!(
        "fan_in_a_narrow_terminal",
        dag(&knots(FAN), 40, Strokes::Box).join("\n")
    );
    insta::assert_snapshot!("ascii", dag(&knots(FAN), 80, Strokes::Ascii).join("\n"));
}

#[test]
fn nothing_and_names_that_do_not_fit_are_drawn_too() {
    assert_eq!(dag(&[], 80, Strokes::Box), Vec::<String>::new());
    let long = knots("a-name-that-goes-on-and-on-and-on");
    assert_eq!(dag(&long, 20, Strokes::Box)[1], "│ a-name-that-goe… │");
    assert_eq!(dag(&long, 1, Strokes::Ascii)[1], "| a-n~ |");
    let circle = [vec![1], vec![0]].map(|deps| Knot {
        label: "x".to_owned(),
        deps,
    });
    assert!(!dag(&circle, 20, Strokes::Box).is_empty());
}

/// A DAG of `count` nodes, each waiting for up to two earlier ones.
fn random(count: usize, seed: u64) -> Vec<Knot> {
    let mut state = seed;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let made = (0..count).map(|at| Knot {
        label: format!("n{at}"),
        deps: match at {
            0..3 => Vec::new(),
            _ => (0..=next(2)).map(|_| next(at)).collect(),
        },
    });
    made.collect()
}

#[test]
fn every_line_can_be_followed_from_a_node_to_all_that_wait_for_it() {
    for seed in 0..40 {
        for count in [3, 8, 20, 40] {
            let knots = random(count, seed);
            let lines = dag(&knots, 100, Strokes::Box);
            let grid = Grid::of(&lines);
            for (at, knot) in knots.iter().enumerate() {
                for dep in &knot.deps {
                    let reached = grid.below(&knots[*dep].label, &mut BTreeSet::new());
                    assert!(
                        reached.contains(&knot.label),
                        "{dep} to {at} of {count}, seed {seed}\n{}",
                        lines.join("\n")
                    );
                }
            }
            let broadest = lines.iter().map(|line| line.chars().count()).max().unwrap();
            assert!(broadest <= 104, "{broadest} columns\n{}", lines.join("\n"));
        }
    }
}

/// A drawing by cells.
struct Grid(Vec<Vec<char>>);

type Step = (usize, usize, char);

impl Grid {
    fn of(lines: &[String]) -> Self {
        Self(lines.iter().map(|line| line.chars().collect()).collect())
    }

    fn at(&self, x: usize, y: usize) -> char {
        self.0
            .get(y)
            .and_then(|row| row.get(x))
            .copied()
            .unwrap_or(' ')
    }

    /// Row and first column of a label.
    fn find(&self, label: &str) -> (usize, usize) {
        let wanted: Vec<char> = format!("│ {label} │").chars().collect();
        let rows = self.0.iter().enumerate();
        let mut found = rows
            .filter_map(|(y, row)| Some((row.windows(wanted.len()).position(|w| w == wanted)?, y)));
        found
            .next()
            .unwrap_or_else(|| panic!("{label} is not drawn"))
    }

    /// Every label that lines lead to from a node's box, through other boxes too.
    fn below(&self, label: &str, seen: &mut BTreeSet<Step>) -> BTreeSet<String> {
        let (left, y) = self.find(label);
        let width = label.chars().count() + 4;
        let outs = (left + 1..left + width - 1).filter(|x| self.at(*x, y + 1) == '┬');
        let mut ahead: Vec<Step> = outs.map(|x| (x, y + 2, 'v')).collect();
        let mut reached = BTreeSet::new();
        while let Some((x, y, way)) = ahead.pop() {
            if !seen.insert((x, y, way)) {
                continue;
            }
            if let Some(label) = self.entered(x, y).filter(|_| way == 'v') {
                reached.extend(self.below(&label, seen));
                reached.insert(label);
                continue;
            }
            let turns: &[char] = match (self.at(x, y), way) {
                ('│', _) => &[way],
                ('─', _) => &[way],
                ('┌', '<') | ('┐', '>') | ('┬' | '├' | '┤', '<' | '>') => &['v', way],
                ('└', 'v') => &['>'],
                ('┘', 'v') => &['<'],
                ('┴', 'v') => &['<', '>'],
                ('┴', _) => &[way],
                ('├' | '┤' | '┼' | '┬', _) => &['<', '>', 'v'],
                _ => &[],
            };
            ahead.extend(turns.iter().map(|turn| match turn {
                'v' => (x, y + 1, 'v'),
                '<' => (x.saturating_sub(1), y, '<'),
                _ => (x + 1, y, '>'),
            }));
        }
        reached
    }

    /// The label of the box whose upper side is met here.
    fn entered(&self, x: usize, y: usize) -> Option<String> {
        let row = self.0.get(y)?;
        let left = (0..x)
            .rev()
            .take_while(|at| matches!(row[*at], '┌' | '─' | '┴'))
            .find(|at| row[*at] == '┌')?;
        let inner: String = self.0.get(y + 1)?.get(left..)?.iter().collect();
        let label = inner.strip_prefix("│ ")?.split(" │").next()?;
        let is_label = label.chars().all(|c| c.is_ascii_alphanumeric());
        (is_label && self.at(x, y) == '┴').then(|| label.to_owned())
    }
}
