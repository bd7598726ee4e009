//! Contents: what files hold in a commit or a tree.

use protocol::GitId;

use super::error::GitError;
use super::repo::Repo;
use super::run::Git;

impl Repo {
    /// What files hold, in the order asked: each by its path in a commit or tree. `None` for what is not there, is no
    /// file, or is larger than `most` bytes.
    ///
    /// # Errors
    /// git failed.
    pub async fn contents(
        &self,
        wanted: &[(&GitId, &str)],
        most: u64,
    ) -> Result<Vec<Option<Vec<u8>>>, GitError> {
        let mut found = vec![None; wanted.len()];
        let specs: Vec<String> = wanted
            .iter()
            .map(|(at, path)| format!("{at}:{path}"))
            .collect();
        // A name with a line break cannot be asked for.
        let askable = |at: &usize| !specs[*at].contains('\n');
        let asked: Vec<usize> = (0..specs.len()).filter(askable).collect();
        let sizes = batch(
            self.git(),
            "--batch-check",
            asked.iter().map(|at| &specs[*at]),
        )
        .await?;
        let fitting: Vec<usize> = asked
            .into_iter()
            .zip(sizes.split(|byte| *byte == b'\n'))
            .filter(|(_, line)| size(line).is_some_and(|size| size <= most))
            .map(|(at, _)| at)
            .collect();
        let bytes = batch(self.git(), "--batch", fitting.iter().map(|at| &specs[*at])).await?;
        let mut rest = bytes.as_slice();
        for at in fitting {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let head = &rest[..end.unwrap_or(rest.len())];
            let Some(long) = size(head).and_then(|size| usize::try_from(size).ok()) else {
                break;
            };
            let from = head.len() + 1;
            let Some(content) = rest.get(from..from + long) else {
                break;
            };
            found[at] = Some(content.to_vec());
            rest = rest.get(from + long + 1..).unwrap_or_default();
        }
        Ok(found)
    }
}

async fn batch<'a>(
    git: Git,
    how: &str,
    specs: impl Iterator<Item = &'a String>,
) -> Result<Vec<u8>, GitError> {
    let lines: String = specs.map(|spec| format!("{spec}\n")).collect();
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let asked = git.args(["cat-file", how]).input(lines.into_bytes());
    asked.bytes().await
}

/// The size in `<id> blob <size>`; of what is not there its name is said, which may have words like these in it.
fn size(line: &[u8]) -> Option<u64> {
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (kind, size) = (words.nth(1)?, words.next()?);
    let is_size = kind == "blob" && words.next().is_none();
    is_size.then(|| size.parse().ok())?
}
