//! Changes as text, for whoever is to judge them.

use protocol::GitId;

use super::error::GitError;
use super::repo::Repo;

impl Repo {
    /// What a commit changes in these files against the commit it stands on, as git tells differences, without renames. The
    /// paths are taken as they are, none of them for a pattern; of no paths nothing is told, and of files larger than 256 KiB
    /// only that they differ.
    ///
    /// # Errors
    /// git failed, such as for a commit that stands on none.
    pub async fn shown(&self, commit: &GitId, paths: &[&str]) -> Result<String, GitError> {
        if paths.is_empty() {
            return Ok(String::new());
        }
        let git = self.git().option("--literal-pathspecs");
        let git = git.option("-c").option("core.bigFileThreshold=256k");
        let git = git.args(["diff-tree", "--patch", "--no-renames"]);
        // Programs that the user has for showing differences are not started.
        let git = git.args(["--no-ext-diff", "--no-textconv"]);
        let sides = [format!("{commit}^"), commit.to_string(), "--".to_owned()];
        let told = git.args(sides).args(paths).bytes().await?;
        Ok(String::from_utf8_lossy(&told).into_owned())
    }
}
