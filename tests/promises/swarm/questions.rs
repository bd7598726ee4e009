//! A run begins soon: git, a process for each question, is asked once and before anybody is at work.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use scripted::{Reply, Script};
use serde_json::json;

use crate::stage::{Report, Stage, plan};

/// A git that writes down what it is asked, a line each, and then does it.
fn minutes(folder: &Path) -> String {
    let path = std::env::var("PATH").unwrap();
    let git = std::env::split_paths(&path)
        .map(|at| at.join("git"))
        .find(|at| at.is_file());
    let git = git.expect("git is installed");
    fs::create_dir_all(folder).unwrap();
    let script = format!(
        "#!/bin/sh\nwhile [ \"$1\" = -c ]; do kept=\"$kept $1 $2\"; shift 2; done\nprintf '%s\\n' \"$*\" >> '{}'\nexec '{}' $kept \"$@\"\n",
        folder.join("asked").display(),
        git.display()
    );
    let shim = folder.join("git");
    fs::write(&shim, script).unwrap();
    fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{path}", folder.display())
}

/// What was asked, in order.
fn asked(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("asked")).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn repeated(asked: &[String]) -> Vec<&String> {
    let mut seen = BTreeSet::new();
    asked.iter().filter(|line| !seen.insert(*line)).collect()
}

#[test]
fn git_is_asked_nothing_twice_by_a_run_that_only_reads() {
    let script = Script::new().otherwise(Reply::text("It holds one line."));
    let stage = Stage::new(script).file("a.txt", "one\n").committed();
    let node =
        json!({"id": "look", "kind": "Explore", "brief": "Say what it holds.", "reads": ["a.txt"]});
    let folder = stage.home().join("bin");
    let path = minutes(&folder);
    let ended = stage.swarm(&plan([node])).env("PATH", path).succeed();
    assert_eq!(Report::of(&ended).in_state("done"), ["look"]);
    let asked = asked(&folder);
    assert_eq!(repeated(&asked), Vec::<&String>::new(), "{asked:#?}");
    let about = |what: &str| asked.iter().filter(|line| line.starts_with(what)).count();
    // Where it is, how it stands, what its settings are.
    let places = [
        "version",
        "rev-parse --is-inside-work-tree",
        "status",
        "config",
    ];
    assert_eq!(places.map(about), [1; 4], "{asked:#?}");
    assert!(asked.len() <= 12, "{asked:#?}");
}
