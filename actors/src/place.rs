//! Introduces tools to workspace and policy: where paths lead, and what may be read.

use std::path::Path;
use std::sync::Arc;

use tools::{Resolved, Walls};

use crate::law::Law;
use crate::redact::Redactor;

/// A tool's surroundings.
pub(crate) struct Surroundings {
    pub law: Arc<Law>,
    pub scrubbed: Vec<String>,
    pub added: Vec<(String, String)>,
    pub walls: Option<Walls>,
    pub redactor: Redactor,
}

impl tools::Place for Surroundings {
    fn root(&self) -> &Path {
        self.law.root()
    }

    fn resolve(&self, cwd: &Path, asked: &str) -> Result<Resolved, String> {
        let found = workspace::resolve(cwd, asked).map_err(|error| error.to_string())?;
        Ok(Resolved {
            path: found.path,
            asked: found.asked,
        })
    }

    fn may_read(&self, path: &Path) -> bool {
        self.law.may_read(path)
    }

    fn scrubbed_env(&self) -> &[String] {
        &self.scrubbed
    }

    fn added_env(&self) -> &[(String, String)] {
        &self.added
    }

    fn walls(&self) -> Option<&Walls> {
        self.walls.as_ref()
    }

    fn secrets(&self) -> &[(String, String)] {
        self.redactor.secrets()
    }
}
