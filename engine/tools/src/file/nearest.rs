//! Names near a missing one: what the model may have meant.

use std::path::Path;

use similar::get_close_matches;

/// Folders with more entries than this are not looked through.
const MOST_ENTRIES: usize = 5_000;

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
    let folded: Vec<String> = all.iter().map(|name| name.to_lowercase()).collect();
    let keys: Vec<&str> = folded.iter().map(String::as_str).collect();
    get_close_matches(wanted.to_lowercase().as_str(), &keys, 3, 0.6)
        .into_iter()
        .filter_map(|key| {
            let at = keys.iter().position(|k| *k == key)?;
            all.get(at).copied()
        })
        .collect()
}
