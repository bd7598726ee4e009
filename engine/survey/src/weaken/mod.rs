//! Whether a change weakens the tests it touches: by code, from the syntax of the files before and after.

mod constant;
mod go;
mod python;
mod read;
mod rust;
mod script;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::{Language, Limits};
use read::{Function, functions};

/// A file that a change touches. Each side is `None` where there is no such file, or none that can be read.
#[derive(Debug, Clone, Copy)]
pub struct Touched<'a> {
    /// Its path, the same before and after.
    pub path: &'a str,
    /// Its text before.
    pub before: Option<&'a str>,
    /// Its text after.
    pub after: Option<&'a str>,
}

/// A test that checks less than it did.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weakened {
    /// Its file, before.
    pub path: String,
    /// Its name, with the groups it stands in.
    pub test: String,
    /// How.
    pub how: How,
}

/// How a test was weakened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It is not there any more.
    Gone,
    /// It is skipped, ignored or expected to fail.
    Skipped,
    /// It has others of its file not run.
    Alone,
    /// Nothing is left in it.
    Emptied,
    /// It compares constants.
    Hollow,
    /// It checks fewer things.
    Fewer {
        /// How many it checked.
        before: u32,
        /// How many it checks.
        after: u32,
    },
}

impl fmt::Display for Weakened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ", self.path, self.test)?;
        match self.how {
            How::Gone => f.write_str("is gone"),
            How::Skipped => f.write_str("is skipped now"),
            How::Alone => f.write_str("keeps other tests from being run"),
            How::Emptied => f.write_str("has nothing in it any more"),
            How::Hollow => f.write_str("compares constants"),
            How::Fewer { before, after } => write!(f, "checks {after}, it checked {before}"),
        }
    }
}

/// Whether a path is that of a file whose tests can be read.
pub fn has_readable_tests(path: &str) -> bool {
    Language::of(path).is_some()
}

/// The tests a change weakens, sorted. What is moved, renamed, split or joined is no weaker as long as all tests of the
/// touched files together check as much as before; a test that is skipped, emptied or made to compare constants is
/// weaker whatever the others check. Files of other languages, and larger ones than `limits` has parsed, are passed over.
pub fn weakened(files: &[Touched<'_>], limits: Limits) -> Vec<Weakened> {
    let was = Side::of(files, |file| file.before, limits);
    let now = Side::of(files, |file| file.after, limits);
    let (mut lent_before, mut lent_after) = (was.lent(), now.lent());
    for name in was.program().intersection(&now.program()) {
        // What the program itself checks is no test's business: a change of that makes no test weaker.
        let of = |lent: &BTreeMap<String, u32>| lent.get(*name).copied().unwrap_or(0);
        let most = of(&lent_before).max(of(&lent_after));
        lent_before.insert((*name).to_owned(), most);
        lent_after.insert((*name).to_owned(), most);
    }
    let (before, after) = (was.weighed(&lent_before), now.weighed(&lent_after));
    let total = |side: &Tests| {
        side.values()
            .map(|test| u64::from(test.weight))
            .sum::<u64>()
    };
    let has_fallen = total(&after) < total(&before);
    let alive = before.iter().filter(|(_, test)| test.weight > 0);
    let found = alive.filter_map(|(at, was)| {
        let moved = || {
            let same = |(other, test): &(&At, &Test)| {
                test.seen.leaf() == was.seen.leaf() && !before.contains_key(*other)
            };
            after.iter().find(same).map(|(_, test)| test)
        };
        let now = after.get(at).or_else(moved);
        let how = compare(was, now, has_fallen)?;
        let (path, test) = at.clone();
        Some(Weakened { path, test, how })
    });
    found.collect()
}

/// How a test is weaker than it was.
fn compare(was: &Test, now: Option<&Test>, has_fallen: bool) -> Option<How> {
    let Some(now) = now else {
        return has_fallen.then_some(How::Gone);
    };
    let (old, new) = (&was.seen, &now.seen);
    if new.is_skipped && !old.is_skipped {
        Some(How::Skipped)
    } else if new.is_alone && !old.is_alone {
        Some(How::Alone)
    } else if new.is_empty && !old.is_empty {
        Some(How::Emptied)
    } else if new.hollow > old.hollow && now.weight < was.weight {
        Some(How::Hollow)
    } else if now.weight < was.weight && has_fallen {
        let (before, after) = (was.weight, now.weight);
        Some(How::Fewer { before, after })
    } else {
        None
    }
}

/// A path and the name of a test in it.
type At = (String, String);

type Tests = BTreeMap<At, Test>;

/// A test and how much it checks.
struct Test {
    seen: Function,
    weight: u32,
}

/// How far checks are followed from one function into the next.
const DEPTH: usize = 4;

/// The functions of all touched files on one side of a change.
struct Side(Vec<(String, Function)>);

impl Side {
    fn of<'a>(
        files: &[Touched<'a>],
        side: impl Fn(&Touched<'a>) -> Option<&'a str>,
        limits: Limits,
    ) -> Self {
        let read = |file: &Touched<'a>| {
            let (language, text) = (Language::of(file.path)?, side(file)?);
            let seen = functions(language, (file.path, text), limits)?;
            Some(seen.into_iter().map(|one| (file.path.to_owned(), one)))
        };
        Self(files.iter().filter_map(read).flatten().collect())
    }

    fn others(&self) -> impl Iterator<Item = &Function> {
        let others = self.0.iter().filter(|(_, one)| !one.is_test);
        others.map(|(_, one)| one)
    }

    /// The names of the functions that stand among no tests.
    fn program(&self) -> BTreeSet<&str> {
        let own = self.others().filter(|one| !one.is_among_tests);
        own.map(Function::leaf).collect()
    }

    /// What each function that is no test checks for those that call it.
    fn lent(&self) -> BTreeMap<String, u32> {
        let mut lent: BTreeMap<String, u32> = BTreeMap::new();
        for _ in 0..DEPTH {
            let next = self
                .others()
                .map(|one| (one.leaf().to_owned(), checks(one, &lent)));
            lent = next.filter(|(_, checks)| *checks > 0).collect();
        }
        lent
    }

    /// The tests, with how much each checks.
    fn weighed(self, lent: &BTreeMap<String, u32>) -> Tests {
        let tests = self.0.into_iter().filter(|(_, one)| one.is_test);
        let weighed = tests.map(|(path, seen)| {
            let weight = weight(&seen, lent);
            ((path, seen.name.clone()), Test { seen, weight })
        });
        weighed.collect()
    }
}

fn checks(function: &Function, lent: &BTreeMap<String, u32>) -> u32 {
    let called = function.calls.iter();
    let called = called.filter_map(|name| lent.get(name));
    let own = called.fold(function.checks, |sum, checks| sum.saturating_add(*checks));
    own.saturating_mul(function.cases.max(1))
}

/// How much a test checks. One without any check that is known still fails where its code does.
fn weight(test: &Function, lent: &BTreeMap<String, u32>) -> u32 {
    if test.is_skipped || test.is_empty {
        return 0;
    }
    match checks(test, lent) {
        0 if test.hollow > 0 => 0,
        checks => checks.max(1),
    }
}
