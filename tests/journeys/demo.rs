//! The demos, as somebody meets them who has just built formic: no key, no network, and what they claim is so.

use std::path::PathBuf;
use std::process::Command;

use scripted::Script;

use crate::stage::{Ended, Stage};

/// A demo with the user's own home, where the toolchain may be kept.
fn played(stage: &Stage, words: &[&str]) -> Ended {
    let home = std::env::var_os("HOME").unwrap_or_default();
    let run = stage.formic(words.iter().copied()).env("HOME", home);
    let names = ["CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];
    let known = names
        .into_iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)));
    known
        .fold(run, |run, (name, value)| run.env(name, value))
        .succeed()
}

/// The folder the demo says it works in.
fn folder(ended: &Ended) -> PathBuf {
    let line = ended.stdout.lines().next().expect("a first line");
    let path = line.rsplit(": ").next().expect("a path behind it");
    PathBuf::from(path)
}

fn git(folder: &PathBuf, args: &[&str]) -> String {
    let output = Command::new("git").args(args).current_dir(folder).output();
    String::from_utf8_lossy(&output.expect("git starts").stdout)
        .trim_end()
        .to_owned()
}

#[test]
fn the_demo_of_the_swarm_ends_green_and_its_counts_are_the_servers() {
    let stage = Stage::new(Script::new());
    let ended = played(&stage, &["demo"]);
    let folder = folder(&ended);
    for part in [
        "✗ attempt 1 came back, check",
        "✗ attempt 1 came back, conflict",
        "25 passed, all of them",
        "The server's log says the same",
    ] {
        assert!(ended.stdout.contains(part), "{part:?}: {ended}");
    }
    assert_eq!(git(&folder, &["status", "--porcelain"]), "");
    assert_eq!(git(&folder, &["rev-list", "--count", "HEAD"]), "15");
    assert_eq!(git(&folder, &["grep", "-l", "base::parse"]), "");
    assert_eq!(
        git(&folder, &["grep", "-lE", "^(<<<<<<<|>>>>>>>) "]),
        "",
        "no conflict is left"
    );
    assert_eq!(
        stage.server().requests().len(),
        0,
        "it has a server of its own"
    );
    std::fs::remove_dir_all(folder).expect("the sample can be removed");
}

#[test]
fn the_demo_of_one_agent_ends_with_green_tests() {
    let stage = Stage::new(Script::new());
    let ended = played(&stage, &["demo", "chat"]);
    let folder = folder(&ended);
    assert!(ended.stdout.contains("test result: ok"), "{ended}");
    assert_ne!(git(&folder, &["diff", "--stat"]), "");
    std::fs::remove_dir_all(folder).expect("the sample can be removed");
}
