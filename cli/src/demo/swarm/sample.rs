//! The sample repository of the swarm's demo: a workspace of a dozen crates that all read lengths by one function.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::demo::git::{begin, git};

/// The crates, each with the crates of the workspace it calls.
const CRATES: [(&str, &str, &[&str]); 12] = [
    ("base", include_str!("crates/base.rs.txt"), &[]),
    ("beam", include_str!("crates/beam.rs.txt"), &["base"]),
    ("cable", include_str!("crates/cable.rs.txt"), &["base"]),
    ("cloth", include_str!("crates/cloth.rs.txt"), &["base"]),
    ("fence", include_str!("crates/fence.rs.txt"), &["base"]),
    ("pipe", include_str!("crates/pipe.rs.txt"), &["base"]),
    ("road", include_str!("crates/road.rs.txt"), &["base"]),
    ("room", include_str!("crates/room.rs.txt"), &["base"]),
    ("sail", include_str!("crates/sail.rs.txt"), &["base"]),
    (
        "survey",
        include_str!("crates/survey.rs.txt"),
        &["base", "fence", "road", "room"],
    ),
    ("tile", include_str!("crates/tile.rs.txt"), &["base"]),
    ("trail", include_str!("crates/trail.rs.txt"), &["base"]),
];

const FILES: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("workspace.toml.txt")),
    ("AGENTS.md", include_str!("AGENTS.md.txt")),
    ("guide/index.md", include_str!("guide/index.md.txt")),
    ("guide/lengths.md", include_str!("guide/lengths.md.txt")),
    (".gitignore", "/target\n/Cargo.lock\n"),
];

/// Every file of the sample: its path below the root, and its text.
pub fn files() -> Vec<(String, String)> {
    let whole = FILES.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let of_crates = CRATES.iter().flat_map(|(name, source, calls)| {
        [
            (format!("crates/{name}/src/lib.rs"), (*source).to_owned()),
            (format!("crates/{name}/Cargo.toml"), manifest(name, calls)),
        ]
    });
    whole.into_iter().chain(of_crates).collect()
}

fn manifest(name: &str, calls: &[&str]) -> String {
    let head = format!(
        "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\n[lib]\ndoctest = false\n"
    );
    let needs: String = calls
        .iter()
        .map(|name| format!("{name}.workspace = true\n"))
        .collect();
    if needs.is_empty() {
        head
    } else {
        format!("{head}\n[dependencies]\n{needs}")
    }
}

/// Writes the sample below `root` and commits it.
///
/// # Errors
/// The disk's or git's, naming the file or the command.
pub fn create(root: &Path) -> anyhow::Result<()> {
    for (name, text) in files() {
        let path = root.join(name);
        let folder = path.parent().unwrap_or(root);
        std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    begin(root, "A plot of land in a dozen crates")
}

/// The history of the branch that is checked out, drawn by git.
///
/// # Errors
/// git's.
pub fn history(root: &Path) -> anyhow::Result<String> {
    let log = git(root, &["log", "--oneline", "--graph", "--no-decorate"])?;
    Ok(String::from_utf8_lossy(&log.stdout).into_owned())
}

/// Runs all tests of the workspace, outside of every agent: how many passed, and whether all did.
///
/// # Errors
/// If cargo cannot be started.
pub fn test(root: &Path) -> anyhow::Result<(u64, bool)> {
    let output = Command::new("cargo")
        .args(["test", "--workspace", "--offline", "--quiet"])
        .env_remove("RUST_BACKTRACE")
        .current_dir(root)
        .output()
        .context("start cargo: is the Rust toolchain installed?")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let passed = |line: &str| {
        let rest = line.strip_prefix("test result: ok. ")?;
        rest.split(' ').next()?.parse::<u64>().ok()
    };
    let count = text.lines().filter_map(passed).sum();
    Ok((count, output.status.success()))
}
