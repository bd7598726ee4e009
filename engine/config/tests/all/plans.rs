//! Plan files: both forms read to the same document, and whatever is wrong is named with its place.

use std::fs;

use config::{PlanForm, parse_plan, read_plan};
use protocol::{Kind, Tier};

const JSON: &str = r#"// a plan
{"version": 1, "goal": "append a line", "gate": {"cmd": "make", "timeout": "10m"},
 "nodes": [
   {"id": "a", "kind": "Edit", "brief": "do a", "writes": ["a.txt"],
    "accept": {"cmd": "grep -q done a.txt"}, "tier": "small",
    "budget": {"tokens": 200000, "usd": 0.5, "wall": "10m"}, "hints": {"noop": true}},
   {"id": "b", "kind": "explore", "deps": ["a"]}, // the last one
 ]}"#;

const TOML: &str = r#"# a plan
version = 1
goal = "append a line"
gate = { cmd = "make", timeout = "10m" }

[[nodes]]
id = "a"
kind = "Edit"
brief = "do a"
writes = ["a.txt"]
accept = { cmd = "grep -q done a.txt" }
tier = "small"
budget = { tokens = 200_000, usd = 0.5, wall = "10m" }
hints.noop = true

[[nodes]]
id = "b"
kind = "explore"
deps = ["a"]
"#;

#[test]
fn json_and_toml_read_to_the_same_document() {
    let json = parse_plan(JSON, PlanForm::Json).unwrap();
    assert_eq!(parse_plan(TOML, PlanForm::Toml).unwrap(), json);
    assert_eq!(
        (json.nodes[0].kind, json.nodes[1].kind),
        (Kind::Edit, Kind::Explore)
    );
    assert_eq!(
        (json.nodes[0].tier, json.nodes[0].budget.tokens),
        (Tier::Small, Some(200_000))
    );
}

#[test]
fn the_name_of_a_file_says_its_form() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("p.json", JSON),
        ("p.TOML", TOML),
        ("p.jsonc", JSON),
        ("p", JSON),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        assert_eq!(read_plan(&file).unwrap().nodes.len(), 2, "{name}");
    }
    let gone = read_plan(&folder.path().join("gone.json")).unwrap_err();
    assert!(
        gone.to_string().ends_with("gone.json: no such file"),
        "{gone}"
    );
}

#[test]
fn what_is_wrong_in_json_is_named_with_its_line_column_and_field() {
    for (given, then) in [
        ("", "1:1: the file is empty"),
        (" \n\n", "1:1: the file is empty"),
        ("{}", "1:1: missing field `version`"),
        (
            "{",
            "1:2: expected a key in double quotes, found the end of the text",
        ),
        ("[]", "1:1: expected an object, found a list"),
        (r#"{"version": 1}"#, "1:1: missing field `goal`"),
        (
            "{\"version\": 1, \"goal\": \"g\",\n \"nodes\": [{\"id\": \"a\"}, {\"title\": \"b\"}]}",
            "2:25: nodes[1]: missing field `id`",
        ),
        (
            "{\"version\": 1, \"goal\": \"g\", \"nodes\": [\n  {\"id\": \"a\",\n   \"write\": []}]}",
            "3:4: nodes[0].write: unknown field `write`, expected one of `id`, `kind`, `title`, `brief`, `deps`, `reads`, `writes`, \
             `accept`, `tier`, `budget`, `hints`",
        ),
        (
            r#"{"version": 1, "goal": "g", "nodes": [{"id": "a", "budget": {"tokens": "many"}}]}"#,
            "1:62: nodes[0].budget.tokens: invalid type: string \"many\", expected a whole number, 0 or more",
        ),
        (
            r#"{"version": 1, "goal": "g", "nodes": [{"id": "a", "tier": "tiny"}]}"#,
            "1:51: nodes[0].tier: unknown word `tiny`, expected one of `local`, `small`, `mid`, `frontier`",
        ),
        (
            r#"{"version": 1, "goal": "g", "nodes": [{"id": "a", "kind": "Refactor"}]}"#,
            "1:51: nodes[0].kind: unknown word `Refactor`, expected one of `Edit`, `Codemod`, `Explore`, `Contract`, `Review`, \
             `Summarise`, `Verify`",
        ),
        (
            r#"{"version": 1, "goal": "é", "nodes": [{"id": "a", "budget": {"wall": "soon"}}]}"#,
            "1:62: nodes[0].budget.wall: \"soon\" is not a duration: a number is missing before `s` (write for example \"90s\", \"10m\" or \"1h30m\")",
        ),
        (
            r#"{"version": 1, "goal": "g", "nodes": [], "gate": {"cmd": "x", "timeout": "0s"}}"#,
            "1:63: gate.timeout: \"0s\" is not a duration: it must be above zero (write for example \"90s\", \"10m\" or \"1h30m\")",
        ),
        (
            r#"{"version": 1, "goal": "g", "nodes": [{"id": "a", "deps": [], "deps": ["b"]}]}"#,
            "1:63: nodes[0].deps: this field stands here twice",
        ),
    ] {
        assert_eq!(said(given, PlanForm::Json), then, "{given}");
    }
}

#[test]
fn what_is_wrong_in_toml_is_named_with_its_line_column_and_field() {
    for (given, then) in [
        (
            "version = 1\ngoal =",
            "2:7: string values must be quoted, expected literal string",
        ),
        ("", "1:1: the file is empty"),
        ("version = 1\nversion = 1", "2:1: duplicate key"),
        (
            "version = 1\ngoal = \"g\"\n[[nodes]]\nid = \"a\"\nwrite = []",
            "5:1: nodes[0].write: unknown field `write`, expected one of `id`, `kind`, `title`, `brief`, `deps`, `reads`, `writes`, \
             `accept`, `tier`, `budget`, `hints`",
        ),
        (
            "version = 1\ngoal = 2026-01-01",
            "2:8: no field of a plan is a date",
        ),
        ("version = 1\ngoal = inf", "2:8: this number is not finite"),
        (
            "version = -1\ngoal = \"g\"",
            "1:1: version: invalid value: integer `-1`, expected a whole number, 0 or more",
        ),
    ] {
        assert_eq!(said(given, PlanForm::Toml), then, "{given}");
    }
}

#[test]
fn depth_without_end_is_refused_in_both_forms() {
    let deep = 100_000;
    let json = format!("{{\"goal\": {}", "[".repeat(deep));
    let toml = format!("goal = {}", "[".repeat(deep));
    assert!(parse_plan(&json, PlanForm::Json).is_err());
    assert!(parse_plan(&toml, PlanForm::Toml).is_err());
}

fn said(text: &str, form: PlanForm) -> String {
    let fault = parse_plan(text, form).unwrap_err();
    let config::PlanFault {
        line,
        column,
        field,
        what,
    } = fault;
    format!("{line}:{column}: {field}{what}")
}
