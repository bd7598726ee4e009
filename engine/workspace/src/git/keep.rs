//! Refs that keep work which is on no branch yet: whatever tidies up the user's repository leaves it alone. They lie
//! below `refs/formic/`, where no branch and no tag of the user's is.

use std::collections::BTreeSet;

use protocol::GitId;

use super::error::GitError;
use super::repo::Repo;

/// Where all of them lie.
const ALL: &str = "refs/formic/";

/// A ref that keeps something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its whole name.
    pub name: String,
    /// The commit that is kept.
    pub commit: GitId,
}

impl Repo {
    /// Points these refs, all below `refs/formic/`, at their commits, wherever they stood before; all of them or none.
    pub async fn keep(&self, refs: &[Kept]) -> Result<(), GitError> {
        let lines = refs
            .iter()
            .map(|kept| Some(format!("update {}\0{}\0\0", own(&kept.name)?, kept.commit)));
        self.at_once(lines.collect::<Option<Vec<_>>>(), refs).await
    }

    /// Takes away those of the refs that are there; all of them or none. What they kept goes when git next tidies up.
    pub async fn let_go(&self, names: &[String]) -> Result<(), GitError> {
        let mut there = Vec::new();
        let own_names = names.iter().filter(|name| own(name).is_some());
        for name in own_names.collect::<BTreeSet<_>>() {
            let kept = self.named(name).await?;
            there.extend(kept.map(|commit| Kept {
                name: name.clone(),
                commit,
            }));
        }
        let lines = there
            .iter()
            .map(|kept| Some(format!("delete {}\0{}\0", own(&kept.name)?, kept.commit)));
        self.at_once(lines.collect::<Option<Vec<_>>>(), &there)
            .await
    }

    /// The refs below this folder (`refs/formic/..`, with `/` at the end), or of this pattern, and the commits they point at,
    /// sorted.
    pub async fn kept(&self, below: &str) -> Result<Vec<Kept>, GitError> {
        let format = "--format=%(objectname) %(refname)";
        let asked = self.git().args(["for-each-ref", format, "--"]).arg(below);
        let bytes = asked.bytes().await?;
        let said = String::from_utf8_lossy(&bytes);
        let one = |line: &str| {
            let (id, name) = line.split_once(' ')?;
            Some(Kept {
                name: name.to_owned(),
                commit: id.parse().ok()?,
            })
        };
        Ok(said.lines().filter_map(one).collect())
    }

    /// Those of the refs whose commit is on a branch that none of `but` names: without them, nothing of it is lost.
    pub async fn merged(&self, refs: &[Kept], but: &[String]) -> Result<Vec<Kept>, GitError> {
        let mut merged = Vec::new();
        for kept in refs {
            let contains = format!("--contains={}", kept.commit);
            let args = [
                "for-each-ref",
                "--format=%(refname)",
                &contains,
                "refs/heads/",
            ];
            let bytes = self.git().args(args).bytes().await?;
            let said = String::from_utf8_lossy(&bytes);
            let is_other = |branch: &str| branch != kept.name && !but.iter().any(|b| b == branch);
            if said.lines().any(is_other) {
                merged.push(kept.clone());
            }
        }
        Ok(merged)
    }

    async fn at_once(&self, steps: Option<Vec<String>>, refs: &[Kept]) -> Result<(), GitError> {
        match steps {
            Some(steps) if steps.is_empty() => Ok(()),
            Some(steps) => self.transact(&steps).await,
            None => {
                let paths = refs.iter().map(|kept| kept.name.escape_debug().to_string());
                let paths = paths.collect();
                Err(GitError::Names { paths })
            }
        }
    }
}

/// A name that lies where these refs lie and cannot end the line it stands in.
fn own(name: &str) -> Option<&str> {
    (name.starts_with(ALL) && !name.contains('\0')).then_some(name)
}
