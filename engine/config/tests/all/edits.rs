//! Changing single settings in files people wrote by hand.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use config::{Change, KeyPath, set};
use serde_json::{Value, json};

use crate::place::{Place, key};

const FILE: &str = "config/settings.json";

fn changed(before: &str, name: &str, change: &Change) -> String {
    let place = Place::new().with(FILE, before);
    set(&place.path(FILE), &key(name), change).unwrap();
    fs::read_to_string(place.path(FILE)).unwrap()
}

#[test]
fn a_set_value_stands_where_it_belongs_and_the_rest_stays() {
    #[rustfmt::skip]
    let table: &[(&str, &str, Value, &str)] = &[
        // replaced in place
        ("{\n  // why\n  \"model\": \"a\", // note\n  \"env\": {}\n}\n", "model", json!("b"), "{\n  // why\n  \"model\": \"b\", // note\n  \"env\": {}\n}\n"),
        ("{\"model\":\"a\"}", "model", json!("b"), "{\"model\":\"b\"}"),
        // of duplicates the one that counts
        ("{\"model\":\"a\", \"model\":\"b\"}", "model", json!("c"), "{\"model\":\"a\", \"model\":\"c\"}"),
        // a new member at the end, comments stay with their lines
        ("{\n  \"model\": \"a\" // note\n}\n", "budgets.turns", json!(3), "{\n  \"model\": \"a\", // note\n  \"budgets\": {\n    \"turns\": 3\n  }\n}\n"),
        ("{\n\t\"model\": \"a\",\n}", "aliases.s", json!("x"), "{\n\t\"model\": \"a\",\n\t\"aliases\": {\n\t\t\"s\": \"x\"\n\t},\n}"),
        ("{\n  \"budgets\": {\n    \"turns\": 1\n    // last words\n  }\n}", "budgets.tokens", json!(9), "{\n  \"budgets\": {\n    \"turns\": 1,\n    // last words\n    \"tokens\": 9\n  }\n}"),
        ("{\"model\": \"a\"}", "budgets.turns", json!(3), "{\"model\": \"a\", \"budgets\": {\n  \"turns\": 3\n}}"),
        ("{\"model\": \"a\", }", "aliases.s", json!("x"), "{\"model\": \"a\", \"aliases\": {\n  \"s\": \"x\"\n} }"),
        // empty objects
        ("{}", "model", json!("a"), "{\n  \"model\": \"a\"\n}"),
        ("{\n  // later\n}\n", "model", json!("a"), "{\n  // later\n  \"model\": \"a\"\n}\n"),
        ("{ /* later */ }", "model", json!("a"), "{ \"model\": \"a\" /* later */ }"),
        ("{\n  \"env\": {}\n}", "env.A", json!("1"), "{\n  \"env\": {\n    \"A\": \"1\"\n  }\n}"),
        // the file's own line ends
        ("{\r\n    \"model\": \"a\"\r\n}\r\n", "env.A", json!("1"), "{\r\n    \"model\": \"a\",\r\n    \"env\": {\r\n        \"A\": \"1\"\r\n    }\r\n}\r\n"),
        // nothing there yet
        ("", "permissions.allow", json!(["a", "b"]), "{\n  \"permissions\": {\n    \"allow\": [\n      \"a\",\n      \"b\"\n    ]\n  }\n}\n"),
        // a wrong value can be mended
        ("{\"budgets\": 5}", "budgets.turns", json!(1), "{\"budgets\": {\n  \"turns\": 1\n}}"),
    ];
    for (before, name, value, after) in table {
        assert_eq!(
            changed(before, name, &Change::Set(value.clone())),
            *after,
            "{name} in {before}"
        );
    }
}

#[test]
fn a_rule_joins_its_list_once() {
    #[rustfmt::skip]
    let table: &[(&str, &str)] = &[
        ("{}", "{\n  \"permissions\": {\n    \"allow\": [\"X\"]\n  }\n}"),
        ("{\"permissions\": {\"allow\": []}}", "{\"permissions\": {\"allow\": [\"X\"]}}"),
        ("{\"permissions\": {\"allow\": [\"A\"]}}", "{\"permissions\": {\"allow\": [\"A\", \"X\"]}}"),
        ("{\"permissions\": {\"allow\": [\"A\", ]}}", "{\"permissions\": {\"allow\": [\"A\", \"X\" ]}}"),
        ("{\"permissions\": {\"allow\": [\n  \"A\", // first\n  \"B\" // second\n]}}", "{\"permissions\": {\"allow\": [\n  \"A\", // first\n  \"B\", // second\n  \"X\"\n]}}"),
        ("{\"permissions\": {\"allow\": [\"X\", \"A\"]}}", "{\"permissions\": {\"allow\": [\"X\", \"A\"]}}"),
        ("{\"permissions\": {\"allow\": [ /* none */ ]}}", "{\"permissions\": {\"allow\": [ \"X\" /* none */ ]}}"),
    ];
    for (before, after) in table {
        assert_eq!(
            changed(before, "permissions.allow", &Change::Append(json!("X"))),
            *after,
            "in {before}"
        );
    }
}

#[test]
fn what_would_not_load_is_not_written() {
    let refused = |before: &str, name: &str, value: Value| {
        let place = Place::new().with(FILE, before);
        let told =
            place.told(&set(&place.path(FILE), &key(name), &Change::Set(value)).unwrap_err());
        assert_eq!(fs::read_to_string(place.path(FILE)).unwrap(), before);
        told
    };
    assert_eq!(
        refused("{}", "modle", json!("x")),
        "modle: no such setting\ndid you mean \"model\"?"
    );
    assert_eq!(
        refused("{}", "providers.p.wier", json!("x")),
        "providers.p.wier: no such setting\ndid you mean \"wire\"?"
    );
    assert_eq!(
        refused("{}", "qqqqqqqq", json!(1)),
        "qqqqqqqq: no such setting\n`formic config list` shows the settings there are"
    );
    assert_eq!(
        refused("{}", "budgets.turns", json!("many")),
        "config/settings.json: budgets.turns: expected a whole number above zero, found a string\n\
         write it for example as \"turns\": 10"
    );
    assert!(
        refused("{}", "model.x", json!("y"))
            .starts_with("config/settings.json: model: expected a non-empty string")
    );
    assert!(
        refused("{\n oops", "model", json!("y"))
            .starts_with("config/settings.json:2:2: expected a key")
    );
    assert!(
        refused("[]", "model", json!("y"))
            .starts_with("config/settings.json:1:1: expected an object, found a list")
    );
}

#[test]
fn the_file_is_made_with_its_folder_and_secrets_are_private() {
    let place = Place::new();
    let mode = |file: &str| fs::metadata(place.path(file)).unwrap().permissions().mode() & 0o777;
    set(
        &place.path("new/settings.json"),
        &key("model"),
        &Change::Set(json!("m")),
    )
    .unwrap();
    assert_eq!(
        fs::read_to_string(place.path("new/settings.json")).unwrap(),
        "{\n  \"model\": \"m\"\n}\n"
    );
    assert_eq!(mode("new/settings.json"), 0o644);
    set(
        &place.path("own/settings.json"),
        &KeyPath::of(&["providers", "p", "api_key"]),
        &Change::Set(json!("k")),
    )
    .unwrap();
    assert_eq!(mode("own/settings.json"), 0o600);

    // An existing file keeps its permissions, and nothing is left beside it.
    fs::set_permissions(
        place.path("new/settings.json"),
        fs::Permissions::from_mode(0o640),
    )
    .unwrap();
    set(
        &place.path("new/settings.json"),
        &key("model"),
        &Change::Set(json!("n")),
    )
    .unwrap();
    assert_eq!(mode("new/settings.json"), 0o640);
    assert_eq!(fs::read_dir(place.path("new")).unwrap().count(), 1);
}

#[test]
fn a_link_to_the_file_stays_a_link() {
    let place = Place::new().with("dotfiles/formic.json", "{}");
    symlink(place.path("dotfiles/formic.json"), place.path(FILE)).unwrap();
    set(&place.path(FILE), &key("model"), &Change::Set(json!("m"))).unwrap();
    assert!(fs::symlink_metadata(place.path(FILE)).unwrap().is_symlink());
    assert!(
        fs::read_to_string(place.path("dotfiles/formic.json"))
            .unwrap()
            .contains("\"m\"")
    );
}
