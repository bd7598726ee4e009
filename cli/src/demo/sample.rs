//! The sample repository of the demo: a small crate with a failing test, in a fresh git repository.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, bail};

const FILES: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("sample/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("sample/lib.rs.txt")),
    ("tests/median.rs", include_str!("sample/median.rs.txt")),
    ("AGENTS.md", include_str!("sample/AGENTS.md.txt")),
    (".gitignore", "/target\n/Cargo.lock\n"),
];

/// Writes the sample crate below `root` and commits it.
///
/// # Errors
/// The disk's or git's, naming the file or the command.
pub fn create(root: &Path) -> anyhow::Result<()> {
    for (name, text) in FILES {
        let path = root.join(name);
        let folder = path.parent().unwrap_or(root);
        std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    git(root, &["init", "--quiet", "--initial-branch=main"])?;
    git(root, &["add", "--all"])?;
    git(
        root,
        &[
            "commit",
            "--quiet",
            "--message",
            "A sample crate with a failing test",
        ],
    )?;
    Ok(())
}

/// What the agent changed, as git sees it.
///
/// # Errors
/// git's.
pub fn diff(root: &Path) -> anyhow::Result<String> {
    Ok(String::from_utf8_lossy(&git(root, &["diff"])?.stdout).into_owned())
}

/// Runs the crate's tests; the summary lines and whether all passed. Runs beside the agent's own claim:
/// the demo believes the tests, not the model.
///
/// # Errors
/// If cargo cannot be started.
pub fn test(root: &Path) -> anyhow::Result<(Vec<String>, bool)> {
    let output = Command::new("cargo")
        .args(["test", "--quiet"])
        .env_remove("RUST_BACKTRACE")
        .current_dir(root)
        .output()
        .context("start cargo: is the Rust toolchain installed?")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let counted =
        |line: &&str| line.starts_with("test result:") && !line.contains(" 0 passed; 0 failed");
    let lines = text.lines().filter(counted).map(str::to_owned).collect();
    Ok((lines, output.status.success()))
}

/// git with nothing of the user's in it: no hooks, no signing, no prompts.
fn git(root: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
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
