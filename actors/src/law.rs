//! The law of this run: mode, rules and place, compiled once, asked for every claim.

use std::path::{Path, PathBuf};

use policy::{Place, RuleProblem, RuleSet, Situation};
use protocol::{Access, Claim, PermissionMode, Verdict};

use crate::options::{Options, PermissionOptions, PlaceOptions};

/// Mode, rules and place of a run.
pub(crate) struct Law {
    mode: PermissionMode,
    rules: RuleSet,
    place: Place,
}

impl Law {
    /// Compiles the rules.
    ///
    /// # Errors
    /// The rules that make no sense: a rule that cannot be understood must not be passed over.
    pub(crate) fn new(options: &Options) -> Result<Self, Vec<RuleProblem>> {
        Self::of(&options.place, &options.permission, &options.data)
    }

    pub(crate) fn of(
        place: &PlaceOptions,
        permission: &PermissionOptions,
        data: &Path,
    ) -> Result<Self, Vec<RuleProblem>> {
        let place = Place {
            root: resolve(&place.root),
            added: place.added.iter().map(|dir| resolve(dir)).collect(),
            readable: vec![resolve(&spill_root(data))],
            home: place.home.as_deref().map(resolve),
            settings_files: permission
                .settings_files
                .iter()
                .map(|file| resolve(file))
                .collect(),
            data: Some(resolve(data)),
            confine: None,
        };
        let (rules, problems) = RuleSet::compile(permission.rules.clone(), &place);
        if problems.is_empty() {
            Ok(Self {
                mode: permission.mode,
                rules,
                place,
            })
        } else {
            Err(problems)
        }
    }

    pub(crate) fn judge(&self, claim: &Claim) -> Verdict {
        policy::judge(claim, &self.situation())
    }

    pub(crate) fn accesses(&self, claim: &Claim) -> Vec<Access> {
        policy::accesses(claim, &self.situation())
    }

    pub(crate) fn may_read(&self, path: &Path) -> bool {
        policy::may_read(path, &self.situation())
    }

    pub(crate) fn explain(&self, claim: &Claim) -> policy::Explanation {
        policy::explain(claim, &self.situation())
    }

    pub(crate) fn root(&self) -> &Path {
        &self.place.root
    }

    fn situation(&self) -> Situation<'_> {
        Situation {
            mode: self.mode,
            rules: &self.rules,
            place: &self.place,
            resolve: &resolve,
        }
    }
}

/// Where the whole output of calls that were cut for the model lies.
pub(crate) fn spill_root(data: &Path) -> PathBuf {
    data.join("spill")
}

/// Follows symlinks as far as the path exists; what cannot be followed stays as it is spelled.
fn resolve(path: &Path) -> PathBuf {
    let asked = path.to_str().unwrap_or_default();
    workspace::resolve(Path::new("/"), asked).map_or_else(|_| path.to_owned(), |found| found.path)
}
