//! git for the samples' repositories, with nothing of the user's in it: no hooks, no signing, no prompts.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, bail};

/// Runs git in `root`.
///
/// # Errors
/// If git is missing, or does not end well: then with what it said.
pub fn git(root: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=formic demo",
            "-c",
            "user.email=demo@localhost",
        ])
        .args([
            "-c",
            "commit.gpgsign=false",
            "-c",
            "core.hooksPath=/dev/null",
        ])
        .args(arguments)
        .current_dir(root)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .output()
        .context("start git: is it installed?")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        bail!("git {} failed: {said}", arguments.join(" "));
    }
    Ok(output)
}

/// Makes a repository of everything below `root`, with one commit.
///
/// # Errors
/// As [`git`].
pub fn begin(root: &Path, message: &str) -> anyhow::Result<()> {
    git(root, &["init", "--quiet", "--initial-branch=main"])?;
    git(root, &["add", "--all"])?;
    git(root, &["commit", "--quiet", "--message", message])?;
    Ok(())
}
