//! How a claim leaves its place, in words an agent can act on.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Confine;
use crate::Place;
use crate::place::tidy;

/// Whose a forbidden folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The user's checkout, from which the node's tree was made.
    Checkout,
    /// The tree of another node.
    Sibling,
    /// formic's own data: journals, and the trees of other nodes.
    Data,
}

impl Whose {
    /// The end of the sentence `... lies in `.
    const fn text(self) -> &'static str {
        match self {
            Self::Checkout => "the user's checkout, which no node touches",
            Self::Sibling => "another node's tree; its work reaches others when it is integrated",
            Self::Data => "formic's own data, the trees of other nodes among it",
        }
    }
}

/// How a claim leaves the confines of its place. Printed, it is the reason of the refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trespass {
    /// A write in the tree, but outside the scope.
    Scope {
        /// Relative to the root.
        path: String,
        /// What it may change.
        writes: String,
    },
    /// A write outside the tree.
    Outside {
        /// Where it leads.
        path: PathBuf,
        /// The root of the tree.
        root: PathBuf,
    },
    /// A path in a folder of somebody else.
    Foreign {
        /// Where it leads.
        path: PathBuf,
        /// Whose it is.
        whose: Whose,
        /// The same file in the node's own tree, relative to its root.
        own: Option<PathBuf>,
    },
    /// A program that has others run its commands, where no wall of this node stands.
    Escape {
        /// The program.
        program: String,
    },
    /// Git made to work elsewhere, or on what nodes share.
    Git {
        /// What was wanted.
        what: String,
        /// The rest of the sentence.
        why: &'static str,
    },
}

impl Trespass {
    /// Into somebody else's folder.
    pub(super) fn foreign(path: &Path, confine: &Confine, place: &Place) -> Option<Self> {
        let forbidden = confine.forbidding(path, place)?;
        let path = tidy(path);
        let rest = path
            .strip_prefix(&forbidden.folder)
            .map(Path::to_owned)
            .ok();
        Some(Self::Foreign {
            whose: forbidden.whose,
            own: rest.filter(|_| forbidden.whose != Whose::Data),
            path,
        })
    }

    /// Out of the scope, the path relative to the root.
    pub(super) fn scope(path: String, confine: &Confine) -> Self {
        let writes = confine.writes.shown();
        Self::Scope { path, writes }
    }
}

impl fmt::Display for Trespass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope { path, writes } => write!(
                f,
                "outside this node's scope: it may change {writes}, not {path}; \
                 do the rest and ask for a wider scope in your report"
            ),
            Self::Outside { path, root } => write!(
                f,
                "outside this node's tree: {} is not below {}; \
                 it changes files only there, temporary ones below $TMPDIR",
                path.display(),
                root.display()
            ),
            Self::Foreign { path, whose, own } => {
                let (path, whose) = (path.display(), whose.text());
                write!(f, "outside this node's tree: {path} lies in {whose}")?;
                match own {
                    Some(own) if own.as_os_str().is_empty() => {
                        f.write_str("; use the root of your own tree")
                    }
                    Some(own) => write!(f, "; use {} in your own tree", own.display()),
                    None => Ok(()),
                }
            }
            Self::Escape { program } => write!(
                f,
                "outside this node's tree: {program} has others run commands, out of this node's bounds; \
                 run the command itself, in the background if it must go on"
            ),
            Self::Git { what, why } => write!(f, "outside this node's tree: {what} {why}"),
        }
    }
}
