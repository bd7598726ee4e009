//! One glob and a set of globs over paths relative to the repository's root, `/` between names.

use std::fmt;

use super::parse::{self, GlobError};
use super::{intersects, meet};

/// A glob: `*` and `?` within one name, `**` for any number of folders, `[..]` for one of some characters, `{a,b}` for
/// alternatives, `\` before a character that is to be itself. A path that ends in `/` means all below that folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    pub(super) patterns: Vec<Pattern>,
}

/// A glob without alternatives: the steps of each name on the way.
pub(super) type Pattern = Vec<Step>;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Any number of folders, none too.
    Folders,
    /// One name.
    Name(Vec<Part>),
}

/// One part of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// This character.
    Char(char),
    /// Any one character.
    One,
    /// Any run of characters, an empty one too.
    Run,
    /// One character of these ranges.
    Of(Vec<(char, char)>),
}

impl Glob {
    /// Reads a glob.
    ///
    /// # Errors
    /// [`GlobError`] if it is malformed, leaves the repository, or names git's own folder.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        let (text, patterns) = parse::parse(text)?;
        Ok(Self { text, patterns })
    }

    /// The glob without needless `./` and `//`, a folder's trailing `/` written as `/**`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it names this path, relative to the root. Case counts; nothing below `.git` is ever named.
    pub fn matches(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        let is_git = |name: &&str| name.eq_ignore_ascii_case(".git");
        !names.iter().any(is_git) && self.patterns.iter().any(|p| meet::names(p, &names))
    }

    /// Whether it names everything there is.
    pub fn is_everything(&self) -> bool {
        let all = [Step::Folders, Step::Name(vec![Part::Run])];
        self.patterns.iter().any(|pattern| pattern[..] == all)
    }

    /// The one path it names, if it has no wildcard.
    pub fn literal(&self) -> Option<String> {
        let [pattern] = &self.patterns[..] else {
            return None;
        };
        let names = pattern.iter().map(|step| match step {
            Step::Folders => None,
            Step::Name(parts) => literal(parts),
        });
        Some(names.collect::<Option<Vec<_>>>()?.join("/"))
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

pub(super) fn literal(parts: &[Part]) -> Option<String> {
    let char = |part: &Part| match part {
        Part::Char(c) => Some(*c),
        Part::One | Part::Run | Part::Of(_) => None,
    };
    parts.iter().map(char).collect()
}

/// Several globs: what any of them names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Globs(Vec<Glob>);

impl Globs {
    /// Reads globs.
    ///
    /// # Errors
    /// The first [`GlobError`].
    pub fn parse(texts: &[String]) -> Result<Self, GlobError> {
        texts.iter().map(|text| Glob::parse(text)).collect()
    }

    /// Whether there are none, so that nothing is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The globs.
    pub fn iter(&self) -> impl Iterator<Item = &Glob> {
        self.0.iter()
    }

    /// Whether any of them names this path, relative to the root.
    pub fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|glob| glob.matches(path))
    }

    /// Whether some path could be named by both.
    pub fn intersects(&self, other: &Self) -> bool {
        self.shared(other).is_some()
    }

    /// The first pair of globs that could name the same path.
    pub fn shared<'a>(&'a self, other: &'a Self) -> Option<(&'a Glob, &'a Glob)> {
        let pairs = self
            .0
            .iter()
            .flat_map(|a| other.0.iter().map(move |b| (a, b)));
        pairs.into_iter().find(|(a, b)| intersects(a, b))
    }
}

impl FromIterator<Glob> for Globs {
    fn from_iter<T: IntoIterator<Item = Glob>>(globs: T) -> Self {
        Self(globs.into_iter().collect())
    }
}
