//! How a repository stands, asked of the `git` program; optional and cheap.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// A repository that does not answer within this is described without it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Digits of a commit that people read.
const SHORT: usize = 8;

/// Variables that would make `git` look at another repository than the one in the folder.
const MISLEADING: [&str; 5] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
];

/// How a repository stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitState {
    /// The branch; `None` when a commit is checked out directly.
    pub branch: Option<String>,
    /// The first digits of the commit; `None` before the first one.
    pub head: Option<String>,
    /// Files changed, staged, in conflict or untracked; an untracked folder counts as one.
    pub dirty: u64,
    /// Commits the branch has and lacks compared with its upstream, if it has one.
    pub ahead_behind: Option<(u64, u64)>,
}

/// The state of the repository at `root`; `None` if there is none, no `git`, or no answer within two seconds.
/// Takes no lock, asks nobody, and runs no program a repository names for watching files.
pub async fn git_state(root: &Path) -> Option<GitState> {
    let mut git = Command::new("git");
    git.args(["-c", "core.fsmonitor=false", "status"])
        .args(["--porcelain=v2", "-z", "--branch"])
        .current_dir(root)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    for name in MISLEADING {
        git.env_remove(name);
    }
    let output = timeout(PATIENCE, git.output()).await.ok()?.ok()?;
    output.status.success().then(|| parse(&output.stdout))
}

/// Reads the answer: fields end with NUL, and a renamed file is followed by a field with its former name.
fn parse(answer: &[u8]) -> GitState {
    let text = String::from_utf8_lossy(answer);
    let mut state = GitState::default();
    let mut fields = text.split('\0');
    while let Some(field) = fields.next() {
        match field.split_once(' ') {
            Some(("#", header)) => state.header(header),
            Some(("2", _)) => {
                state.dirty += 1;
                fields.next();
            }
            Some(("1" | "u" | "?", _)) => state.dirty += 1,
            Some(_) | None => {}
        }
    }
    state
}

impl GitState {
    fn header(&mut self, header: &str) {
        match header.split_once(' ') {
            Some(("branch.oid", id)) if id != "(initial)" => {
                self.head = Some(id.chars().take(SHORT).collect());
            }
            Some(("branch.head", name)) if name != "(detached)" => {
                self.branch = Some(name.to_owned());
            }
            Some(("branch.ab", counts)) => self.ahead_behind = distance(counts),
            Some(_) | None => {}
        }
    }
}

/// Reads `+3 -1`.
fn distance(counts: &str) -> Option<(u64, u64)> {
    let (ahead, behind) = counts.split_once(' ')?;
    Some((
        ahead.strip_prefix('+')?.parse().ok()?,
        behind.strip_prefix('-')?.parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_name_that_looks_like_an_entry_is_not_counted() {
        let answer = b"# branch.oid 0123456789abcdef\0# branch.head main\0# branch.upstream o/main\0\
            # branch.ab +3 -1\0\x31 .M N... f\0\x32 R. N... R100 new\0? old\0u UU x\0? dir/\0! ignored\0";
        let expected = GitState {
            branch: Some("main".to_owned()),
            head: Some("01234567".to_owned()),
            dirty: 4,
            ahead_behind: Some((3, 1)),
        };
        assert_eq!(parse(answer), expected);
    }

    #[test]
    fn before_the_first_commit_and_off_a_branch_there_are_no_names() {
        let answer = b"# branch.oid (initial)\0# branch.head (detached)\0";
        assert_eq!(parse(answer), GitState::default());
    }
}
