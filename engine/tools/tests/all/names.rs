//! Names and arguments as models write them, fitted or refused with a sentence that helps.

use serde_json::{Value, json};
use tools::Registry;

fn bound(name: &str, args: &Value) -> Result<(&'static str, Value), String> {
    let registry = Registry::builtin();
    let bound = registry.resolve(name, &args.to_string())?;
    Ok((bound.name, bound.args))
}

/// Name, arguments as the model wrote them -> tool, arguments as the tool gets them.
const FITTED: [(&str, &str, &str, &str); 16] = [
    ("Read", r#"{"path": "f"}"#, "read", r#"{"file_path": "f"}"#),
    (
        "read_file",
        r#"{"filePath": "f", "start_line": "5"}"#,
        "read",
        r#"{"file_path": "f", "offset": 5}"#,
    ),
    (
        "create_file",
        r#"{"path": "f", "contents": "x"}"#,
        "write",
        r#"{"file_path": "f", "content": "x"}"#,
    ),
    (
        "WriteFile",
        r#"{"file": "f", "text": "x"}"#,
        "write",
        r#"{"file_path": "f", "content": "x"}"#,
    ),
    (
        "str_replace",
        r#"{"path": "f", "old_str": "a", "new_str": "b"}"#,
        "edit",
        r#"{"file_path": "f", "old_string": "a", "new_string": "b"}"#,
    ),
    (
        "edit_file",
        r#"{"filePath": "f", "oldString": "a", "newString": "b", "replaceAll": "true"}"#,
        "edit",
        r#"{"file_path": "f", "old_string": "a", "new_string": "b", "replace_all": true}"#,
    ),
    (
        "run_command",
        r#"{"cmd": "ls", "explanation": "look"}"#,
        "bash",
        r#"{"command": "ls"}"#,
    ),
    (
        "shell",
        r#"{"command": ["bash", "-lc", "ls -l"]}"#,
        "bash",
        r#"{"command": "ls -l"}"#,
    ),
    (
        "Grep",
        r#"{"query": "x", "-n": null, "include": "*.rs", "context": 2.0}"#,
        "grep",
        r#"{"pattern": "x", "glob": "*.rs", "-C": 2}"#,
    ),
    (
        "grep_search",
        r#"{"regex": "x", "ignore_case": true, "output_mode": "Files-With-Matches"}"#,
        "grep",
        r#"{"pattern": "x", "-i": true, "output_mode": "files_with_matches"}"#,
    ),
    (
        "find_files",
        r#"{"glob_pattern": "*.rs", "dir": "src"}"#,
        "glob",
        r#"{"pattern": "*.rs", "path": "src"}"#,
    ),
    (
        "LS",
        r#"{"directory": "src"}"#,
        "list",
        r#"{"path": "src"}"#,
    ),
    (
        "BashOutput",
        r#"{"shell_id": "bash_1"}"#,
        "bash_output",
        r#"{"bash_id": "bash_1"}"#,
    ),
    (
        "KillShell",
        r#"{"id": "bash_1"}"#,
        "kill_bash",
        r#"{"bash_id": "bash_1"}"#,
    ),
    (
        "MultiEdit",
        r#"{"path": "f", "edits": "[{\"old_str\":\"a\",\"new_str\":\"b\"}]"}"#,
        "multi_edit",
        r#"{"file_path": "f", "edits": [{"old_string": "a", "new_string": "b"}]}"#,
    ),
    (
        "TodoWrite",
        r#"{"todos": [{"content": "a", "status": "in-progress", "activeForm": "doing a"}]}"#,
        "todo",
        r#"{"todos": [{"content": "a", "status": "in_progress"}]}"#,
    ),
];

#[test]
fn calls_by_other_names_run_as_the_tool_itself() {
    for (name, args, tool, fitted) in FITTED {
        let (args, fitted): (Value, Value) = (args.parse().unwrap(), fitted.parse().unwrap());
        assert_eq!(bound(name, &args), Ok((tool, fitted)), "{name} {args}");
    }
}

#[test]
fn an_object_within_a_text_is_an_object() {
    assert_eq!(
        bound("read", &json!("{\"path\": \"f\"}")),
        Ok(("read", json!({"file_path": "f"})))
    );
    assert_eq!(bound("list", &Value::Null), Ok(("list", json!({}))));
}

#[test]
fn a_refusal_names_what_is_wrong() {
    for (name, args, says) in [
        ("reed", json!({}), "did you mean read?"),
        ("greps", json!({}), "did you mean grep?"),
        ("teleport", json!({}), "There are: bash, bash_output"),
        ("read", json!({}), "`file_path` (string) is missing"),
        (
            "edit",
            json!({"path": "f", "old_str": "a"}),
            "`new_string` (string) is missing; the arguments are",
        ),
        (
            "read",
            json!({"file_path": "f", "offset": "ten"}),
            "`offset` must be integer, not string",
        ),
        (
            "read",
            json!({"file_path": {"a": 1}}),
            "`file_path` must be string, not object",
        ),
        (
            "edit",
            json!({"file_path": "f", "old_string": "a", "new_string": "b", "fuzzy": true}),
            "no argument `fuzzy`",
        ),
        (
            "todo",
            json!({"todos": [{"content": "a", "status": "someday"}]}),
            "entry 1: `status` must be one of pending, in_progress, completed",
        ),
        ("read", json!(["f"]), "are array, not an object"),
    ] {
        let told = bound(name, &args).expect_err(name);
        assert!(told.contains(says), "{name} {args}: {told}");
    }
    let told = Registry::builtin()
        .resolve("read", "{\"file_path\": ")
        .err();
    assert!(told.is_some_and(|told| told.contains("not JSON")));
}

#[test]
fn declarations_are_sorted_small_and_whole() {
    let registry = Registry::builtin();
    let names: Vec<&str> = registry.names().collect();
    let declared = registry.declarations(&names);
    let told: Vec<&str> = declared.iter().map(|decl| decl.name.as_str()).collect();
    assert_eq!(told.len(), 12, "a schema is not JSON");
    assert!(told.is_sorted());
    let bytes: usize = declared
        .iter()
        .map(|d| {
            json!({"name": d.name, "description": d.description, "input_schema": d.schema})
                .to_string()
                .len()
        })
        .sum();
    assert!(bytes <= 6_300, "{bytes}");
    let some = registry.declarations(&["Write", "read", "no_such"]);
    let told: Vec<&str> = some.iter().map(|decl| decl.name.as_str()).collect();
    assert_eq!(told, ["read", "write"]);
}

#[tokio::test]
async fn the_to_do_list_has_one_entry_in_progress_at_most() {
    let mut rig = crate::rig::Rig::new();
    let entry = |status: &str| json!({"content": "a", "status": status});
    let two = json!({"todos": [entry("in_progress"), entry("in_progress")]});
    let told = crate::rig::failed(&rig.call("todo", two).await);
    assert!(told.contains("at most one"), "{told}");
    let one = json!({"todos": [entry("in_progress"), entry("pending")]});
    let result = rig.call("todo", one).await;
    crate::rig::ok(&result);
    assert!(matches!(result.facts.as_slice(), [protocol::Fact::Todos(all)] if all.len() == 2));
}
