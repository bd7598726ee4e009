//! How close clusters are to a goal, by the words of the goal alone: paths, packages and names that occur in it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Cluster, ClusterId, Material};

/// Words that say nothing about where the work is.
const EMPTY: [&str; 36] = [
    "all",
    "and",
    "any",
    "are",
    "change",
    "code",
    "each",
    "every",
    "everywhere",
    "file",
    "files",
    "fix",
    "for",
    "from",
    "function",
    "have",
    "into",
    "make",
    "must",
    "new",
    "not",
    "now",
    "of",
    "old",
    "one",
    "should",
    "that",
    "the",
    "them",
    "this",
    "to",
    "use",
    "uses",
    "when",
    "which",
    "with",
];

/// The most words of a goal that are looked at.
const MOST_WORDS: usize = 400;

/// A cluster this close is meant by the goal.
const MEANT: u32 = 4;

/// How close each cluster is to the goal.
#[derive(Debug, Clone, Default)]
pub(super) struct Relevance {
    scores: Vec<u32>,
}

impl Relevance {
    pub fn of(material: &Material, clusters: &[Cluster], goal: &str) -> Self {
        let words = words(goal);
        let own: Vec<u32> = material
            .files
            .iter()
            .map(|file| score(file, &words))
            .collect();
        let mut near = own.clone();
        for (place, file) in material.files.iter().enumerate() {
            let imported = file.imports.iter().filter_map(|path| material.place(path));
            let best = imported.map(|other| own[other]).max().unwrap_or(0);
            // Who imports what is meant is likely to be concerned by it.
            near[place] = near[place].max(best.saturating_sub(1).min(MEANT));
        }
        let best = |cluster: &Cluster| {
            cluster
                .files
                .iter()
                .map(|&file| near[file])
                .max()
                .unwrap_or(0)
        };
        Self {
            scores: clusters.iter().map(best).collect(),
        }
    }

    /// The clusters the goal means, in their order.
    pub fn meant(&self) -> Vec<ClusterId> {
        let scores = self.scores.iter().enumerate();
        let meant = scores.filter(|(_, score)| **score >= MEANT);
        meant.map(|(place, _)| ClusterId::at(place)).collect()
    }

    /// The `most` closest clusters, in their order: by score, code before text, and what many others need first.
    pub fn closest(&self, clusters: &[Cluster], most: usize) -> Vec<ClusterId> {
        let mut needed = vec![0_u32; clusters.len()];
        for need in clusters.iter().flat_map(|cluster| &cluster.needs) {
            needed[need.place()] += 1;
        }
        let mut places: Vec<usize> = (0..clusters.len()).collect();
        places.sort_by_key(|&p| {
            (
                Reverse(self.scores[p]),
                clusters[p].plain,
                Reverse(needed[p]),
                p,
            )
        });
        places.truncate(most.max(1));
        places.sort_unstable();
        places.into_iter().map(ClusterId::at).collect()
    }
}

/// The words of a goal as written; each once.
fn words(goal: &str) -> BTreeMap<String, bool> {
    let split = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    let trimmed = goal
        .split(split)
        .map(|word| word.trim_matches(['.', '-', '/']));
    let telling =
        trimmed.filter(|word| word.len() > 2 && !EMPTY.contains(&word.to_lowercase().as_str()));
    let telling = telling.take(MOST_WORDS);
    // A word with a mark of code in it means a name exactly; any other may be prose.
    telling
        .map(|word| (word.to_lowercase(), marked(word)))
        .collect()
}

fn marked(word: &str) -> bool {
    let inner_capital =
        word.chars().skip(1).any(char::is_uppercase) && word.chars().any(char::is_lowercase);
    inner_capital || word.contains(['_', '/', '.'])
}

/// How close one file is: a path named whole, its name, a name it defines, its package, a folder on its way.
fn score(file: &super::FileFact, words: &BTreeMap<String, bool>) -> u32 {
    let path = file.path.to_lowercase();
    let names = |text: &str| words.contains_key(text);
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let stem = name.split('.').next().unwrap_or(name);
    let package = file
        .package
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let mut best = 0;
    if names(&path) || names(name) {
        best = 8;
    } else if names(stem) || (!package.is_empty() && names(&package)) {
        best = 4;
    } else if folders.split('/').any(names) {
        best = 3;
    }
    let defined = file
        .symbols
        .iter()
        .filter_map(|symbol| words.get(&symbol.to_lowercase()));
    let defined = defined.map(|marked| if *marked { 6 } else { 3 }).max();
    best.max(defined.unwrap_or(0))
}
