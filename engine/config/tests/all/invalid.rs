//! Settings that are wrong: each says where, what and what to do, in exactly these words.

use config::{Enabled, FlagSettings, KeyPath};

use crate::place::Place;

const FILE: &str = "project/.formic/settings.json";

#[test]
fn a_wrong_file_is_an_error_with_its_place_and_a_way_on() {
    // text · error after the file name · hint
    let modes = r#"one of "default", "acceptEdits", "plan", "dontAsk", "bypassPermissions""#;
    let mode_error = format!(r#":1: permissions.defaultMode: expected {modes}, found "yolo""#);
    let json = "settings are JSON; comments (// and /* */) and a trailing comma are allowed";
    #[rustfmt::skip]
    let table: &[(&str, &str, &str)] = &[
        ("{\n  \"model\": \"x\"\n  \"env\": {}\n}", ":3:3: expected `,` or `}`, found `\"`", json),
        ("{\"model\": }", ":1:11: expected a value, found `}`", json),
        ("{\n  model: 1}", ":2:3: expected a key in double quotes, found `m`", json),
        ("{\"ä\" 1}", ":1:6: expected `:` after the key, found `1`", json),
        ("{\"model\": \"x", ":1:11: this string is never closed", json),
        ("{\"model\": \"x\n\"}", ":1:11: this string is never closed", json),
        ("{\"model\": \"\\q\"}", ":1:11: an escape in this string is not valid", json),
        ("{\"model\": \"a\tb\"}", ":1:13: a control character stands in this string, write it as an escape", json),
        ("{} /* open", ":1:4: this comment is never closed", json),
        ("{}\n{}", ":2:1: expected nothing after the end of the settings, found `{`", json),
        ("{\"budgets\": {\"turns\": 01}}", ":1:23: this number is not valid JSON", json),
        ("{\"budgets\": {\"turns\": 1e999}}", ":1:23: this number is not valid JSON", json),
        ("{\"model\": True}", ":1:11: expected a value, found `T`", json),
        ("{\"model\": yes}", ":1:11: expected a value (strings stand in double quotes), found `y`", json),
        ("{\"model\": \"x\"", ":1:14: expected `,` or `}`, found the end of the text", json),
        ("{,}", ":1:2: expected a key in double quotes, found `,`", json),
        ("// only a comment", ":1:18: expected a value, found the end of the text", json),
        ("[1]", ":1:1: expected an object, found a list", json),
        ("{\n\n\"model\": 5}", ":3: model: expected a non-empty string, found a number", r#"write it for example as "model": "...""#),
        ("{\"model\": \" \"}", ":1: model: expected a non-empty string, found \" \"", r#"write it for example as "model": "...""#),
        ("{\"model\": null}", ":1: model: expected a non-empty string, found null", r#"write it for example as "model": "...""#),
        ("{\"permissions\": []}", ":1: permissions: expected an object, found a list", r#"write it for example as "permissions": { ... }"#),
        ("{\"permissions\": {\"allow\": \"Read\"}}", ":1: permissions.allow: expected a list of non-empty strings, found a string", r#"write it for example as "allow": ["..."]"#),
        ("{\"permissions\": {\"deny\": [\n\"a\",\n7]}}", ":3: permissions.deny: expected a list of non-empty strings, found a number as item 2", r#"write it for example as "deny": ["..."]"#),
        ("{\"permissions\": {\"defaultMode\": \"yolo\"}}", &mode_error, r#"write it for example as "defaultMode": "default""#),
        ("{\"env\": {\"A\": 1}}", ":1: env.A: expected a string, found a number", r#"write it for example as "A": "...""#),
        ("{\"env\": {\"A=B\": \"\"}}", ":1: env.A=B: this name holds a character that cannot stand in it", "rename it, or remove the entry"),
        ("{\"aliases\": {\"\": \"x\"}}", ":1: aliases.\"\": this name is empty", "rename it, or remove the entry"),
        ("{\"providers\": {\"a/b\": {}}}", ":1: providers.a/b: this name holds a character that cannot stand in it", "rename it, or remove the entry"),
        ("{\"providers\": {\"p\": {\"wire\": \"grpc\"}}}", ":1: providers.p.wire: expected one of \"anthropic\", \"openai\", found \"grpc\"", r#"write it for example as "wire": "anthropic""#),
        ("{\"providers\": {\"p\": {\"base_url\": \"host:80\"}}}", ":1: providers.p.base_url: expected an address that begins with http:// or https://, found \"host:80\"", r#"write it for example as "base_url": "https://host/v1""#),
        ("{\"providers\": {\"p\": {\"base_url\": \"http://\"}}}", ":1: providers.p.base_url: expected an address that begins with http:// or https://, found \"http://\"", r#"write it for example as "base_url": "https://host/v1""#),
        ("{\"providers\": {\"p\": {\"api_key\": 123456}}}", ":1: providers.p.api_key: expected a non-empty string, found a number", r#"write it for example as "api_key": "...""#),
        ("{\"providers\": {\"p\": {\"models\": {\"m-1.5\": {\"vision\": \"yes\"}}}}}", ":1: providers.p.models.\"m-1.5\".vision: expected true or false, found a string", r#"write it for example as "vision": true"#),
        ("{\"providers\": {\"p\": {\"models\": {\"m\": {\"price\": {\"input\": -1}}}}}}", ":1: providers.p.models.m.price.input: expected an amount of US dollars, zero or more, found -1", r#"write it for example as "input": 2.50"#),
        ("{\"providers\": {\"p\": {\"models\": {\"m\": {\"context_window\": 1.5}}}}}", ":1: providers.p.models.m.context_window: expected a whole number above zero, found 1.5", r#"write it for example as "context_window": 10"#),
        ("{\"budgets\": {\"turns\": 0}}", ":1: budgets.turns: expected a whole number above zero, found 0", r#"write it for example as "turns": 10"#),
        ("{\"budgets\": {\"timeout\": \"10x\"}}", ":1: budgets.timeout: expected a duration above zero, found \"10x\" (unknown unit `x`)", r#"write it for example as "timeout": "10m""#),
        ("{\"retry\": {\"idle_timeout\": -3}}", ":1: retry.idle_timeout: expected a duration above zero, found -3 (it must be above zero)", r#"write it for example as "idle_timeout": "10m""#),
        ("{\"swarm\": true}", ":1: swarm: expected an object, found true", r#"write it for example as "swarm": { ... }"#),
    ];
    for (text, error, hint) in table {
        let place = Place::new().with(FILE, text);
        assert_eq!(
            place.error(),
            format!("{FILE}{error}\n{hint}"),
            "for {text}"
        );
    }
}

#[test]
fn odd_settings_are_warnings_with_their_place() {
    let table: &[(&str, &[&str])] = &[
        (
            "{\n \"modle\": \"x\"}",
            &[":2: modle: unknown setting, ignored (did you mean \"model\"?)"],
        ),
        (
            "{\"zzzzzzzzz\": 1}",
            &[":1: zzzzzzzzz: unknown setting, ignored"],
        ),
        (
            "{\"permissions\": {\"alow\": []}}",
            &[":1: permissions.alow: unknown setting, ignored (did you mean \"allow\"?)"],
        ),
        (
            "{\"hooks\": {\"PreToolUse\": []}}",
            &[":1: hooks: not supported yet, formic runs no hooks"],
        ),
        (
            "{\"apiKeyHelper\": \"/bin/x\"}",
            &[":1: apiKeyHelper: not supported yet, the program is not run"],
        ),
        (
            "{\"model\": 1,\n\"model\": \"b\"}",
            &[":1: model: given twice in this file, the later one counts"],
        ),
        (
            "{\"providers\": {\"p\": {\"api_key\": \"sk-1\"}}}",
            &[
                ":1: providers.p.api_key: a key stands in a file meant to be committed; use api_key_env, or the local or user settings",
            ],
        ),
        // Claude Code's own settings are nobody's mistake.
        (
            "{\"includeCoAuthoredBy\": false, \"statusLine\": {}, \"$schema\": \"x\", \"sandbox\": {\"a\": 1}}",
            &[],
        ),
        (
            "{ // note\n \"model\": \"http://x\", /* a\n b */ \"budgets\": {\"turns\": 3,}, }",
            &[],
        ),
        ("", &[]),
        ("\u{feff}{\"model\": \"x\"}", &[]),
    ];
    for (text, expected) in table {
        let place = Place::new().with(FILE, text);
        let told: Vec<String> = place
            .load()
            .warnings
            .iter()
            .map(|w| place.relative(&w.to_string()))
            .collect();
        let expected: Vec<String> = expected.iter().map(|w| format!("{FILE}{w}")).collect();
        assert_eq!(told, expected, "for {text}");
    }
}

#[test]
fn newer_words_in_a_file_of_claude_code_do_not_stop_formic() {
    let text = "{\"permissions\": {\"defaultMode\": \"auto\"}}";
    let place = Place::new().with("project/.claude/settings.json", text);
    let loaded = place.load();
    assert_eq!(
        loaded
            .settings
            .permissions
            .default_mode
            .unwrap()
            .value
            .name(),
        "default"
    );
    assert_eq!(
        place.relative(&loaded.warnings[0].to_string()),
        "project/.claude/settings.json:1: permissions.defaultMode: \"auto\" is not known to formic, ignored \
         (known: one of \"default\", \"acceptEdits\", \"plan\", \"dontAsk\", \"bypassPermissions\")"
    );
}

#[test]
fn errors_outside_files_name_the_flag() {
    let place = Place::new();
    let mut sources = place.sources();
    sources.settings_flag = Some(FlagSettings::from_argument("{\n\"model\": 1}"));
    let told = config::load(&sources).unwrap_err().to_string();
    assert_eq!(
        told,
        "--settings:2: model: expected a non-empty string, found a number"
    );

    sources.settings_flag = Some(FlagSettings::from_argument(
        place.path("none.json").to_str().unwrap(),
    ));
    let told = place.told(&config::load(&sources).unwrap_err());
    assert_eq!(
        told,
        "none.json: no such file\ncheck the path, or pass the settings as JSON text"
    );

    let told = place.told(&Enabled::parse("user,team").unwrap_err());
    assert_eq!(
        told,
        "--setting-sources: \"team\" is none of user, project, local\nwrite for example --setting-sources user,project"
    );
    let told = place.told(&"a..b".parse::<KeyPath>().unwrap_err());
    assert!(
        told.starts_with("setting name \"a..b\": a part of it is empty\n"),
        "{told}"
    );
}

#[test]
fn a_check_up_reports_every_error_of_every_file() {
    let place = Place::new()
        .with("config/settings.json", "{\"model\": 1, \"env\": []}")
        .with(FILE, "{");
    let (errors, _) = config::check(&place.sources());
    let told: Vec<String> = errors
        .iter()
        .map(|e| place.relative(&e.to_string()))
        .collect();
    assert_eq!(
        told,
        [
            "config/settings.json:1: model: expected a non-empty string, found a number",
            "config/settings.json:1: env: expected an object, found a list",
            "project/.formic/settings.json:1:2: expected a key in double quotes, found the end of the text",
        ]
    );
}
