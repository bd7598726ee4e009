//! Builds beside each other: each node builds in its own tree, and neither waits for the other.

use std::path::Path;

use serde_json::json;

use crate::stage::{Report, Stage, node, plan, script, writer};

/// The compiler's own programs, past whatever chooses among several: the stage has a home of its own.
fn building() -> String {
    let cargo = Path::new(env!("CARGO"));
    let rustc = cargo.with_file_name("rustc");
    format!(
        // A lock on a folder for builds would have one wait for the other, and cargo say so.
        "RUSTC='{}' '{}' test --offline --lib > log.txt 2>&1; cat log.txt; grep -q '1 passed' log.txt && ! grep -q Blocking log.txt",
        rustc.display(),
        cargo.display()
    )
}

const MANIFEST: &str = "[package]\nname = \"sum\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";

const SOURCE: &str = "#[test]\nfn adds() {\n    assert_eq!(1 + 2, 3);\n}\n";

#[test]
fn two_nodes_build_at_once_and_each_in_its_own_tree() {
    let stage = Stage::new(script([
        writer("one", "src/one.rs", "// one\n"),
        writer("two", "src/two.rs", "// two\n"),
    ]))
    .file("Cargo.toml", MANIFEST)
    .file("src/lib.rs", SOURCE)
    .file(".gitignore", "/target\nCargo.lock\nlog.txt\n")
    .committed();
    let mut plan = plan(["one", "two"].map(|name| {
        let mut node = node(name, &[], &[&format!("src/{name}.rs")], &building());
        node["accept"]["timeout"] = json!("5m");
        node
    }));
    plan["caps"] = json!({"max_parallel": 2});
    let ended = stage.swarm(&plan).succeed();
    let report = Report::of(&ended);
    assert_eq!(report.in_state("done"), ["one", "two"], "{ended}");
    assert!(
        !stage.path("target").exists(),
        "nothing is built in the project"
    );
}
