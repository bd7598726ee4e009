//! The sample repository of the demo: a small crate with a failing test, in a fresh git repository.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::demo::git::{begin, git};

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
    begin(root, "A sample crate with a failing test")
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
