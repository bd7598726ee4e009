//! Which folders a tree needs for a scope: whole folders, because a glob's neighbours are what its files lean on.

use std::collections::BTreeSet;

/// What ends the part of a glob that names a folder.
const WILD: [char; 7] = ['*', '?', '[', ']', '{', '}', '\\'];

/// The folders that hold whatever the globs name, without `/` at the end; `None` if that is the whole tree. Files at the
/// top and beside a folder's parents are always there and need no entry.
pub(crate) fn folders(globs: &[String]) -> Option<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for glob in globs {
        let glob = glob.trim_start_matches("./");
        let segments: Vec<&str> = glob.split('/').filter(|s| !s.is_empty()).collect();
        let plain = |s: &&&str| !s.contains(WILD) && !s.contains('\n');
        let named: Vec<&str> = segments.iter().take_while(plain).copied().collect();
        let is_file_at_top = segments.len() <= 1 && !glob.contains("**");
        match named.is_empty() {
            true if is_file_at_top => continue,
            true => return None,
            false => found.insert(named.join("/")),
        };
    }
    Some(found)
}

/// The folder that a path lies in, if it lies in one.
pub(crate) fn folder_of(path: &str) -> Option<String> {
    path.rsplit_once('/').map(|(folder, _)| folder.to_owned())
}

/// The same folders as git's own patterns: a folder wholly, its parents' files, the files at the top.
pub(crate) fn patterns(folders: &BTreeSet<String>) -> String {
    let mut lines = String::from("/*\n!/*/\n");
    let mut written: BTreeSet<String> = BTreeSet::new();
    for folder in folders {
        let parents = folder.match_indices('/').map(|(at, _)| &folder[..at]);
        if parents.clone().any(|parent| folders.contains(parent)) {
            continue;
        }
        for parent in parents {
            if written.insert(parent.to_owned()) {
                let parent = literal(parent);
                lines.push_str(&format!("/{parent}/\n!/{parent}/*/\n"));
            }
        }
        lines.push_str(&format!("/{}/\n", literal(folder)));
    }
    lines
}

fn literal(folder: &str) -> String {
    let mut out = String::new();
    for c in folder.chars() {
        if ['*', '?', '[', ']', '\\'].contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
