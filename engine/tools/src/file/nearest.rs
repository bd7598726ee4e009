//! Names near a missing one: what the model may have meant.

use std::path::Path;

use crate::file::steps::likeness;

/// Folders with more entries than this are not looked through.
const MOST_ENTRIES: usize = 5_000;

/// How alike two names must be to be told of, from 0.0 to 1.0.
const NEAR: f64 = 0.6;

/// Names told of.
const MOST_NEAR: usize = 3;

/// A sentence that says what is missing and what is there instead.
pub(crate) fn missing(path: &Path) -> String {
    let shown = path.display();
    let Some(folder) = path.parent() else {
        return format!("{shown} does not exist.");
    };
    if !folder.is_dir() {
        let above = folder.ancestors().find(|above| above.is_dir());
        return format!(
            "{shown} does not exist, nor does its folder; the nearest folder is {}.",
            above.unwrap_or(Path::new("/")).display()
        );
    }
    let wanted = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let near = near_names(folder, &wanted);
    if near.is_empty() {
        return format!("{shown} does not exist.");
    }
    format!(
        "{shown} does not exist. Names like it in that folder: {}.",
        near.join(", ")
    )
}

fn near_names(folder: &Path, wanted: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .take(MOST_ENTRIES)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    nearest(wanted, &all)
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// Up to three of `all` that look like `wanted`, the nearest first; case does not count.
pub(crate) fn nearest<'a>(wanted: &str, all: &[&'a str]) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let near = |name: &&'a str| {
        let key = name.to_lowercase();
        let likeness = likeness(&wanted, &key);
        (likeness >= NEAR).then_some((likeness, key, *name))
    };
    let mut found: Vec<(f64, String, &str)> = all.iter().filter_map(near).collect();
    found.sort_unstable_by(|a, b| {
        b.0.total_cmp(&a.0)
            .then_with(|| (&a.1, a.2).cmp(&(&b.1, b.2)))
    });
    found
        .into_iter()
        .take(MOST_NEAR)
        .map(|(_, _, name)| name)
        .collect()
}
