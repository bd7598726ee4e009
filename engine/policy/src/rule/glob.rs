//! Whether two globs can name the same path: what a shell glob might expand into.

use std::collections::HashSet;
use std::path::Path;

/// One step of a glob.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// This character, case folded.
    Char(char),
    /// Any one character but `/`; `true` if not a dot (a shell glob at the start of a name).
    One(bool),
    /// Any run of characters but `/`; `true` if it may not begin with a dot.
    Run(bool),
    /// Anything, `/` too.
    Deep,
}

/// Whose globs: a rule's stars take names that begin with a dot, the shell's do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Rule,
    Shell,
}

/// A glob over whole absolute paths. It may match more than the glob it came from, never less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Step>);

/// One character of a shell word: whether a glob character is special there is the shell's knowledge.
pub(crate) type ShellChar = (char, bool);

impl Pattern {
    /// From a rule's absolute glob.
    pub(crate) fn of_rule(glob: &str) -> Self {
        let mut chars = Vec::new();
        let mut rest = glob.chars();
        while let Some(c) = rest.next() {
            match c {
                '\\' => chars.extend(rest.next().map(|c| (c, false))),
                c => chars.push((c, true)),
            }
        }
        Self(steps(&chars, Dialect::Rule))
    }

    /// From an absolute path whose characters may be special to the shell.
    pub(crate) fn of_shell(chars: &[ShellChar], dots_hidden: bool) -> Self {
        let mut steps = steps(chars, Dialect::Shell);
        if !dots_hidden {
            for step in &mut steps {
                match step {
                    Step::One(hidden) | Step::Run(hidden) => *hidden = false,
                    Step::Char(_) | Step::Deep => {}
                }
            }
        }
        Self(steps)
    }

    /// Everything below a folder.
    pub(crate) fn below(folder: &Path) -> Self {
        let text = folder.to_string_lossy();
        let chars: Vec<ShellChar> = text
            .trim_end_matches('/')
            .chars()
            .map(|c| (c, false))
            .collect();
        let mut steps = steps(&chars, Dialect::Shell);
        steps.extend([Step::Char('/'), Step::Deep]);
        Self(steps)
    }

    /// Whether some path matches both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![(0, 0)];
        while let Some((a, b)) = open.pop() {
            if !seen.insert((a, b)) {
                continue;
            }
            if a == self.0.len() && b == other.0.len() {
                return true;
            }
            next(self.0.get(a), other.0.get(b), |da, db| {
                open.push((a + da, b + db));
            });
        }
        false
    }
}

fn next(a: Option<&Step>, b: Option<&Step>, mut go: impl FnMut(usize, usize)) {
    // A run may end here without another character.
    if matches!(a, Some(Step::Run(_) | Step::Deep)) {
        go(1, 0);
    }
    if matches!(b, Some(Step::Run(_) | Step::Deep)) {
        go(0, 1);
    }
    let (Some(a), Some(b)) = (a, b) else { return };
    if !share(a, b) {
        return;
    }
    let advance = |step: &Step| usize::from(matches!(step, Step::Char(_) | Step::One(_)));
    if advance(a) + advance(b) > 0 {
        go(advance(a), advance(b));
    }
}

/// Whether one character can satisfy both steps.
fn share(a: &Step, b: &Step) -> bool {
    match (a, b) {
        (Step::Char(a), Step::Char(b)) => a == b,
        (Step::Char(c), Step::One(hidden) | Step::Run(hidden))
        | (Step::One(hidden) | Step::Run(hidden), Step::Char(c)) => {
            *c != '/' && !(*hidden && *c == '.')
        }
        (Step::Deep, _) | (_, Step::Deep) => true,
        (Step::One(_) | Step::Run(_), Step::One(_) | Step::Run(_)) => true,
    }
}

fn steps(chars: &[ShellChar], dialect: Dialect) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let starts_name = at == 0 || chars[at - 1].0 == '/';
        let hidden = starts_name && dialect == Dialect::Shell;
        match chars[at] {
            ('*', true) => at += run(&chars[at..], dialect, Step::Run(hidden), &mut steps),
            ('?', true) => steps.push(Step::One(hidden)),
            ('[', true) => match class(&chars[at..]) {
                Some(length) => {
                    steps.push(Step::One(hidden));
                    at += length - 1;
                }
                None => steps.push(Step::Char('[')),
            },
            // Alternatives in a rule: too rare to follow, so they match anything.
            ('{', true) if dialect == Dialect::Rule => {
                steps.push(Step::Deep);
                at += chars[at..]
                    .iter()
                    .position(|c| c.0 == '}')
                    .unwrap_or_default();
            }
            (c, _) => steps.extend(c.to_lowercase().map(Step::Char)),
        }
        at += 1;
    }
    steps
}

/// A run of stars; returns how many characters beyond the first it took.
fn run(chars: &[ShellChar], dialect: Dialect, within: Step, steps: &mut Vec<Step>) -> usize {
    let stars = chars.iter().take_while(|c| **c == ('*', true)).count();
    let deep = stars > 1;
    // A rule's `**/` may also be nothing at all.
    let slash = dialect == Dialect::Rule && deep && chars.get(stars) == Some(&('/', true));
    steps.push(if deep { Step::Deep } else { within });
    stars - 1 + usize::from(slash)
}

/// The length of `[...]`, if it is closed.
fn class(chars: &[ShellChar]) -> Option<usize> {
    let skip = 1 + chars[1..]
        .iter()
        .take_while(|c| matches!(c.0, '!' | '^'))
        .count();
    let close = chars.get(skip + 1..)?.iter().position(|c| c.0 == ']')?;
    Some(skip + 1 + close + 1)
}
