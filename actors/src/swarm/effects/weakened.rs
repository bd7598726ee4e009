//! Finds the tests that a node's change weakens, from the files before and after.

use protocol::{Change, ChangeKind, Node};
use scheduler::run::spared_tests;
use survey::{Limits, Touched};
use workspace::{GitError, Snapshot};

use crate::swarm::house::House;
use crate::swarm::site::Site;

/// More changed files than these are not compared: no agent writes so many, and a formatter weakens no test.
const MOST: usize = 2_000;

/// The most tests that are named.
const NAMED: usize = 20;

/// The tests that check less than they did, each as `path: test how`. Nothing is read where no file that could hold a
/// test was changed or deleted.
pub(super) async fn tests(
    site: &Site,
    node: &Node,
    (house, found): (&House, &Snapshot),
) -> Result<Vec<String>, GitError> {
    let (Some(git), Some(base)) = (&site.git, house.base().await) else {
        return Ok(Vec::new());
    };
    let spared = spared_tests(&node.scope);
    let readable = found.changed.iter().filter(|change| {
        let is_spared = change.how == ChangeKind::Deleted && spared.matches(&change.path);
        survey::has_readable_tests(&change.path) && !is_spared
    });
    let changed: Vec<&Change> = readable.collect();
    let is_old = |change: &&Change| change.how != ChangeKind::Added;
    if !node.kind.writes() || changed.len() > MOST || !changed.iter().any(is_old) {
        return Ok(Vec::new());
    }
    let paths = || changed.iter().map(|change| change.path.as_str());
    let before = paths().map(|path| (&base, path));
    let wanted: Vec<_> = before
        .chain(paths().map(|path| (&found.tree, path)))
        .collect();
    let limits = Limits::default();
    let contents = git.repo.contents(&wanted, limits.parse as u64).await?;
    let texts: Vec<Option<String>> = contents
        .into_iter()
        .map(|content| String::from_utf8(content?).ok())
        .collect();
    let paths: Vec<String> = paths().map(str::to_owned).collect();
    let compared = tokio::task::spawn_blocking(move || compare(&paths, &texts, limits)).await;
    // A look that broke off says nothing of the tests; the checks still do.
    Ok(compared.unwrap_or_default())
}

/// Of each path the text before stands in the first half, that after in the second.
fn compare(paths: &[String], texts: &[Option<String>], limits: Limits) -> Vec<String> {
    let (before, after) = texts.split_at(paths.len());
    let touched = paths.iter().zip(before.iter().zip(after));
    let touched: Vec<Touched<'_>> = touched
        .map(|(path, (before, after))| Touched {
            path,
            before: before.as_deref(),
            after: after.as_deref(),
        })
        .collect();
    let weakened = survey::weakened(&touched, limits);
    let lines = weakened.iter().map(ToString::to_string);
    lines.take(NAMED).collect()
}
