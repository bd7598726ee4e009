//! How a repository stands before a run: what keeps work from starting, and what the user should know.

use std::fmt;
use std::path::{Path, PathBuf};

use protocol::GitId;

use super::error::{GitError, Unfit};
use super::objects::listed;
use super::plain::has_rules;
use super::repo::{Basics, Repo, Setting, ask};
use super::run::{Git, parts};

/// The traces that something half done leaves in a git folder.
const TRACES: [(&str, Operation); 6] = [
    ("rebase-merge", Operation::Rebase),
    ("rebase-apply", Operation::Rebase),
    ("MERGE_HEAD", Operation::Merge),
    ("CHERRY_PICK_HEAD", Operation::CherryPick),
    ("REVERT_HEAD", Operation::Revert),
    ("BISECT_START", Operation::Bisect),
];

/// How many paths a remark names.
const NAMED: usize = 5;

/// How a repository stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The top of its working tree.
    pub root: PathBuf,
    /// Where `HEAD` is.
    pub head: Head,
    /// What is half done there.
    pub under_way: Option<Operation>,
    /// Tracked paths whose content is not that of `HEAD`, staged or not, relative to the root.
    pub dirty: Vec<String>,
    /// Untracked paths that are not ignored; a folder of nothing else ends in `/`.
    pub untracked: Vec<String>,
    /// The tracked files of `HEAD`, sorted, without submodules.
    pub files: Vec<String>,
    /// Submodules of `HEAD`.
    pub submodules: Vec<String>,
    /// Tracked paths that are not UTF-8, escaped: no tool and no scope can name them.
    pub unnameable: Vec<String>,
    /// Whether its history is cut off.
    pub is_shallow: bool,
    /// Whether objects may be missing until they are fetched.
    pub is_partial: bool,
    /// Whether a branch called `formic` stands where `formic/..` would have to be a folder.
    pub is_name_taken: bool,
}

/// Where `HEAD` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// On a branch, without `refs/heads/`.
    Branch(String, GitId),
    /// On no branch.
    Detached(GitId),
    /// On a branch that has no commit yet.
    Unborn(String),
}

/// Something that takes several steps and is not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `git merge`.
    Merge,
    /// `git rebase` or `git am`.
    Rebase,
    /// `git cherry-pick`.
    CherryPick,
    /// `git revert`.
    Revert,
    /// `git bisect`.
    Bisect,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Merge => "a merge",
            Self::Rebase => "a rebase",
            Self::CherryPick => "a cherry-pick",
            Self::Revert => "a revert",
            Self::Bisect => "a bisection",
        })
    }
}

impl Repo {
    /// Looks at the repository that `root` lies in, without touching it, and opens it. A missing or old git, a folder that is
    /// no repository and a bare repository are errors; everything else is for the caller to judge, or for
    /// [`Standing::unfit`].
    pub async fn survey(root: &Path) -> Result<(Self, Standing), GitError> {
        // What takes longest begins first. Together they would be a large future.
        let (status, basics, is_name_taken, has_rules) = tokio::join!(
            Box::pin(status(root)),
            Box::pin(Basics::of(root)),
            Box::pin(is_branch(root, "formic")),
            Box::pin(has_rules(root)),
        );
        // Where there is no repository, the other answers are about nothing.
        let basics = basics?;
        let (status, is_name_taken) = (status?, is_name_taken?);
        let is_partial = basics.settings.iter().any(is_promise);
        let repo = Self::of(basics, has_rules);
        let tracked = match status.head.commit() {
            Some(commit) => listed(Git::at(repo.root()), commit).await?,
            None => Vec::new(),
        };
        let mut standing = Standing {
            head: status.head,
            under_way: under_way(&repo.places.own),
            dirty: status.dirty,
            untracked: status.untracked,
            files: Vec::new(),
            submodules: Vec::new(),
            unnameable: Vec::new(),
            is_shallow: repo.places.shared.join("shallow").exists(),
            is_partial,
            is_name_taken,
            root: repo.places.root.clone(),
        };
        for entry in tracked {
            match String::from_utf8(entry.path) {
                Err(odd) => standing.unnameable.push(escaped(odd.as_bytes())),
                Ok(path) if entry.mode == *b"160000" => standing.submodules.push(path),
                Ok(path) => standing.files.push(path),
            }
        }
        Ok((repo, standing))
    }
}

impl Head {
    /// The commit it is at.
    pub fn commit(&self) -> Option<&GitId> {
        match self {
            Self::Branch(_, commit) | Self::Detached(commit) => Some(commit),
            Self::Unborn(_) => None,
        }
    }

    /// The branch it is on.
    pub fn branch(&self) -> Option<&str> {
        match self {
            Self::Branch(name, _) | Self::Unborn(name) => Some(name),
            Self::Detached(_) => None,
        }
    }
}

impl Standing {
    /// Why no run with trees of its own can start here, if it cannot.
    pub fn unfit(&self) -> Option<GitError> {
        let unborn = matches!(self.head, Head::Unborn(_)).then_some(Unfit::NoCommits);
        let half = self.under_way.filter(|o| *o != Operation::Bisect);
        let why = unborn.or(half.map(Unfit::UnderWay))?;
        Some(GitError::unfit(&self.root, why))
    }

    /// What the user should know before a run starts, one sentence each.
    pub fn remarks(&self) -> Vec<String> {
        let said = [
            (!self.dirty.is_empty()).then(|| {
                let paths = some_of(&self.dirty);
                format!("uncommitted changes are not part of the run ({paths})")
            }),
            (!self.untracked.is_empty()).then(|| {
                let paths = some_of(&self.untracked);
                format!("untracked files are not part of the run ({paths})")
            }),
            matches!(self.head, Head::Detached(_)).then(|| {
                "HEAD is detached: the result will be left on a branch of its own".to_owned()
            }),
            (self.under_way == Some(Operation::Bisect)).then(|| {
                "a bisection is under way: the result will be left on a branch of its own"
                    .to_owned()
            }),
            (!self.submodules.is_empty()).then(|| {
                let paths = some_of(&self.submodules);
                format!("submodules are empty folders in the trees of a run ({paths})")
            }),
            (!self.unnameable.is_empty()).then(|| {
                let paths = some_of(&self.unnameable);
                format!("files whose names are not UTF-8 are left as they are ({paths})")
            }),
            self.is_shallow.then(|| "the history is shallow".to_owned()),
            self.is_partial.then(|| {
                "the repository is a partial clone: objects that are not here are not fetched"
                    .to_owned()
            }),
        ];
        said.into_iter().flatten().collect()
    }
}

/// The first few paths, and how many more there are.
fn some_of(paths: &[String]) -> String {
    let named = paths[..paths.len().min(NAMED)].join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn is_promise(setting: &Setting) -> bool {
    setting.key == "extensions.partialclone"
        || (setting.key.starts_with("remote.")
            && setting.key.ends_with(".promisor")
            && setting.value == "true")
}

/// What is half done, by the traces it left in the git folder of a working tree.
pub(crate) fn under_way(own: &Path) -> Option<Operation> {
    let mut traces = TRACES.iter();
    traces
        .find(|(name, _)| own.join(name).exists())
        .map(|(_, operation)| *operation)
}

async fn is_branch(root: &Path, name: &str) -> Result<bool, GitError> {
    let full = format!("refs/heads/{name}");
    let found = Git::at(root).args(["show-ref", "--verify", "--hash", &full]);
    let (output, _) = found.output().await?;
    Ok(output.status.success())
}

/// What a checkout says of itself.
pub(crate) struct Status {
    pub(crate) head: Head,
    pub(crate) dirty: Vec<String>,
    pub(crate) untracked: Vec<String>,
}

/// Where a checkout stands and what differs in it. Nested repositories are not entered.
pub(crate) async fn status(root: &Path) -> Result<Status, GitError> {
    let args = [
        "status",
        "--porcelain=v2",
        "--branch",
        "-z",
        "--no-renames",
        "--untracked-files=normal",
        "--ignore-submodules=dirty",
    ];
    let bytes = Git::at(root).args(args).bytes().await?;
    let (mut oid, mut name) = (None, None);
    let (mut dirty, mut untracked) = (Vec::new(), Vec::new());
    for line in parts(&bytes) {
        let text = escaped(line);
        if let Some(id) = text.strip_prefix("# branch.oid ") {
            oid = id.parse::<GitId>().ok();
        } else if let Some(branch) = text.strip_prefix("# branch.head ") {
            name = Some(branch.to_owned());
        } else if let Some(path) = text.strip_prefix("? ") {
            untracked.push(path.to_owned());
        } else if let Some(path) = changed_path(&text) {
            dirty.push(path.to_owned());
        }
    }
    let name = name.filter(|name| name != "(detached)");
    let head = match (name, oid) {
        (Some(name), Some(commit)) => Head::Branch(name, commit),
        (Some(name), None) => Head::Unborn(name),
        (None, Some(commit)) => Head::Detached(commit),
        (None, None) => {
            let branch = ask(root, &["symbolic-ref", "HEAD"]).await?;
            Head::Unborn(branch.to_string_lossy().into_owned())
        }
    };
    Ok(Status {
        head,
        dirty,
        untracked,
    })
}

/// The path of an entry: the ninth field of a changed one, the eleventh of an unmerged one.
fn changed_path(line: &str) -> Option<&str> {
    let before = match line.as_bytes().first()? {
        b'1' => 8,
        b'u' => 10,
        _ => return None,
    };
    line.splitn(before + 1, ' ').nth(before)
}

/// A path as text, with every byte that is not UTF-8 as `\xNN`.
pub(crate) fn escaped(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}
