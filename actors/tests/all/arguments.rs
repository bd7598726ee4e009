//! Arguments no sane model sends: every call has its result, of a size a model can read, and the process lives.

use actors::Wire;
use protocol::{PermissionMode, ToolResult, TurnEnd};
use serde_json::{Value, json};

use crate::bench::{results, text};
use crate::replies::events;
use crate::wild::{Wild, stream_of};

/// More than any tool tells.
const MOST_BYTES: usize = 70_000;

/// The results of these calls, each in a turn of its own so that they come in order; nothing asks.
async fn told(calls: &[(&str, Value)]) -> Vec<ToolResult> {
    let mut wild = Wild::on(Wire::OpenAiChat);
    wild.bench.mode = PermissionMode::BypassPermissions;
    told_by(&wild, calls).await
}

async fn told_by(wild: &Wild, calls: &[(&str, Value)]) -> Vec<ToolResult> {
    let session = wild.open().await;
    let all: Vec<_> = (0..)
        .zip(calls)
        .map(|(at, (tool, arguments))| (json!(format!("c{at}")), *tool, arguments.clone()))
        .collect();
    for some in all.chunks(8) {
        let end = wild
            .turn(&session, stream_of(&events(Wire::OpenAiChat, some)))
            .await;
        assert_eq!(end, TurnEnd::Completed);
    }
    let id = wild.close(session).await;
    let results = results(&wild.bench.records(id));
    assert_eq!(results.len(), calls.len());
    for (result, (tool, arguments)) in results.iter().zip(calls) {
        let bytes = text(result).len();
        assert!(
            bytes <= MOST_BYTES,
            "{tool} {:.200}: {bytes}",
            arguments.to_string()
        );
    }
    results
}

const TOOLS: [&str; 11] = [
    "bash",
    "bash_output",
    "edit",
    "glob",
    "grep",
    "kill_bash",
    "list",
    "multi_edit",
    "read",
    "todo",
    "write",
];

#[tokio::test]
async fn arguments_of_a_wrong_shape_are_told_back() {
    let long = "k".repeat(100_000);
    let wrong = [
        json!({}),
        json!({"": ""}),
        json!({&long: 1}),
        json!({"file_path": &long, "path": &long, "pattern": &long, "command": &long, "content": "", "old_string": &long, "new_string": "", "bash_id": &long, "edits": &long, "todos": &long}),
        json!({"file_path": 7, "path": [], "pattern": {}, "command": null, "content": true, "old_string": 1.5, "new_string": [[]], "bash_id": -1, "edits": {}, "todos": 0}),
        json!({"file_path": "", "path": "", "pattern": "", "command": "", "content": "", "old_string": "", "new_string": "", "bash_id": "", "edits": [], "todos": []}),
        json!({"file_path": "a\u{0}b", "path": "a\u{0}b", "pattern": "\u{0}", "command": "echo \u{0}", "content": "\u{0}", "old_string": "\u{0}", "new_string": "", "bash_id": "\u{0}", "edits": ["\u{0}"], "todos": ["\u{0}"]}),
        json!({"file_path": "a/../../../../../../etc", "path": "....//", "pattern": "../../**", "command": "  \n\t", "bash_id": "bash_99999999999999999999"}),
        json!({"file_path": "a.txt/b/c", "path": "a.txt/b", "pattern": "/", "content": "x", "old_string": "x", "new_string": "y"}),
        json!({"file_path": "\u{202e}txt.a\u{200b}", "path": "ü".repeat(300), "pattern": "\u{1F600}", "content": "x", "old_string": "x", "new_string": "y"}),
    ];
    let calls: Vec<(&str, Value)> = wrong
        .iter()
        .flat_map(|arguments| TOOLS.map(|tool| (tool, arguments.clone())))
        .collect();
    told(&calls).await;
}

#[tokio::test]
async fn numbers_of_any_size_are_taken_or_told_back() {
    let numbers = [
        "-1",
        "0",
        "18446744073709551615",
        "9223372036854775807",
        "-9223372036854775808",
        "1e308",
        "-1e308",
        "99999999999999999999",
        "0.5",
        "\"12\"",
        "\"x\"",
        "null",
    ];
    let mut calls = Vec::new();
    for number in numbers {
        let number: Value = serde_json::from_str(number).unwrap();
        calls.push(("read", json!({"file_path": "a.txt", "offset": number})));
        calls.push((
            "read",
            json!({"file_path": "a.txt", "limit": number, "offset": 2}),
        ));
        calls.push((
            "read",
            json!({"file_path": "a.txt", "limit": number, "offset": number}),
        ));
        for option in ["head_limit", "-A", "-B", "-C", "depth"] {
            calls.push((
                "grep",
                json!({"pattern": "o", "output_mode": "content", option: number}),
            ));
        }
        calls.push(("list", json!({"depth": number})));
        calls.push(("bash", json!({"command": "true", "timeout": number})));
    }
    told(&calls).await;
}

#[tokio::test]
async fn patterns_made_to_explode_do_not() {
    let patterns = [
        "a".repeat(1024 * 1024),
        "(a*)*b".to_owned(),
        "(a|aa)+$".to_owned(),
        "((((((((((a{50}){50}){50}){50}){50}){50}){50}){50}){50}){50}".to_owned(),
        "(".repeat(100_000),
        format!("{}a{}", "(".repeat(50_000), ")".repeat(50_000)),
        "[".repeat(100_000),
        "\\p{L}{1000}".to_owned(),
        "a{99999999999}".to_owned(),
    ];
    let globs = [
        "**/".repeat(1000),
        format!("{}x", "**/".repeat(1000)),
        "*a".repeat(1000),
        "{".repeat(100_000),
        format!("{}a{}", "{a,".repeat(50_000), "}".repeat(50_000)),
        "{a,b}".repeat(2_000),
        "[".repeat(100_000),
        "[!a-z]".repeat(10_000),
        "?".repeat(100_000),
        "a/".repeat(100_000),
    ];
    let mut calls = Vec::new();
    for pattern in patterns {
        calls.push(("grep", json!({"pattern": pattern})));
        calls.push((
            "grep",
            json!({"pattern": pattern, "multiline": true, "-i": true}),
        ));
    }
    for glob in globs {
        calls.push(("glob", json!({"pattern": glob})));
        calls.push(("grep", json!({"pattern": "o", "glob": glob})));
    }
    let wild = Wild::on(Wire::OpenAiChat);
    std::fs::write(wild.bench.root().join("as.txt"), "a".repeat(100_000)).unwrap();
    told_by(&wild, &calls).await;
}

#[tokio::test]
async fn commands_nested_without_end_do_not_bring_the_process_down() {
    let deep = 10_000;
    let mut calls = Vec::new();
    for (open, close) in [
        ("$(", ")"),
        ("(", ")"),
        ("{ ", "; }"),
        ("`", "`"),
        ("\"$(", ")\""),
        ("${a:-", "}"),
        ("$((", "))"),
        ("if ", "; fi"),
        ("! ", ""),
        ("<(", ")"),
        ("[[ ( ", " ) ]]"),
        ("{a,", "}"),
        ("case x in (", ") esac"),
        ("eval '", "'"),
        ("sh -c ", ""),
        ("a|", "a"),
        ("a&&", "a"),
        ("a;", "a"),
        ("env ", "ls"),
        ("timeout 1 ", "ls"),
        ("<<A\n", "A"),
        ("\\", ""),
        ("'", ""),
    ] {
        for deep in [150, deep] {
            let times = deep.min(110_000 / (open.len() + close.len()));
            calls.push(("bash", json!({"command": format!("{}true{}", open.repeat(times), close.repeat(times)), "timeout": 20_000})));
        }
    }
    // Judged, not run: what is not known to be harmless asks, and nobody is there to answer.
    let mut wild = Wild::on(Wire::OpenAiChat);
    wild.bench.mode = PermissionMode::Default;
    told_by(&wild, &calls).await;
}
