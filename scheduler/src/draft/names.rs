//! Names for nodes: from the folder or file the work is in, unique, and valid whatever the folder is called.

use std::collections::BTreeSet;

use protocol::NodeName;

use super::material::FileFact;

/// The longest stem of a name, so that a number still fits behind it.
const LONGEST_STEM: usize = 40;

/// The names given so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// A new name for work on these files.
    pub fn of(&mut self, files: &[&FileFact]) -> NodeName {
        self.take(&stem(files))
    }

    /// A new name like this one.
    pub fn take(&mut self, wanted: &str) -> NodeName {
        let wanted = clean(wanted);
        let mut name = wanted.clone();
        let mut number = 2_u32;
        while !self.taken.insert(name.clone()) {
            name = format!("{wanted}-{number}");
            number += 1;
        }
        NodeName::from(name.as_str())
    }
}

/// One file gives its own name, several the last of the folders they share.
fn stem(files: &[&FileFact]) -> String {
    let [first, rest @ ..] = files else {
        return "work".to_owned();
    };
    let mut shared: Vec<&str> = first
        .folder()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for file in rest {
        let folder = file.folder().split('/').filter(|part| !part.is_empty());
        let same = shared
            .iter()
            .zip(folder)
            .take_while(|(a, b)| **a == *b)
            .count();
        shared.truncate(same);
    }
    let dull = |part: &&&str| !matches!(**part, "src" | "lib" | "tests" | "test");
    let folder = shared.iter().rev().find(dull).copied();
    let name = first.path.rsplit('/').next().unwrap_or_default();
    let own = name
        .split('.')
        .find(|part| !part.is_empty())
        .unwrap_or("work");
    match folder {
        Some(folder) => folder.to_owned(),
        None if rest.is_empty() => own.to_owned(),
        None => "root".to_owned(),
    }
}

fn clean(wanted: &str) -> String {
    let allowed = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') {
            c
        } else {
            '-'
        }
    };
    let name: String = wanted.chars().take(LONGEST_STEM).map(allowed).collect();
    let name = name.trim_matches(['-', '.']).to_owned();
    // The planner's own node is called `plan`.
    match name.as_str() {
        "" => "work".to_owned(),
        "plan" => "plan-files".to_owned(),
        _ => name,
    }
}
