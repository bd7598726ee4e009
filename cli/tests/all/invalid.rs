//! Wrong invocations and settings: each gives its code and two lines that name the subject.

use serde_json::Value;

use crate::formic::World;

/// Blocks of `given`, `env`, `file`, `code`, `error`, `hint`; `{dir}` stands for the test's folder.
const TABLE: &str = include_str!("invalid.txt");

#[derive(Default)]
struct Row {
    given: Vec<String>,
    variables: Vec<(String, String)>,
    file: Option<(String, String)>,
    code: i32,
    error: String,
    hint: String,
}

fn rows() -> Vec<Row> {
    TABLE
        .split("\n\n")
        .map(str::trim)
        .filter(|block| !block.is_empty())
        .map(row)
        .collect()
}

fn row(block: &str) -> Row {
    let mut row = Row::default();
    for line in block.lines() {
        let (field, rest) = line.split_once(' ').unwrap();
        match field {
            "given" => row.given = serde_json::from_str(rest).unwrap(),
            "env" => {
                let (name, value) = rest.split_once('=').unwrap();
                row.variables.push((name.to_owned(), value.to_owned()));
            }
            "file" => {
                let (path, text) = rest.split_once(' ').unwrap();
                row.file = Some((path.to_owned(), serde_json::from_str(text).unwrap()));
            }
            "code" => row.code = rest.parse().unwrap(),
            "error:" => row.error = rest.to_owned(),
            "hint:" => row.hint = rest.to_owned(),
            other => panic!("{other:?} in {block}"),
        }
    }
    row
}

fn world(row: &Row) -> World {
    let world = World::new();
    let world = row
        .variables
        .iter()
        .fold(world, |world, (name, value)| world.with(name, value));
    if let Some((path, text)) = &row.file {
        world.write(path, text);
    }
    world
}

#[test]
fn every_wrong_invocation_says_what_is_wrong_and_what_to_do() {
    let rows = rows();
    assert!(rows.len() >= 40, "{} rows", rows.len());
    for row in rows {
        let world = world(&row);
        let args: Vec<&str> = row.given.iter().map(String::as_str).collect();
        let ran = world.run(&args);
        let dir = world.root().display().to_string();
        let then = format!("error: {}\nhint: {}\n", row.error, row.hint).replace("{dir}", &dir);
        assert_eq!(
            (ran.code, ran.err.as_str()),
            (row.code, then.as_str()),
            "{args:?}"
        );
        assert_eq!(ran.out, "", "{args:?}");
    }
}

#[test]
fn with_json_the_same_is_said_as_an_object() {
    for row in rows() {
        let world = world(&row);
        let is_run = row.given.first().is_some_and(|word| word == "-p");
        let is_command = [
            "sessions",
            "replay",
            "cost",
            "config",
            "permissions",
            "models",
        ];
        let asks = match row.given.first() {
            // A second --output-format would be the error.
            _ if is_run && row.given.iter().all(|word| word != "--output-format") => {
                "--output-format=json"
            }
            // Who names no subcommand has nothing that could take the flag.
            _ if row.error.contains("command") => continue,
            Some(word) if is_command.contains(&word.as_str()) => "--json",
            _ => continue,
        };
        let mut args: Vec<&str> = row.given.iter().map(String::as_str).collect();
        args.insert(if is_run { 1 } else { args.len() }, asks);
        let said: Value = world.run(&args).json();
        assert_eq!(said["type"], "error", "{args:?}");
        assert_eq!(said["exit_code"], row.code, "{args:?}");
        let dir = world.root().display().to_string();
        assert_eq!(
            said["message"],
            row.error.replace("{dir}", &dir),
            "{args:?}"
        );
        assert_eq!(said["hint"], row.hint.replace("{dir}", &dir), "{args:?}");
    }
}
