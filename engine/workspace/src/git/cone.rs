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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn globs(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn globs_become_the_folders_they_lie_in() {
        let told = |texts: &[&str]| {
            folders(&globs(texts)).map(|found| found.into_iter().collect::<Vec<_>>().join(" "))
        };
        for (texts, expected) in [
            (&["a/b/**"][..], Some("a/b")),
            (&["./a/b/*.rs", "a/c/x.rs"], Some("a/b a/c/x.rs")),
            (&["*.toml", "Cargo.lock"], Some("Cargo.lock")),
            (&["**/x"], None),
            (&["**"], None),
            (&["a/**", "{b,c}/x"], None),
            (&["a/[bc]/x", "a//d/*"], Some("a a/d")),
            (&[], Some("")),
        ] {
            assert_eq!(told(texts).as_deref(), expected, "{texts:?}");
        }
    }

    #[test]
    fn patterns_are_gits_own() {
        let found = ["a/b", "a/b/c", "x[y]"].map(str::to_owned).into();
        let expected = "/*\n!/*/\n/a/\n!/a/*/\n/a/b/\n/x\\[y\\]/\n";
        assert_eq!(patterns(&found), expected);
    }

    proptest! {
        /// Whatever a glob can name lies in one of its folders, beside the parents of one, or at the top.
        #[test]
        fn nothing_a_glob_names_is_left_out(
            parts in prop::collection::vec(("[ab]|\\*|\\*\\*|[ab]\\*", "[ab]", "[ab]/[ab]"), 1..5),
        ) {
            let glob: Vec<&str> = parts.iter().map(|(glob, ..)| glob.as_str()).collect();
            let path = parts.iter().map(|(glob, one, two)| match glob.as_str() {
                "*" => one.clone(),
                "**" => two.clone(),
                other => other.replace('*', one),
            });
            let path = path.collect::<Vec<_>>().join("/");
            let Some(found) = folders(&[glob.join("/")]) else {
                return Ok(());
            };
            let is_there = |folder: &String| {
                let beside = folder_of(&path).is_none_or(|own| format!("{folder}/").starts_with(&format!("{own}/")));
                beside || path == *folder || path.starts_with(&format!("{folder}/"))
            };
            let at_top = !path.contains('/');
            prop_assert!(at_top || found.iter().any(is_there), "{path} {found:?}");
        }
    }
}
