//! Which paths a scope touches, and which paths are tests.

use protocol::Scope;

use crate::scope::Globs;

/// What some globs name; everything, if they cannot be read.
pub(super) struct Touch(Option<Globs>);

impl Touch {
    /// What a scope reads or writes. One that reads everything is known by what it writes.
    pub fn of(scope: &Scope) -> Self {
        let globs = Globs::parse(&scope.writes).and_then(|writes| {
            let reads = Globs::parse(&scope.reads)?;
            let some = |it: &&crate::scope::Glob| !it.is_everything();
            Ok(writes
                .iter()
                .chain(reads.iter().filter(some))
                .cloned()
                .collect())
        });
        Self(globs.ok())
    }

    pub fn has(&self, path: &str) -> bool {
        self.0.as_ref().is_none_or(|globs| globs.matches(path))
    }
}

/// The globs of a scope that speak of tests: whole files among those may be deleted.
pub fn spared_tests(scope: &Scope) -> Globs {
    let named = scope.writes.iter().filter(|glob| is_test(glob)).cloned();
    Globs::parse(&named.collect::<Vec<_>>()).unwrap_or_default()
}

/// Whether a path or glob looks like one of tests, in the manners of the common languages.
pub(super) fn is_test(path: &str) -> bool {
    let path = path.to_lowercase();
    let mut names = path.split('/').rev();
    let file = names.next().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    let is_file = matches!(stem, "test" | "tests")
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || file.contains(".test.")
        || file.contains(".spec.");
    is_file || names.any(|name| matches!(name, "test" | "tests" | "__tests__" | "spec" | "specs"))
}
