//! The law of this run: mode, rules and place, compiled once, asked for every claim.

use std::path::{Component, Path, PathBuf};

use policy::{Confine, Place, RuleProblem, RuleSet, Situation};
use protocol::{Access, Claim, PermissionMode, Verdict};
use tools::Walls;

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
        Self::of(&options.place, &options.permission, &options.data, None)
    }

    pub(crate) fn of(
        place: &PlaceOptions,
        permission: &PermissionOptions,
        data: &Path,
        confine: Option<Confine>,
    ) -> Result<Self, Vec<RuleProblem>> {
        let root = resolve(&place.root);
        let temp = temp_folder(&resolve(data), &root);
        let place = Place {
            confine: confine.map(|confine| confine.with_scratch(temp)),
            root,
            added: place.added.iter().map(|dir| resolve(dir)).collect(),
            readable: vec![resolve(&spill_root(data))],
            home: place.home.as_deref().map(resolve),
            settings_files: permission
                .settings_files
                .iter()
                .map(|file| resolve(file))
                .collect(),
            data: Some(resolve(data)),
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

    /// The walls around the commands of a confined place; `None` elsewhere.
    pub(crate) fn walls(&self, caches: &[PathBuf]) -> Option<Walls> {
        let confine = self.place.confine.as_ref()?;
        let temp = confine.scratch().next()?;
        let walls = Walls::around(&self.place.root, temp);
        let shared = caches.iter().fold(walls, Walls::sharing);
        Some(confine.forbidden().fold(shared, Walls::closing))
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

/// Takes away what the commands in a tree have left in its temporary folder. Nothing may run in the tree any more.
pub(crate) async fn clear_temp(data: &Path, root: &Path) {
    let folder = temp_folder(&resolve(data), &resolve(root));
    // What cannot be removed costs nothing but its room, and is there to be removed after the next run.
    let _ = tokio::task::spawn_blocking(move || workspace::erase(&folder)).await;
}

/// How many names of a tree's path name its temporary folder.
const TEMP_NAMES: usize = 3;

/// Where the commands in a node's tree keep their temporary files: one folder a tree, used again with it.
pub(crate) fn temp_folder(data: &Path, root: &Path) -> PathBuf {
    let below = root.strip_prefix(data).unwrap_or(root);
    let names = below.components().rev().take(TEMP_NAMES);
    let mut names: Vec<_> = names
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        })
        .collect();
    names.reverse();
    data.join("tmp").join(names.join("-"))
}

/// Follows symlinks as far as the path exists; what cannot be followed stays as it is spelled.
pub(crate) fn resolve(path: &Path) -> PathBuf {
    let asked = path.to_str().unwrap_or_default();
    workspace::resolve(Path::new("/"), asked).map_or_else(|_| path.to_owned(), |found| found.path)
}
