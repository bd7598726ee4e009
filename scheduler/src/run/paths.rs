//! Which paths a scope touches, and which of them are tests.

use protocol::Scope;

/// What some globs may name; taken wider than it is, never narrower.
pub(super) struct Touch<'a>(Vec<&'a str>);

impl<'a> Touch<'a> {
    /// All that a scope reads or writes. A scope that names no reads is taken by its writes.
    pub fn of(scope: &'a Scope) -> Self {
        let globs = scope.reads.iter().chain(&scope.writes);
        Self(globs.map(String::as_str).collect())
    }

    /// What a scope may change that its globs call tests.
    pub fn naming_tests(scope: &'a Scope) -> Self {
        let globs = scope.writes.iter().map(String::as_str);
        Self(globs.filter(|glob| is_test(glob)).collect())
    }

    pub fn has(&self, path: &str) -> bool {
        self.0.iter().any(|glob| path.starts_with(fixed(glob)))
    }
}

/// The part of a glob before its first wildcard.
fn fixed(glob: &str) -> &str {
    glob.split(['*', '?', '[', '{']).next().unwrap_or(glob)
}

/// Whether two scopes may write the same path.
pub(super) fn clash(a: &Scope, b: &Scope) -> bool {
    let meet = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
    let mut pairs = a
        .writes
        .iter()
        .flat_map(|a| b.writes.iter().map(move |b| (a, b)));
    pairs.any(|(a, b)| meet(fixed(a), fixed(b)))
}

/// Whether a path or glob looks like one of tests, in the manners of the common languages.
pub(super) fn is_test(path: &str) -> bool {
    let path = path.to_lowercase();
    let mut names = path.split('/').rev();
    let file = names.next().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    let is_file = stem == "test"
        || stem == "tests"
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || file.contains(".test.")
        || file.contains(".spec.");
    is_file || names.any(|name| matches!(name, "test" | "tests" | "__tests__" | "spec" | "specs"))
}
