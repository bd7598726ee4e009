//! Settings from outside: provenance, changing one, and who decides about a call.

use serde_json::json;

use crate::formic::World;

#[test]
fn the_list_tells_where_a_value_comes_from_and_what_it_shadows() {
    let world = World::new();
    let user = world.write("config/settings.json", "{\"model\": \"a\"}");
    let project = world.write("project/.formic/settings.json", "{\n  \"model\": \"b\"\n}");
    let listed = world.run(&["config", "list", "--json"]).json();
    let model = listed["settings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["key"] == "model")
        .unwrap();
    assert_eq!(model["value"], "b");
    assert_eq!(
        model["source"],
        json!({"layer": "project", "file": project, "line": 2})
    );
    assert_eq!(
        model["shadowed"],
        json!([{"layer": "user", "file": user, "line": 1}])
    );
    assert_eq!(world.run(&["config", "get", "model"]).out, "b\n");
}

#[test]
fn a_setting_is_changed_where_it_should_be() {
    let world = World::new();
    let project = world.write(
        "project/.formic/settings.json",
        "{\n  // ours\n  \"model\": \"b\"\n}\n",
    );
    assert_eq!(world.run(&["config", "set", "budgets.turns", "7"]).code, 0);
    assert_eq!(
        world
            .run(&["config", "set", "model", "c", "--layer", "project"])
            .code,
        0
    );
    assert_eq!(
        world
            .run(&["config", "set", "permissions.allow", "Read", "--append"])
            .code,
        0
    );
    assert_eq!(world.run(&["config", "get", "budgets.turns"]).out, "7\n");
    assert_eq!(
        std::fs::read_to_string(project).unwrap(),
        "{\n  // ours\n  \"model\": \"c\"\n}\n"
    );
    assert_eq!(
        world.run(&["config", "get", "permissions.allow"]).out,
        "Read\n"
    );
}

#[test]
fn an_unknown_key_is_a_warning_with_file_and_line() {
    let world = World::new();
    world.write("config/settings.json", "{\n  \"modle\": \"a\"\n}");
    let listed = world.run(&["config", "list"]);
    assert_eq!(listed.code, 0);
    let place = format!(
        "warning: {}:2: modle",
        world.path("config/settings.json").display()
    );
    assert!(listed.err.starts_with(&place), "{}", listed.err);
}

#[test]
fn the_rule_that_decides_is_named_with_file_and_line() {
    let world = World::new();
    let file = world.write(
        "project/.claude/settings.json",
        "{\"permissions\": {\n  \"allow\": [\"Bash(git:*)\"],\n  \"deny\": [\"Bash(git push:*)\"]\n}}",
    );
    let explained = world.run(&["permissions", "explain", "Bash(git push)"]);
    assert_eq!(explained.code, 0, "{}", explained.err);
    let rule = format!(
        "rule: Bash(git push:*) (deny, project (.claude), {}:3)",
        file.display()
    );
    assert!(explained.out.starts_with("deny: "), "{}", explained.out);
    assert!(explained.out.contains(&rule), "{}", explained.out);
    for (call, input, word, code) in [
        ("Bash(git push)", None, "deny\n", 5),
        ("Bash(git log)", None, "allow\n", 0),
        (
            "Bash",
            Some("{\"command\": \"git commit -m x\"}"),
            "allow\n",
            0,
        ),
        ("Edit(a.txt)", None, "ask\n", 5),
        ("Read(a.txt)", None, "allow\n", 0),
    ] {
        let args: Vec<&str> = ["permissions", "test", call]
            .into_iter()
            .chain(input)
            .collect();
        let tested = world.run(&args);
        assert_eq!((tested.out.as_str(), tested.code), (word, code), "{call}");
    }
}

#[test]
fn no_secret_is_ever_printed() {
    let world = World::new().with("ANTHROPIC_API_KEY", "sk-ant-very-secret");
    world.write(
        "config/settings.json",
        r#"{"providers": {"x": {"base_url": "http://127.0.0.1:9", "api_key": "sk-x-very-secret"}}}"#,
    );
    for args in [
        &["config", "list"][..],
        &["config", "list", "--json"],
        &["doctor"],
        &["config", "get", "providers"],
    ] {
        let ran = world.run(args);
        assert!(
            !ran.out.contains("very-secret") && !ran.err.contains("very-secret"),
            "{args:?}: {}",
            ran.out
        );
    }
}

#[test]
fn a_project_reaches_its_own_server_without_the_users_key() {
    let (world, server) = World::with_model(
        &json!({"version": 1, "rules": [{"name": "greet", "reply": {"text": "Hello."}}]}),
    );
    let settings = json!({"providers": {"own": {"base_url": server.base_url(), "wire": "openai"}}, "model": "own/m"});
    world.write("project/.formic/settings.json", &settings.to_string());
    assert_eq!(world.run(&["-p", "hi"]).out, "Hello.\n");
    assert_eq!(server.requests()[0].body().unwrap()["model"], "m");
}

#[test]
fn a_rule_of_a_flag_is_named_by_its_flag_layer_once() {
    let world = World::new();
    let args = ["permissions", "explain", "Bash(touch x)"];
    let explained = world.run(&[&args[..], &["--allowedTools", "Bash(touch:*)"]].concat());
    let rule = "\nrule: Bash(touch:*) (allow, flags)\n";
    assert!(explained.out.contains(rule), "{}", explained.out);
}

#[test]
fn a_rule_that_would_stop_every_run_is_found_by_doctor() {
    let world = World::new().with("ANTHROPIC_API_KEY", "k");
    let file = world.write(
        "config/settings.json",
        "{\"permissions\": {\n\"allow\": [\"Bash(\"]}}",
    );
    let looked = world.run(&["doctor"]);
    let wrong = format!("wrong  settings: permission rules: {}:2: ", file.display());
    assert!(looked.out.contains(&wrong), "{}", looked.out);
    assert_eq!(looked.code, 1);
    world.write(
        "config/settings.json",
        "{\"permissions\": {\"allow\": [\"Bash(ls)\"]}}",
    );
    let looked = world.run(&["doctor"]);
    let well = "ok     settings: 1 file, in order\n";
    assert!(looked.out.contains(well), "{}", looked.out);
}

#[test]
fn a_rule_that_no_run_could_read_is_remarked_on_when_it_is_set() {
    let world = World::new();
    let set = |rule: &str| world.run(&["config", "set", "permissions.allow", rule, "--append"]);
    assert_eq!(set("Bash(ls)").err, "");
    let remarked = set("Bash(");
    assert_eq!(remarked.code, 0);
    assert!(
        remarked.err.starts_with("warning: permission rules: ") && remarked.err.contains("`Bash(`"),
        "{}",
        remarked.err
    );
}
