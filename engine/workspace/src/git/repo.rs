//! A repository that work can start from: where its parts lie, and what of its settings changes file contents.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::error::{GitError, OLDEST, Unfit};
use super::plain;
use super::reader::Desk;
use super::run::{Git, PATIENCE, parts};
use super::trees::{Trees, off_thread};

/// Settings of a repository's own that change what git reads from and writes to files, in lower case; with them those
/// of [`plain::WRITING`].
const CONTENT: [&str; 17] = [
    "core.autocrlf",
    "core.eol",
    "core.filemode",
    "core.symlinks",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.longpaths",
    "core.protecthfs",
    "core.protectntfs",
    "core.checkstat",
    "core.trustctime",
    "core.excludesfile",
    "core.attributesfile",
    "core.bigfilethreshold",
    "core.checkroundtripencoding",
    "user.name",
    "user.email",
];

/// Settings of drivers: their commands change file contents or merge them.
const DRIVERS: [&str; 2] = ["filter.", "merge."];

/// Who formic's commits are by, where git does not know the user.
const NOBODY: (&str, &str) = ("formic", "formic@localhost");

/// A git repository with a working tree. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Repo {
    pub(crate) places: Places,
    /// `sha1` or `sha256`.
    pub(crate) format: String,
    /// Whether `merge-tree` merges bare trees, not only commits.
    pub(crate) merges_trees: bool,
    /// The settings its clones need.
    pub(crate) kept: Vec<(String, String)>,
    /// The user's name and address.
    pub(crate) author: (String, String),
    /// How long one git command may take.
    pub(crate) patience: Duration,
    /// Whether no setting and no rule outside its files converts contents or changes what a file's looks tell.
    pub(crate) converts_nothing: bool,
    /// Whether no setting says how objects are written.
    pub(crate) writes_as_usual: bool,
    /// Whether no setting says how refs are.
    pub(crate) refs_as_usual: bool,
    pub(crate) desk: Arc<Desk>,
}

/// Where the parts of a repository lie.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// The top of the working tree.
    pub(crate) root: PathBuf,
    /// Its own git folder.
    pub(crate) own: PathBuf,
    /// The git folder it shares with its linked worktrees.
    pub(crate) shared: PathBuf,
}

impl Places {
    /// The object store.
    pub(crate) fn objects(&self) -> PathBuf {
        self.shared.join("objects")
    }
}

impl Repo {
    /// Opens the repository that `root` lies in. It may be dirty, without commits or in the middle of something:
    /// [`Repo::survey`] tells that.
    pub async fn open(root: &Path) -> Result<Self, GitError> {
        // Together they would be a large future.
        let (basics, has_rules) =
            tokio::join!(Box::pin(Basics::of(root)), Box::pin(plain::has_rules(root)),);
        Ok(Self::of(basics?, has_rules))
    }

    pub(crate) fn of(basics: Basics, has_rules: bool) -> Self {
        let settings = &basics.settings;
        let last = |wanted: &str| {
            let mut named = settings.iter().rev().filter(|s| s.key == wanted);
            let found = named.find(|s| !s.value.trim().is_empty());
            found.map(|s| s.value.clone())
        };
        let author = (
            last("user.name").unwrap_or_else(|| NOBODY.0.to_owned()),
            last("user.email").unwrap_or_else(|| NOBODY.1.to_owned()),
        );
        Self {
            format: basics.format,
            merges_trees: basics.version >= (2, 45),
            kept: kept(settings),
            author,
            patience: PATIENCE,
            converts_nothing: !has_rules && plain::is_plain(settings),
            writes_as_usual: plain::writes_as_usual(settings),
            refs_as_usual: plain::refs_as_usual(settings),
            desk: Arc::default(),
            places: basics.places,
        }
    }

    /// The top of the working tree.
    pub fn root(&self) -> &Path {
        &self.places.root
    }

    /// Lets every git command on the repository and its trees take so long and no longer; 10 minutes if nothing is said.
    #[must_use]
    pub const fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Lets the git commands that were kept open for questions end, and what was made ahead go. The next question opens one
    /// again.
    pub async fn close(&self) {
        self.desk.reads.close().await;
        self.desk.moves.close().await;
        let desk = self.desk.clone();
        let clear = move || {
            desk.drafts.clear();
            Ok(())
        };
        // What stays is swept away by git.
        let _ = off_thread(&self.places.shared, clear).await;
    }

    /// Makes ahead what the next objects and refs are made of, as far as they are written here.
    pub async fn prepare(&self) -> Result<(), GitError> {
        if !self.writes_objects() {
            return Ok(());
        }
        let (store, desk) = (self.places.objects(), self.desk.clone());
        let make = move || desk.drafts.make(&store);
        off_thread(&self.places.shared, make).await
    }

    /// The pool of private trees of this repository in the folder `home`, which is formic's own and need not exist.
    pub fn trees(&self, home: PathBuf) -> Trees {
        Trees::new(self.clone(), home)
    }

    /// Whether files are in its trees byte for byte what they are in its commits, and objects are written here.
    pub(crate) fn is_plain(&self) -> bool {
        let rules = self.places.shared.join("info/attributes");
        self.converts_nothing && self.writes_objects() && !rules.exists()
    }

    /// git in this repository, away from its checkout: no file of the user's is looked at.
    pub(crate) fn git(&self) -> Git {
        let git = Git::at(&self.places.shared).env("GIT_DIR", &self.places.shared);
        git.within(self.patience)
    }
}

/// What has to be known of a repository before anything else of it.
pub(crate) struct Basics {
    version: (u32, u32),
    pub(crate) places: Places,
    format: String,
    pub(crate) settings: Vec<Setting>,
}

impl Basics {
    /// All is asked for at once: a question is a process of its own, and takes longer to start than to be answered.
    pub(crate) async fn of(root: &Path) -> Result<Self, GitError> {
        let asked = tokio::join!(version(root), found(root), settings(root));
        // A git that is too old may not have understood the other questions.
        let (version, found, settings) = (asked.0?, asked.1?, asked.2?);
        Ok(Self {
            version,
            places: found.0,
            format: found.1,
            settings,
        })
    }
}

/// One setting of git's, from the repository's own files or not.
pub(crate) struct Setting {
    pub(crate) is_local: bool,
    pub(crate) key: String,
    pub(crate) value: String,
}

/// What git's settings are here, all files together, in the order in which the later one wins.
async fn settings(root: &Path) -> Result<Vec<Setting>, GitError> {
    let args = ["config", "--list", "--includes", "--show-scope", "-z"];
    let bytes = Git::at(root).args(args).bytes().await?;
    let mut all = Vec::new();
    let mut fields = parts(&bytes);
    while let (Some(scope), Some(entry)) = (fields.next(), fields.next()) {
        if scope == b"command" {
            continue;
        }
        let entry = String::from_utf8_lossy(entry).into_owned();
        // A key without a value is true.
        let (key, value) = entry.split_once('\n').unwrap_or((&entry, "true"));
        all.push(Setting {
            is_local: matches!(scope, b"local" | b"worktree"),
            key: key.to_owned(),
            value: value.to_owned(),
        });
    }
    Ok(all)
}

fn kept(settings: &[Setting]) -> Vec<(String, String)> {
    let own = settings.iter().filter(|s| s.is_local);
    let wanted = own.filter(|s| {
        let driver = DRIVERS.iter().any(|part| s.key.starts_with(part));
        let key = s.key.as_str();
        CONTENT.contains(&key)
            || plain::WRITING.contains(&key)
            || (driver && s.key.matches('.').count() > 1)
    });
    wanted.map(|s| (s.key.clone(), s.value.clone())).collect()
}

/// The version of the git program, if it is new enough.
async fn version(root: &Path) -> Result<(u32, u32), GitError> {
    let said = Git::at(root).arg("version").line().await?;
    new_enough(&said)
}

fn new_enough(said: &str) -> Result<(u32, u32), GitError> {
    let found = said.trim_start_matches("git version ").to_owned();
    let mut numbers = found.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= OLDEST => Ok((major, minor)),
        _ => Err(GitError::TooOld { found }),
    }
}

/// Finds the repository that a folder lies in.
pub(crate) async fn find(root: &Path) -> Result<Places, GitError> {
    found(root).await.map(|(places, _)| places)
}

/// The repository that a folder lies in, and how it names objects.
async fn found(root: &Path) -> Result<(Places, String), GitError> {
    let asked = [
        "rev-parse",
        "--is-inside-work-tree",
        "--show-object-format",
        "--path-format=absolute",
        "--show-toplevel",
        "--git-dir",
        "--git-common-dir",
    ];
    let told = ask(root, &asked).await;
    let told = told
        .as_ref()
        .map(|told| told.as_bytes())
        .unwrap_or_default();
    let lines: Vec<&[u8]> = told.split(|byte| *byte == b'\n').collect();
    match lines[..] {
        [b"true", format, root, own, shared] => {
            let path = |bytes: &[u8]| PathBuf::from(OsStr::from_bytes(bytes));
            let places = Places {
                root: path(root),
                own: path(own),
                shared: path(shared),
            };
            Ok((places, String::from_utf8_lossy(format).into_owned()))
        }
        // There is none to work in, or a path of several lines.
        _ => one_by_one(root).await,
    }
}

/// What [`found`] gives, every question by itself: an answer may have any number of lines, and a refusal says to what.
async fn one_by_one(root: &Path) -> Result<(Places, String), GitError> {
    let asked = ["rev-parse", "--is-bare-repository", "--is-inside-work-tree"];
    let kind = match ask(root, &asked).await {
        Ok(kind) => kind,
        Err(GitError::Failed { said, .. }) if said.contains("not a git repository") => {
            return Err(GitError::unfit(root, Unfit::NotARepository));
        }
        Err(error) => return Err(error),
    };
    if kind.to_string_lossy().lines().last() != Some("true") {
        return Err(GitError::unfit(root, Unfit::Bare));
    }
    let place = async |what: &str| -> Result<PathBuf, GitError> {
        let asked = ["rev-parse", "--path-format=absolute", what];
        Ok(ask(root, &asked).await?.into())
    };
    let places = Places {
        root: place("--show-toplevel").await?,
        own: place("--git-dir").await?,
        shared: place("--git-common-dir").await?,
    };
    let format = ask(root, &["rev-parse", "--show-object-format"]).await?;
    Ok((places, format.to_string_lossy().into_owned()))
}

/// One answer, which may be a path with anything in it.
pub(crate) async fn ask(root: &Path, args: &[&str]) -> Result<OsString, GitError> {
    let mut bytes = Git::at(root).args(args).bytes().await?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_git_is_told_what_is_needed() {
        for (said, version) in [
            ("git version 2.47.3", Some((2, 47))),
            ("git version 2.40.0", Some((2, 40))),
            ("git version 2.45.windows.1", Some((2, 45))),
            ("git version 3.0", Some((3, 0))),
            ("git version 2.39.5 (Apple Git-154)", None),
            ("git version 1.99", None),
            ("something else", None),
        ] {
            let told = new_enough(said);
            assert_eq!(told.as_ref().ok(), version.as_ref(), "{said}");
            if let Err(error) = told {
                assert!(error.to_string().contains("2.40"), "{error}");
            }
        }
    }

    #[tokio::test]
    async fn who_says_how_objects_reach_the_disk_has_git_write_them() {
        for (key, value) in [
            ("core.fsync", "loose-object"),
            ("core.fsyncMethod", "batch"),
            ("core.fsyncObjectFiles", "true"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let git = |args: &[&str]| Git::at(dir.path()).args(args).bytes();
            git(&["init", "-q"]).await.unwrap();
            let repo = Repo::open(dir.path()).await.unwrap();
            assert!(repo.writes_objects() && repo.is_plain(), "{key}");
            git(&["config", key, value]).await.unwrap();
            let repo = Repo::open(dir.path()).await.unwrap();
            assert!(!repo.writes_objects() && !repo.is_plain(), "{key}");
            let kept = (key.to_ascii_lowercase(), value.to_owned());
            assert!(repo.kept.contains(&kept), "its trees are told of {key}");
        }
    }

    #[tokio::test]
    async fn a_missing_git_is_not_a_missing_folder() {
        let dir = tempfile::tempdir().unwrap();
        let run = |cwd: &Path| {
            Git::at(cwd)
                .env("PATH", "/nonexistent")
                .arg("version")
                .line()
        };
        let missing = run(dir.path()).await.unwrap_err();
        assert!(matches!(missing, GitError::Missing), "{missing}");
        let folder = run(&dir.path().join("none")).await.unwrap_err();
        assert!(matches!(folder, GitError::Io { .. }), "{folder}");
    }
}
