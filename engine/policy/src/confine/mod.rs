//! Confinement: what keeps a node of a swarm inside its own tree and its own scope, whatever mode and rules say.
//!
//! The analysis sees what a command says, not what a program does: `python build.py` may write anywhere. It gives
//! early, readable refusals; the wall itself is the sandbox commands run in, and the look at the tree afterwards.

mod command;
mod file;
mod git;
mod mention;
mod scope;
mod target;
mod trespass;

use std::path::{Path, PathBuf};

use protocol::{Action, Claim};

pub(crate) use command::in_command;
pub(crate) use file::{in_read, in_search, in_write};
use scope::WriteScope;
pub use trespass::{Trespass, Whose};

use crate::place::tidy;
use crate::shell;
use crate::{Place, Situation};

/// The walls around a node. Nothing is writable and nothing forbidden until it is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confine {
    writes: WriteScope,
    forbidden: Vec<Forbidden>,
    scratch: Vec<PathBuf>,
    allowed: Vec<String>,
}

/// A folder a node has no business in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forbidden {
    folder: PathBuf,
    whose: Whose,
}

impl Confine {
    /// A node that may change what these globs name, relative to its root: `*` and `?` stay within one name, `**` is
    /// any number of folders, `{a,b}` and `[ab]` choose, case counts, names that begin with a dot are as any other.
    /// A glob that ends in `/` means everything below. No globs: it changes nothing.
    ///
    /// # Errors
    /// The first glob that makes no sense, and why.
    pub fn new(writes: &[String]) -> Result<Self, String> {
        Ok(Self {
            writes: WriteScope::parse(writes)?,
            ..Self::default()
        })
    }

    /// With a folder that may be neither read nor written, except for what of it is the node's own: its root, its
    /// added and readable folders and its scratch folders may lie in it. Absolute, with symlinks resolved.
    #[must_use]
    pub fn without(mut self, folder: PathBuf, whose: Whose) -> Self {
        self.forbidden.push(Forbidden { folder, whose });
        self
    }

    /// With a folder outside the root that its commands may write: its own temporary folder. The file tools may not.
    #[must_use]
    pub fn with_scratch(mut self, folder: PathBuf) -> Self {
        self.scratch.push(folder);
        self
    }

    /// With a command that runs unasked when it is given word for word: what the approved plan checks the work with,
    /// and what formic itself will run in this tree. Deny rules, protections and plan mode hold all the same.
    #[must_use]
    pub fn allowing(mut self, command: impl Into<String>) -> Self {
        self.allowed.push(command.into().trim().to_owned());
        self
    }

    /// The folders that may be neither read nor written.
    pub fn forbidden(&self) -> impl Iterator<Item = &Path> {
        self.forbidden.iter().map(|one| one.folder.as_path())
    }

    /// The folders outside the root that its commands may write.
    pub fn scratch(&self) -> impl Iterator<Item = &Path> {
        self.scratch.iter().map(PathBuf::as_path)
    }

    pub(crate) fn is_scratch(&self, path: &Path) -> bool {
        let path = tidy(path);
        self.scratch.iter().any(|dir| path.starts_with(dir))
    }

    pub(crate) fn allows(&self, command: &str) -> bool {
        self.allowed.iter().any(|one| one == command.trim())
    }

    /// The forbidden folder a path lies in. Where folders lie in one another the innermost decides.
    fn forbidding(&self, path: &Path, place: &Place) -> Option<&Forbidden> {
        let path = tidy(path);
        let forbidden = self
            .forbidden
            .iter()
            .filter(|one| below_folded(&path, &one.folder))
            .max_by_key(|one| depth(&one.folder))?;
        let own = self.own(place).filter(|dir| path.starts_with(dir));
        let innermost = own.map(|dir| depth(dir)).max();
        innermost
            .is_none_or(|own| own < depth(&forbidden.folder))
            .then_some(forbidden)
    }

    /// The forbidden folder that lies below a folder which is not the node's own.
    fn forbidding_below(&self, folder: &Path, place: &Place) -> Option<&Forbidden> {
        let folder = tidy(folder);
        if self.own(place).any(|dir| folder.starts_with(dir)) {
            return None;
        }
        let mut all = self.forbidden.iter();
        all.find(|one| below_folded(&one.folder, &folder))
    }

    fn own<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = &'a PathBuf> {
        let given = place.added.iter().chain(&place.readable);
        std::iter::once(&place.root)
            .chain(given)
            .chain(&self.scratch)
    }
}

/// How a claim leaves the confines of its place; `None` if it does not, or if the place has none.
pub fn trespass(claim: &Claim, situation: &Situation<'_>) -> Option<Trespass> {
    situation.place.confine.as_ref()?;
    match &claim.action {
        Action::Read { path, asked } => in_read(&[path, asked], situation),
        Action::Search { root, asked } => in_search(&[root, asked], situation),
        Action::Write { path, asked } => in_write(&[path, asked], situation),
        Action::Run { command, cwd } => {
            let home = situation.place.home.as_deref();
            in_command(command, &shell::analyse(command, cwd, home), situation)
        }
        Action::Integrate { reference, .. } => Some(Trespass::Git {
            what: reference.clone(),
            why: "moves only by the coordinator's hand",
        }),
        Action::Session => None,
    }
}

fn depth(path: &Path) -> usize {
    path.components().count()
}

/// Whether a path is a folder or lies below it. Case is ignored, because some file systems do.
fn below_folded(path: &Path, folder: &Path) -> bool {
    let folded = |path: &Path| path.to_string_lossy().to_lowercase();
    path.starts_with(folder) || Path::new(&folded(path)).starts_with(folded(folder))
}
