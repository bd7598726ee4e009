//! `grep`, `glob` and `list`: what is found, in which order, what is left out and that it is said.

use serde_json::{Value, json};

use crate::rig::{Rig, failed, ok};

fn tree() -> Rig {
    let rig = Rig::new();
    rig.put(".gitignore", "target/\n*.log\n");
    rig.put("target/out.rs", "needle\n");
    rig.put(".hidden/x.rs", "needle\n");
    rig.put("noise.log", "needle\n");
    rig.put(
        "src/b.rs",
        "one\nneedle two\nthree\nfour\nfive\nNeedle six\n",
    );
    rig.put("src/a.rs", "needle\n");
    rig.put("src/deep/c.md", "a needle\n");
    rig.put("bin.dat", b"needle\n\x00\x01");
    rig
}

#[tokio::test]
async fn finds_what_counts_in_order_of_path() {
    let mut rig = tree();
    for (args, expected) in [
        (
            json!({"pattern": "needle"}),
            "src/a.rs\nsrc/b.rs\nsrc/deep/c.md\n",
        ),
        (
            json!({"pattern": "needle", "glob": "*.rs"}),
            "src/a.rs\nsrc/b.rs\n",
        ),
        (
            json!({"pattern": "needle", "glob": "!*.rs"}),
            "src/deep/c.md\n",
        ),
        (
            json!({"pattern": "needle", "glob": "src/*.{rs,md}"}),
            "src/a.rs\nsrc/b.rs\n",
        ),
        (
            json!({"pattern": "needle", "type": "markdown"}),
            "src/deep/c.md\n",
        ),
        (
            json!({"pattern": "needle", "path": "src/deep"}),
            "src/deep/c.md\n",
        ),
        (
            json!({"pattern": "needle", "path": ".hidden"}),
            ".hidden/x.rs\n",
        ),
        (
            json!({"pattern": "needle", "path": "src/a.rs", "output_mode": "content"}),
            "src/a.rs\n1:needle\n",
        ),
        (
            json!({"pattern": "needle", "-i": true, "output_mode": "count"}),
            "src/a.rs:1\nsrc/b.rs:2\nsrc/deep/c.md:1\n",
        ),
        (
            json!({"pattern": "^needle t", "output_mode": "content", "-C": 1}),
            "src/b.rs\n1-one\n2:needle two\n3-three\n",
        ),
        (
            json!({"pattern": "needle", "-i": true, "output_mode": "content", "path": "src/b.rs", "-A": 1}),
            "src/b.rs\n2:needle two\n3-three\n--\n6:Needle six\n",
        ),
        (
            json!({"pattern": "two.three", "multiline": true, "output_mode": "content"}),
            "src/b.rs\n2:needle two\n3:three\n",
        ),
        (json!({"pattern": "nowhere"}), "no match in 4 files\n"),
    ] {
        let told = ok(&rig.call("grep", args.clone()).await);
        assert_eq!(told, expected, "{args}");
    }
}

#[tokio::test]
async fn what_is_left_out_is_counted() {
    let mut rig = tree();
    let args = json!({"pattern": "needle", "head_limit": 1});
    let told = ok(&rig.call("grep", args).await);
    assert_eq!(
        told,
        "src/a.rs\n(2 more files match; narrow the search or raise head_limit)\n"
    );
    let args =
        json!({"pattern": "e", "output_mode": "content", "head_limit": 2, "path": "src/b.rs"});
    let told = ok(&rig.call("grep", args).await);
    assert_eq!(
        told,
        "src/b.rs\n1:one\n2:needle two\n(3 more matching lines; narrow the search or raise head_limit)\n"
    );
    rig.put("wide.txt", format!("wide {}\n", "x".repeat(900)));
    let args = json!({"pattern": "wide", "output_mode": "content"});
    let told = ok(&rig.call("grep", args).await);
    assert!(told.contains("[... line of 906 bytes cut]"), "{told}");
}

#[tokio::test]
async fn a_forbidden_file_is_passed_over_and_counted() {
    for (tool, args) in [
        ("grep", json!({"pattern": "needle"})),
        ("glob", json!({"pattern": "*.rs"})),
        ("list", json!({})),
    ] {
        let mut rig = tree();
        rig.forbidden.push(rig.root.join("src/a.rs"));
        let told = ok(&rig.call(tool, args).await);
        assert!(
            !told.contains("a.rs") && told.contains("b.rs"),
            "{tool}: {told}"
        );
        assert!(told.contains("(1 entries passed over"), "{tool}: {told}");
    }
}

#[tokio::test]
async fn a_broken_pattern_says_where_and_what_to_write() {
    let mut rig = tree();
    for (args, says) in [
        (json!({"pattern": "f("}), "unclosed group"),
        (json!({"pattern": "f("}), "\\("),
        (json!({"pattern": "a\\nb"}), "multiline"),
        (json!({"pattern": "a", "type": "klingon"}), "klingon"),
        (json!({"pattern": "a", "path": "sr"}), "src"),
        (
            json!({"pattern": "a", "output_mode": "lines"}),
            "files_with_matches, content, count",
        ),
    ] {
        let told = failed(&rig.call("grep", args.clone()).await);
        assert!(told.contains(says), "{args}: {told}");
    }
}

#[tokio::test]
async fn glob_matches_names_at_any_depth_and_paths_where_they_are() {
    let mut rig = tree();
    let below = rig.root.join("src/*.rs");
    for (pattern, expected) in [
        (json!("*.rs"), "src/a.rs\nsrc/b.rs\n"),
        (json!("**/*.md"), "src/deep/c.md\n"),
        (json!("src/*"), "src/a.rs\nsrc/b.rs\n"),
        (json!("*/c.md"), "no file matches"),
        (json!(below), "src/a.rs\nsrc/b.rs\n"),
    ] {
        let told = ok(&rig.call("glob", json!({"pattern": pattern})).await);
        assert!(told.starts_with(expected), "{pattern}: {told}");
    }
    for n in 0..105 {
        rig.put(&format!("many/{n:03}.x"), "");
    }
    let told = ok(&rig.call("glob", json!({"pattern": "*.x"})).await);
    assert!(
        told.contains("many/099.x") && told.contains("(5 more files match"),
        "{told}"
    );
}

#[tokio::test]
async fn list_draws_a_tree_to_its_depth() {
    let mut rig = tree();
    let root = rig.root.display().to_string();
    for (args, expected) in [
        (
            json!({}),
            "  bin.dat\n  src/\n    a.rs\n    b.rs\n    deep/\n",
        ),
        (json!({"depth": 1}), "  bin.dat\n  src/\n"),
        (
            json!({"depth": "3"}),
            "  bin.dat\n  src/\n    a.rs\n    b.rs\n    deep/\n      c.md\n",
        ),
    ] {
        let told = ok(&rig.call("list", args.clone()).await);
        assert_eq!(told, format!("{root}/\n{expected}"), "{args}");
    }
    let told = failed(&rig.call("list", json!({"path": "src/a.rs"})).await);
    assert!(told.contains("use read"), "{told}");
}

#[tokio::test]
async fn paths_are_relative_to_where_the_agent_stands() {
    let mut rig = tree();
    rig.cwd = rig.root.join("src");
    let args: Value = json!({"pattern": "needle"});
    assert_eq!(ok(&rig.call("grep", args).await), "a.rs\nb.rs\ndeep/c.md\n");
}
