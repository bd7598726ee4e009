//! Asks the law about a call without running anything, for `formic permissions`.

use std::sync::Arc;

use policy::Explanation;
use tools::{Place, Registry};

use crate::error::OpenError;
use crate::law::Law;
use crate::options::Options;
use crate::place::Surroundings;
use crate::redact::Redactor;
use crate::setup;

/// The law of a run, to be asked.
pub struct Permissions {
    law: Arc<Law>,
    options: Options,
}

impl Permissions {
    /// Compiles the rules as a session with these options would.
    ///
    /// # Errors
    /// [`OpenError::Rules`].
    pub fn new(options: Options) -> Result<Self, OpenError> {
        Ok(Self {
            law: setup::law(&options)?,
            options,
        })
    }

    /// What would happen to a call of `tool` with these arguments (a JSON object), and why.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the tool's name or the arguments.
    pub fn explain(&self, tool: &str, arguments: &str) -> Result<Explanation, String> {
        let registry = Registry::builtin();
        let bound = registry.resolve(tool, arguments)?;
        let (law, scrubbed) = (self.law.clone(), self.options.secrets.scrubbed.clone());
        let place = Surroundings {
            law,
            scrubbed,
            added: Vec::new(),
            walls: None,
            redactor: Redactor::default(),
        };
        let cwd = place.resolve(&self.options.place.cwd, ".")?.path;
        let claim = bound.tool.claim(&bound.args, &place, &cwd)?;
        Ok(self.law.explain(&claim))
    }
}
