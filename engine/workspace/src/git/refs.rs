//! Refs, moved only from where they are expected to stand.

use protocol::GitId;

use super::error::GitError;
use super::repo::Repo;
use super::talk::Shape;

/// What came of moving a ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefMove {
    /// It stands where it was to go, now or already.
    Done,
    /// It was not where it was expected and was left there.
    Found(Option<GitId>),
}

impl Repo {
    /// The commit a ref (`refs/heads/..`) points at.
    pub async fn get_ref(&self, name: &str) -> Result<Option<GitId>, GitError> {
        self.named(&format!("{name}^{{commit}}")).await
    }

    /// Makes a ref that must not exist.
    pub async fn create_ref(&self, name: &str, to: &GitId) -> Result<RefMove, GitError> {
        self.set(name, Some(to), None).await
    }

    /// Moves a ref that must stand at `from`.
    pub async fn update_ref(
        &self,
        name: &str,
        to: &GitId,
        from: &GitId,
    ) -> Result<RefMove, GitError> {
        self.set(name, Some(to), Some(from)).await
    }

    /// Removes a ref that must stand at `from`; what it held stays in the object store until git tidies up.
    pub async fn delete_ref(&self, name: &str, from: &GitId) -> Result<RefMove, GitError> {
        self.set(name, None, Some(from)).await
    }

    /// The ref that a symbolic one stands for.
    pub(crate) async fn stands_for(&self, name: &str) -> Result<Option<String>, GitError> {
        let asked = self.git().args(["symbolic-ref", "--quiet", "--", name]);
        let (output, named) = asked.output().await?;
        match output.status.code() {
            Some(0) => {
                let said = String::from_utf8_lossy(&output.stdout);
                Ok(Some(said.trim_end().to_owned()))
            }
            Some(1) => Ok(None),
            _ => Err(GitError::failed(&named, &output.stderr)),
        }
    }

    async fn set(
        &self,
        name: &str,
        to: Option<&GitId>,
        from: Option<&GitId>,
    ) -> Result<RefMove, GitError> {
        if !name.starts_with("refs/") || name.contains('\0') {
            let command = format!("update-ref {}", name.escape_debug());
            return Err(GitError::failed(&command, b"a ref lies below refs/"));
        }
        let nothing = match self.format.as_str() {
            "sha256" => "0".repeat(64),
            _ => "0".repeat(40),
        };
        let old = from.map_or(nothing.as_str(), GitId::as_str);
        let step = match to {
            Some(to) => format!("update {name}\0{to}\0{old}\0"),
            None => format!("delete {name}\0{old}\0"),
        };
        let Err(error) = self.transact(&[step]).await else {
            return Ok(RefMove::Done);
        };
        let now = self.get_ref(name).await?;
        match now.as_ref() == to {
            true => Ok(RefMove::Done),
            false if now.as_ref() != from => Ok(RefMove::Found(now)),
            false => Err(error),
        }
    }
    /// Takes these steps of `update-ref`, each ended by NUL; all of them or none. Taking them twice must be what taking
    /// them once is.
    pub(crate) async fn transact(&self, steps: &[String]) -> Result<(), GitError> {
        let (name, address) = &self.author;
        let start = || {
            let git = self.git();
            let git = git.args(["update-ref", "--no-deref", "-m", "formic", "-z", "--stdin"]);
            git.env("GIT_COMMITTER_NAME", name)
                .env("GIT_COMMITTER_EMAIL", address)
        };
        let question = format!("start\0{}commit\0", steps.concat());
        let moves = &self.desk.moves;
        let answer = moves.ask(start, question.as_bytes(), Shape::Lines(2));
        answer.await.map(drop)
    }
}
