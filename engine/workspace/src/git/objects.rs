//! Objects: what a commit holds, merging in memory, making commits. Everything here only adds to the object store.

use protocol::{Change, ChangeKind, GitId};

use super::error::GitError;
use super::loose::Sort;
use super::repo::Repo;
use super::run::{Git, parts};

/// What came of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeResult {
    /// Both sides are in it.
    Clean {
        /// The merged files.
        tree: GitId,
    },
    /// Some paths could not be merged.
    Conflict {
        /// The merged files, with conflict markers (both sides and their base) in those paths.
        tree: GitId,
        /// The paths, sorted.
        paths: Vec<String>,
    },
}

/// A commit to be made.
#[derive(Debug, Clone, Copy)]
pub struct CommitDraft<'a> {
    /// Its files.
    pub tree: &'a GitId,
    /// The commit before it.
    pub parent: &'a GitId,
    /// Title and text, without trailers.
    pub message: &'a str,
    /// Where it comes from, as `Formic-Run: ..` lines, in this order; line breaks in a value become spaces.
    pub trailers: &'a [(&'a str, String)],
    /// When it is made, in seconds since 1970: the same draft is the same commit, however often it is made.
    pub seconds: i64,
}

/// One entry of a tree.
pub(crate) struct Entry {
    pub(crate) mode: [u8; 6],
    pub(crate) path: Vec<u8>,
}

impl Repo {
    /// Merges `theirs` onto `onto`, both counted from `base`; each is a commit or a tree. No checkout, no ref and no
    /// index is involved.
    pub async fn merge(
        &self,
        onto: &GitId,
        base: &GitId,
        theirs: &GitId,
    ) -> Result<MergeResult, GitError> {
        if let Some(tree) = self.easily_merged(onto, base, theirs).await? {
            return Ok(MergeResult::Clean { tree });
        }
        let (onto, base, theirs) = match self.merges_trees {
            true => (onto.clone(), base.clone(), theirs.clone()),
            false => (
                self.as_commit(onto).await?,
                self.as_commit(base).await?,
                self.as_commit(theirs).await?,
            ),
        };
        let asked = self
            .git()
            .args(["merge-tree", "--write-tree", "-z", "--name-only"])
            .arg("--no-messages")
            .arg(format!("--merge-base={base}"))
            .args([onto.as_str(), theirs.as_str()])
            .env("GIT_ATTR_SOURCE", onto.as_str());
        let (output, named) = asked.output().await?;
        let mut fields = parts(&output.stdout).map(super::standing::escaped);
        let tree = fields.next().and_then(|id| id.parse().ok());
        match (output.status.code(), tree) {
            (Some(0), Some(tree)) => Ok(MergeResult::Clean { tree }),
            (Some(1), Some(tree)) => {
                let mut paths: Vec<String> = fields.filter(|path| !path.is_empty()).collect();
                paths.sort();
                paths.dedup();
                Ok(MergeResult::Conflict { tree, paths })
            }
            (Some(0 | 1), None) => Err(GitError::Odd { command: named }),
            _ => Err(GitError::failed(&named, &output.stderr)),
        }
    }

    /// The merge, where git need not be asked for it.
    async fn easily_merged(
        &self,
        onto: &GitId,
        base: &GitId,
        theirs: &GitId,
    ) -> Result<Option<GitId>, GitError> {
        let roots = (
            self.root_of(onto).await?,
            self.root_of(base).await?,
            self.root_of(theirs).await?,
        );
        let (Some(onto), Some(base), Some(theirs)) = roots else {
            return Ok(None);
        };
        let tree = self.woven((onto, base, theirs)).await?;
        Ok(tree.and_then(|tree| tree.id()))
    }

    /// The same files as a commit without parents, for a git that merges nothing else.
    async fn as_commit(&self, id: &GitId) -> Result<GitId, GitError> {
        let tree = self.tree_of(id).await?;
        let made = self.git().args(["commit-tree", tree.as_str()]);
        self.signed(made, 0).input(Vec::new()).id().await
    }

    /// Makes a commit that no ref points at yet.
    pub async fn commit(&self, draft: &CommitDraft<'_>) -> Result<GitId, GitError> {
        let made = self.made(draft).await?;
        // Its files are asked for next, by everyone who begins with it.
        self.desk.remember_tree(&made, draft.tree);
        Ok(made)
    }

    async fn made(&self, draft: &CommitDraft<'_>) -> Result<GitId, GitError> {
        if let Some(text) = self.written(draft) {
            let made = self.write_object(Sort::Commit, text.as_bytes())?;
            let odd = || GitError::Odd {
                command: "commit-tree".to_owned(),
            };
            return made.id().ok_or_else(odd);
        }
        let args = [
            "commit-tree",
            draft.tree.as_str(),
            "-p",
            draft.parent.as_str(),
        ];
        let made = self.signed(self.git().args(args), draft.seconds);
        made.input(message(draft).into_bytes()).id().await
    }

    /// The commit as git would write it; `None` where git has to be asked how it writes a name.
    fn written(&self, draft: &CommitDraft<'_>) -> Option<String> {
        let (name, address) = &self.author;
        let by = format!("{name} <{address}> {} +0000", draft.seconds);
        let is_plain = is_plain(name) && is_plain(address) && draft.seconds >= 0;
        let message = message(draft);
        let CommitDraft { tree, parent, .. } = draft;
        (is_plain && self.writes_objects()).then(|| {
            format!("tree {tree}\nparent {parent}\nauthor {by}\ncommitter {by}\n\n{message}")
        })
    }

    fn signed(&self, git: Git, seconds: i64) -> Git {
        let (name, address) = &self.author;
        let date = format!("@{seconds} +0000");
        git.env("GIT_AUTHOR_NAME", name)
            .env("GIT_AUTHOR_EMAIL", address)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_NAME", name)
            .env("GIT_COMMITTER_EMAIL", address)
            .env("GIT_COMMITTER_DATE", &date)
    }

    /// The files of a commit.
    pub async fn tree_of(&self, commit: &GitId) -> Result<GitId, GitError> {
        let spec = format!("{commit}^{{tree}}");
        if let Some(tree) = self.desk.tree(commit) {
            return Ok(tree);
        }
        if let Some(tree) = self.named(&spec).await? {
            self.desk.remember_tree(commit, &tree);
            return Ok(tree);
        }
        // It says what is wrong.
        let args = ["rev-parse", "--verify", "--end-of-options", &spec];
        self.git().args(args).id().await
    }

    /// The paths of a commit's files, sorted, without submodules and without names that are not UTF-8.
    pub async fn files(&self, commit: &GitId) -> Result<Vec<String>, GitError> {
        let entries = listed(self.git(), commit).await?;
        let files = entries.into_iter().filter(|e| e.mode != *b"160000");
        Ok(files
            .filter_map(|entry| String::from_utf8(entry.path).ok())
            .collect())
    }

    /// How the files of `to` differ from those of `from`, sorted; each is a commit or a tree.
    pub async fn changes(&self, from: &GitId, to: &GitId) -> Result<Vec<Change>, GitError> {
        changes(self.git(), from, to)
            .await
            .map(|(changes, _)| changes)
    }

    /// Whether `older` is `newer` or one of the commits before it.
    pub(crate) async fn is_ancestor(&self, older: &GitId, newer: &GitId) -> Result<bool, GitError> {
        let args = [
            "merge-base",
            "--is-ancestor",
            older.as_str(),
            newer.as_str(),
        ];
        let (output, named) = self.git().args(args).output().await?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(GitError::failed(&named, &output.stderr)),
        }
    }
}

/// Whether git writes a name or an address as it is: it takes some characters away, at the ends or everywhere.
fn is_plain(name: &str) -> bool {
    let is_crumb = |c: char| c <= ' ' || ".,:;<>\"\\'".contains(c);
    let is_odd = |c: char| c.is_control() || c == '<' || c == '>';
    !name.is_empty()
        && !name.starts_with(is_crumb)
        && !name.ends_with(is_crumb)
        && !name.contains(is_odd)
}

/// Title, text, and the trailers as git's own tools read them.
fn message(draft: &CommitDraft<'_>) -> String {
    let text = draft.message.replace('\0', " ");
    let mut message = text.trim_end().to_owned();
    message.push('\n');
    if !draft.trailers.is_empty() {
        message.push('\n');
    }
    for (key, value) in draft.trailers {
        let words: Vec<&str> = value.split(['\n', '\r', '\0']).collect();
        message.push_str(&format!("{key}: {}\n", words.join(" ").trim()));
    }
    message
}

/// Everything in a commit's tree, in git's order.
pub(crate) async fn listed(git: Git, commit: &GitId) -> Result<Vec<Entry>, GitError> {
    let args = ["ls-tree", "-r", "-z", "--full-tree", commit.as_str()];
    let bytes = git.args(args).bytes().await?;
    let entry = |line: &[u8]| {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        Some(Entry {
            mode: line.get(..6)?.try_into().ok()?,
            path: line[tab + 1..].to_vec(),
        })
    };
    Ok(parts(&bytes).filter_map(entry).collect())
}

/// How two trees differ, and which of the new entries only point at another repository. Names that are not UTF-8 are
/// refused.
pub(crate) async fn changes(
    git: Git,
    from: &GitId,
    to: &GitId,
) -> Result<(Vec<Change>, Vec<String>), GitError> {
    let args = ["diff-tree", "-r", "-z", "--raw", "--no-renames"];
    let git = git.args(args).args([from.as_str(), to.as_str()]);
    let bytes = git.bytes().await?;
    let (mut changes, mut links, mut odd) = (Vec::new(), Vec::new(), Vec::new());
    let mut fields = parts(&bytes);
    while let (Some(head), Some(path)) = (fields.next(), fields.next()) {
        let Ok(path) = String::from_utf8(path.to_vec()) else {
            odd.push(super::standing::escaped(path));
            continue;
        };
        // `:100644 160000 old new M`
        if head.get(8..14) == Some(b"160000") {
            links.push(path.clone());
        }
        let how = match head.last() {
            Some(b'A') => ChangeKind::Added,
            Some(b'D') => ChangeKind::Deleted,
            _ => ChangeKind::Modified,
        };
        changes.push(Change { path, how });
    }
    if !odd.is_empty() {
        return Err(GitError::Names { paths: odd });
    }
    Ok((changes, links))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    async fn git(root: &Path, args: &[&str]) -> String {
        Git::at(root).args(args).line().await.unwrap()
    }

    #[tokio::test]
    async fn an_older_git_merges_as_well() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        git(root, &["init", "-q"]).await;
        let mut trees = Vec::new();
        for (text, other) in [
            ("1\n2\n3\n4\n", ""),
            ("1\n2\n3\n5\n", ""),
            ("0\n2\n3\n4\n", "x"),
        ] {
            std::fs::write(root.join("x.txt"), text).unwrap();
            std::fs::write(root.join("y.txt"), other).unwrap();
            git(root, &["add", "-A"]).await;
            let tree: GitId = git(root, &["write-tree"]).await.parse().unwrap();
            trees.push(tree);
        }
        let mut repo = Repo::open(root).await.unwrap();
        let newer = repo.merge(&trees[1], &trees[0], &trees[2]).await.unwrap();
        repo.merges_trees = false;
        let older = repo.merge(&trees[1], &trees[0], &trees[2]).await.unwrap();
        assert!(matches!(&older, MergeResult::Clean { .. }));
        assert_eq!(older, newer);
    }

    #[tokio::test]
    async fn a_commit_that_is_written_here_is_the_one_git_makes() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        git(root, &["init", "-q"]).await;
        let tree: GitId = git(root, &["write-tree"]).await.parse().unwrap();
        let mut repo = Repo::open(root).await.unwrap();
        let parent = repo.as_commit(&tree).await.unwrap();
        let trailers = [("Formic-Run", "one\ntwo".to_owned())];
        let draft = CommitDraft {
            tree: &tree,
            parent: &parent,
            message: "Title\n\nText with ü.\n\n",
            trailers: &trailers,
            seconds: 1_700_000_000,
        };
        for (name, is_here) in [("Ada Löve", true), ("Ada <x> L.", false)] {
            repo.author.0 = name.to_owned();
            assert_eq!(repo.written(&draft).is_some(), is_here, "{name}");
            let here = repo.commit(&draft).await.unwrap();
            repo.writes_as_usual = false;
            assert!(repo.written(&draft).is_none());
            assert_eq!(repo.commit(&draft).await.unwrap(), here);
            repo.writes_as_usual = true;
        }
    }
}
