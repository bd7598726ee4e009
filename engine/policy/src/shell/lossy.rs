//! Commands that throw work away: they ask even where a wide rule allows them, or never run at all.

use std::path::{Path, PathBuf};

use super::word::{Atom, Word};
use super::{Run, git};
use crate::Place;
use crate::place::tidy;

/// What work a command would lose, if it is one that does.
pub(crate) fn loses_work(run: &Run) -> Option<String> {
    let values: Vec<String> = run.arguments().iter().map(Word::shown).collect();
    let has = |wanted: &[&str]| values.iter().any(|value| wanted.contains(&value.as_str()));
    match run.base_name()?.as_str() {
        "git" => {
            let git = git::parse(run)?;
            if git::starts_program(&git) {
                return Some("git would start a program".to_owned());
            }
            let values: Vec<String> = git.arguments.iter().map(Word::shown).collect();
            git_loses(&git.subcommand, &values).then(|| {
                format!(
                    "git {} loses work that is not kept elsewhere",
                    git.subcommand
                )
            })
        }
        "find" if has(&["-delete"]) => Some("find -delete removes files for good".to_owned()),
        "shred" | "mkfs" | "wipefs" => Some("it destroys data for good".to_owned()),
        "dd" if values.iter().any(|value| value.starts_with("of=/dev/")) => {
            Some("it writes to a device".to_owned())
        }
        _ => None,
    }
}

fn git_loses(subcommand: &str, values: &[String]) -> bool {
    let has = |wanted: &[&str]| values.iter().any(|value| wanted.contains(&value.as_str()));
    let letter = |letter: char| {
        values.iter().any(|value| {
            value.starts_with('-') && !value.starts_with("--") && value.contains(letter)
        })
    };
    // Git accepts any clear beginning of a long option.
    let long = |name: &str| {
        values.iter().any(|value| {
            let value = value.split('=').next().unwrap_or(value);
            value.len() > 3 && name.starts_with(value)
        })
    };
    let first = values.first().map(String::as_str);
    match subcommand {
        "reset" => long("--hard") || long("--merge") || long("--keep"),
        "clean" => letter('f') || long("--force"),
        "checkout" => {
            letter('f') || long("--force") || has(&["--", ".", "./", ":/", "*"]) || letter('B')
        }
        "switch" => letter('f') || long("--force") || long("--discard-changes") || letter('C'),
        "restore" => !has(&["--staged", "-S"]) || has(&["--worktree", "-W"]),
        "push" => {
            letter('f')
                || letter('d')
                || long("--force")
                || long("--force-with-lease")
                || long("--delete")
                || long("--mirror")
                || long("--prune")
                || values
                    .iter()
                    .any(|value| value.starts_with('+') || value.starts_with(':'))
        }
        "branch" => {
            letter('D')
                || letter('d')
                || letter('M')
                || letter('f')
                || long("--delete")
                || long("--force")
        }
        "tag" => letter('d') || letter('f') || long("--delete") || long("--force"),
        "stash" => matches!(first, Some("drop" | "clear")),
        "reflog" => matches!(first, Some("expire" | "delete")),
        "update-ref" => letter('d') || long("--delete"),
        "worktree" => first == Some("remove") || first == Some("prune"),
        "rm" => letter('f') || long("--force"),
        "filter-branch" | "filter-repo" | "prune" => true,
        "gc" => long("--prune"),
        _ => false,
    }
}

/// What a recursive removal would take that nobody ever means to: the system, home, the tree, its history.
pub(crate) fn removes_all(run: &Run, cwds: &[PathBuf], place: &Place) -> Option<String> {
    if run.base_name()? != "rm" || !is_recursive(run) {
        return None;
    }
    let targets = run
        .arguments()
        .iter()
        .filter(|word| !word.shown().starts_with('-'));
    targets
        .filter(|word| takes_all(word, cwds, place))
        .map(|word| format!("it would remove {} with everything below it", word.shown()))
        .next()
}

fn is_recursive(run: &Run) -> bool {
    run.arguments().iter().any(|word| {
        let text = word.shown();
        match text.strip_prefix("--") {
            Some(long) => !long.is_empty() && "recursive".starts_with(long),
            None => text.starts_with('-') && text.contains(['r', 'R']),
        }
    })
}

fn takes_all(word: &Word, cwds: &[PathBuf], place: &Place) -> bool {
    let text: String = word
        .0
        .iter()
        .filter_map(|atom| match atom {
            Atom::Char(c, _) => Some(*c),
            // A variable that turns out empty leaves the rest of the word.
            Atom::Gap(_) => None,
        })
        .collect();
    if text.is_empty() {
        return false;
    }
    let whole = text
        .strip_suffix("/*")
        .or_else(|| text.strip_suffix("/.*"))
        .or_else(|| matches!(text.as_str(), "*" | ".*").then_some("."));
    let folder = match whole {
        Some("") => "/",
        Some(folder) => folder,
        None => &text,
    };
    cwds.iter()
        .any(|cwd| is_vital(&tidy(&cwd.join(folder)), place))
}

fn is_vital(path: &Path, place: &Place) -> bool {
    let home = place.home.as_deref();
    place.root.starts_with(path)
        || home.is_some_and(|home| home.starts_with(path))
        || place.added.iter().any(|added| added.starts_with(path))
        || path.file_name().is_some_and(|name| name.eq_ignore_ascii_case(".git"))
        // `/usr`, `/etc`, ...: whatever stands directly below the root of the file system.
        || path.components().count() <= 2
}
