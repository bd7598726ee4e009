//! Introduces tools to workspace and policy: where paths lead, and what may be read.

use std::path::Path;
use std::sync::Arc;

use tools::Resolved;

use crate::law::Law;
use crate::redact::Redactor;

/// A tool's surroundings.
pub(crate) struct Surroundings {
    pub law: Arc<Law>,
    pub scrubbed: Vec<String>,
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

    fn secrets(&self) -> &[(String, String)] {
        self.redactor.secrets()
    }
}
