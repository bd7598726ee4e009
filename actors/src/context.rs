//! What the model is told before the user's first words: the environment and the instruction files.

use std::collections::BTreeSet;
use std::path::PathBuf;

use agent::prompt::{Environment, environment, instructions};
use protocol::{Fact, Text, ToolResult};

use crate::options::{Options, PlaceOptions};

/// Knows where instruction files may lie.
pub(crate) struct Context {
    place: PlaceOptions,
    nested: config::Nested,
    date: String,
    /// Given with the first turn; not given again when something below them is touched.
    given: BTreeSet<PathBuf>,
    first: Vec<Text>,
}

impl Context {
    /// Reads the instruction files of the session's folder.
    pub(crate) fn new(options: &Options) -> Self {
        let found = config::instructions(&options.sources);
        let files = found.files.iter();
        Self {
            place: options.place.clone(),
            nested: config::Nested::of(options.sources.clone()),
            date: options.prompt.date.clone(),
            first: files
                .map(|file| instructions(&file.path, &file.text))
                .collect(),
            given: found.seen,
        }
    }

    /// The texts before the user's words in a session's first turn.
    pub(crate) fn first_turn(&self) -> Vec<Text> {
        let git = workspace::branch(&self.place.root);
        let environment = environment(&Environment {
            cwd: &self.place.cwd,
            os: std::env::consts::OS,
            date: &self.date,
            git: git.as_deref(),
        });
        std::iter::once(environment)
            .chain(self.first.iter().cloned())
            .collect()
    }

    /// Adds the instruction files that apply to what a call touched and that the model has not been given.
    pub(crate) fn add_nested(&self, result: &mut ToolResult, given: &BTreeSet<PathBuf>) {
        let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
        for fact in &result.facts {
            let Fact::FileSeen { path, .. } = fact else {
                continue;
            };
            let nested = self.nested.near(path, &[&self.given, given, &seen]);
            seen.extend(nested.seen);
            found.extend(nested.files.into_iter().map(|file| Fact::Instructions {
                path: file.path,
                text: file.text.into(),
            }));
        }
        result.facts.extend(found);
    }
}
