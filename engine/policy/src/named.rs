//! Files named by the words of a command: literally, by a glob, or behind `=`, `@`, `:` and `-x`.

use std::path::{Path, PathBuf};

use protocol::{RuleEffect, RuleRef};

use crate::Situation;
use crate::place::tidy;
use crate::protection::{Protected, is_key, protected};
use crate::rule::Pattern;
use crate::shell::{Atom, Word};
use crate::tool_name::Family;

/// How sure it is that a word names a file denied for reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden<'a> {
    /// It does, or its glob could.
    Named(&'a RuleRef),
    /// Its open part could make it so.
    Possibly,
    /// It does not.
    No,
}

/// Whether a word names a file that is denied for reading.
pub(crate) fn hidden<'s>(word: &Word, cwds: &[PathBuf], situation: &Situation<'s>) -> Hidden<'s> {
    let rules = situation.rules;
    if !rules.hides_files() {
        return Hidden::No;
    }
    let mut possibly = false;
    for name in names(word) {
        if name.has_gap() {
            let tells = name
                .0
                .iter()
                .any(|atom| matches!(atom, Atom::Char(c, _) if !"/.".contains(*c)));
            possibly |= tells
                && shapes(&name, cwds, situation)
                    .iter()
                    .any(|shape| rules.hidden_from_glob(shape).is_some());
            continue;
        }
        for path in paths(&name, cwds, situation) {
            if let Some(rule) = hiding_rule(&path, situation) {
                return Hidden::Named(rule);
            }
        }
        if name.is_glob() {
            for shape in shapes(&name, cwds, situation) {
                if let Some(rule) = rules.hidden_from_glob(&shape) {
                    return Hidden::Named(rule);
                }
            }
        }
    }
    if possibly {
        Hidden::Possibly
    } else {
        Hidden::No
    }
}

fn hiding_rule<'s>(path: &PathBuf, situation: &Situation<'s>) -> Option<&'s RuleRef> {
    let inside = path.join("\u{1}");
    if !situation.rules.unreadable(path) && !situation.rules.unreadable(&inside) {
        return None;
    }
    let mut rules = situation.rules.with_effect(RuleEffect::Deny);
    rules
        .find(|rule| rule.holds_for_file("read", &Family::Reading, &[path, &inside]))
        .map(|rule| &rule.origin)
}

/// The protected path a word names, with how it is protected.
pub(crate) fn guarded(
    word: &Word,
    cwds: &[PathBuf],
    situation: &Situation<'_>,
) -> Option<Protected> {
    let mut names = names(word).into_iter();
    names.find_map(|name| {
        let mut paths = paths(&name, cwds, situation).into_iter();
        paths.find_map(|path| protected(&path, situation.place))
    })
}

/// Whether a word names a key or token.
pub(crate) fn names_key(word: &Word, cwds: &[PathBuf], situation: &Situation<'_>) -> bool {
    names(word).iter().any(|name| {
        let mut paths = paths(name, cwds, situation).into_iter();
        paths.any(|path| is_key(&path, situation.place))
    })
}

/// The longest path there is, in characters, and how many tails of one word are taken for names: a word is as long as
/// whoever writes it likes.
const PATH_CHARS: usize = 4_096;
const TAILS: usize = 64;

/// The word itself and every tail of it that could be a file name of its own.
pub(crate) fn names(word: &Word) -> Vec<Word> {
    let mut names = vec![word.clone()];
    let first = word.0.len().saturating_sub(PATH_CHARS);
    let ends = word.0.iter().enumerate().skip(first).rev();
    let tails = ends.filter(|(_, atom)| matches!(atom, Atom::Char('=' | '@' | ':' | ',', _)));
    names.extend(tails.take(TAILS).map(|(at, _)| word.after(at + 1)));
    if matches!(word.0.first(), Some(Atom::Char('-', _))) {
        names.push(word.after(2));
    }
    names.retain(|name| !name.0.is_empty());
    names
}

/// Where a word leads if it is a path, by its spelling and by its links; a glob up to its first star.
pub(crate) fn paths(word: &Word, cwds: &[PathBuf], situation: &Situation<'_>) -> Vec<PathBuf> {
    let text: String = word
        .0
        .iter()
        .map_while(|atom| match atom {
            Atom::Char(c, _) => Some(*c),
            Atom::Gap(_) => None,
        })
        .collect();
    let text = match (text.strip_prefix("~/"), &situation.place.home) {
        (Some(rest), Some(home)) => home.join(rest).to_string_lossy().into_owned(),
        _ => text,
    };
    let mut paths = Vec::new();
    for cwd in cwds {
        let asked = cwd.join(&text);
        let plain = tidy(&asked);
        for path in [
            (situation.resolve)(&asked),
            (situation.resolve)(&plain),
            plain,
        ] {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths
}

/// A word as absolute globs: below each folder, by spelling and by where its plain beginning leads.
pub(crate) fn shapes(word: &Word, cwds: &[PathBuf], situation: &Situation<'_>) -> Vec<Pattern> {
    let mut chars: Vec<(char, bool)> = Vec::new();
    for atom in &word.0 {
        match atom {
            Atom::Char(c, quoted) => chars.push((*c, !quoted)),
            Atom::Gap(_) => chars.extend([('*', true), ('*', true)]),
        }
    }
    let mut shapes = Vec::new();
    for cwd in cwds {
        let (plain, rest) = split(&chars);
        let start = cwd.join(plain);
        for start in [(situation.resolve)(&start), tidy(&start)] {
            shapes.push(shape(&start, &rest));
        }
    }
    shapes
}

/// The components before the first special one, and those from there on.
fn split(chars: &[(char, bool)]) -> (String, Vec<(char, bool)>) {
    let special = |c: &(char, bool)| c.1 && "*?[".contains(c.0);
    let first = chars.iter().position(special).unwrap_or(chars.len());
    let slash = chars[..first]
        .iter()
        .rposition(|c| c.0 == '/')
        .map_or(0, |at| at + 1);
    let plain = chars[..slash].iter().map(|c| c.0).collect();
    (plain, chars[slash..].to_vec())
}

fn shape(start: &Path, rest: &[(char, bool)]) -> Pattern {
    let mut components: Vec<Vec<(char, bool)>> = start
        .to_string_lossy()
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| part.chars().map(|c| (c, false)).collect())
        .collect();
    for component in rest.split(|c| c.0 == '/') {
        let text: String = component.iter().map(|c| c.0).collect();
        match text.as_str() {
            "" | "." => {}
            ".." => {
                components.pop();
            }
            _ => components.push(component.to_vec()),
        }
    }
    let mut absolute = Vec::new();
    for component in components {
        absolute.push(('/', false));
        absolute.extend(component);
    }
    Pattern::of_shell(&absolute, true)
}
