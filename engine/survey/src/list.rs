//! The files of a folder that no version control lists.

use std::path::Path;

use ignore::WalkBuilder;

/// The paths of the files below `root` that no ignore file excludes, sorted; links, `.git` and names that are not UTF-8
/// are left out, and what lies behind the first `most` in the walk.
pub fn list(root: &Path, most: usize) -> Vec<String> {
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .require_git(false)
        .follow_links(false)
        .sort_by_file_name(Ord::cmp)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    let files = walk.filter_map(Result::ok);
    let files = files.filter(|entry| entry.file_type().is_some_and(|sort| sort.is_file()));
    let paths = files.filter_map(|entry| {
        let path = entry.path().strip_prefix(root).ok()?;
        path.to_str().map(str::to_owned)
    });
    let mut paths: Vec<String> = paths.take(most).collect();
    paths.sort_unstable();
    paths
}
