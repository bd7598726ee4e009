//! Which layer wins, what is shadowed, what adds up, and what is never shown.

use std::time::Duration;

use config::{Enabled, FlagSettings, Layer, Loaded, Source, Wire};
use protocol::{Cost, PermissionMode, Price};
use serde_json::json;

use crate::place::{Place, key};

const FILES: [(&str, Layer); 7] = [
    ("home/.claude/settings.json", Layer::ClaudeUser),
    ("config/settings.json", Layer::User),
    ("project/.claude/settings.json", Layer::ClaudeProject),
    ("project/.formic/settings.json", Layer::Project),
    ("project/.claude/settings.local.json", Layer::ClaudeLocal),
    ("project/.formic/settings.local.json", Layer::Local),
    ("managed.json", Layer::Managed),
];

/// `layer:line` of a source.
fn brief(source: &Source) -> String {
    format!(
        "{}:{}",
        source.layer,
        source.line.map_or("-".to_owned(), |l| l.to_string())
    )
}

fn winner(loaded: &Loaded) -> (String, Vec<String>) {
    let entries = loaded.get(&key("model"));
    let [entry] = entries.as_slice() else {
        panic!("one entry, not {entries:?}")
    };
    (
        brief(&entry.source),
        entry.shadowed.iter().map(brief).collect(),
    )
}

#[test]
fn the_highest_layer_wins_and_names_those_it_shadows() {
    let place = FILES.iter().fold(Place::new(), |p, (file, layer)| {
        p.with(file, &format!("{{\n\"model\": \"{layer}\"}}"))
    });
    let mut sources = place.sources();
    sources.settings_flag = Some(FlagSettings::Text("{\"model\": \"text\"}".to_owned()));
    sources.flags = Some(json!({"model": "flag"}));
    let loaded = config::load(&sources).unwrap();
    let shadowed = [
        "flags:-",
        "--settings:1",
        "local:2",
        "local (.claude):2",
        "project:2",
        "project (.claude):2",
        "user:2",
        "user (.claude):2",
    ];
    assert_eq!(
        winner(&loaded),
        ("managed:2".to_owned(), shadowed.map(str::to_owned).to_vec())
    );
    assert_eq!(loaded.settings.model.unwrap().value, "managed");

    // Without the policy the flag wins, without the flag the text, and so on down.
    sources.managed = None;
    assert_eq!(winner(&config::load(&sources).unwrap()).0, "flags:-");
    sources.flags = None;
    assert_eq!(winner(&config::load(&sources).unwrap()).0, "--settings:1");
    sources.settings_flag = None;
    for (list, wins) in [
        ("user,project,local", "local:2"),
        ("user,project", "project:2"),
        ("user", "user:2"),
    ] {
        sources.enabled = Enabled::parse(list).unwrap();
        assert_eq!(
            winner(&config::load(&sources).unwrap()).0,
            wins,
            "with {list}"
        );
    }
    sources.enabled = Enabled::parse("").unwrap();
    assert_eq!(config::load(&sources).unwrap().settings.model, None);
}

#[test]
fn rules_add_up_each_with_its_own_line() {
    let place = Place::new()
        .with(
            "home/.claude/settings.json",
            "{\"permissions\": {\"allow\": [\"Read\"]}}",
        )
        .with(
            "project/.formic/settings.json",
            "{\"permissions\": {\"allow\": [\n\"Bash(ls:*)\",\n\"Read\"]}}",
        )
        .with("managed.json", "{\"permissions\": {\"deny\": [\"Write\"]}}");
    let loaded = place.load();
    let told: Vec<String> = loaded
        .settings
        .permissions
        .allow
        .iter()
        .map(|r| format!("{} {}", r.value, brief(&r.source)))
        .collect();
    assert_eq!(
        told,
        [
            "Read user (.claude):1",
            "Bash(ls:*) project:2",
            "Read project:3"
        ]
    );
    assert_eq!(loaded.get(&key("permissions.allow")).len(), 3);
    assert!(
        loaded
            .get(&key("permissions.allow"))
            .iter()
            .all(|e| e.shadowed.is_empty())
    );
    assert_eq!(
        loaded.settings.permissions.deny[0].source.file,
        Some(place.path("managed.json"))
    );
}

#[test]
fn a_policy_may_silence_all_other_rules_but_only_a_policy() {
    let rules =
        "{\"permissions\": {\"allow\": [\"Bash\"]}, \"allowManagedPermissionRulesOnly\": true}";
    let place = Place::new().with("project/.formic/settings.json", rules);
    assert_eq!(place.load().settings.permissions.allow.len(), 1);

    let place = place.with(
        "managed.json",
        "{\"allowManagedPermissionRulesOnly\": true, \"permissions\": {\"allow\": [\"Read\"]}}",
    );
    let loaded = place.load();
    let kept: Vec<&str> = loaded
        .settings
        .permissions
        .allow
        .iter()
        .map(|r| r.value.as_str())
        .collect();
    assert_eq!(kept, ["Read"]);
    assert_eq!(
        place.relative(&loaded.warnings[0].to_string()),
        "project/.formic/settings.json:1: permissions.allow: ignored, the managed policy allows only its own permission rules"
    );
}

#[test]
fn providers_merge_by_name_down_to_single_values() {
    let user = r#"{"providers": {"near": {"wire": "openai", "base_url": "http://localhost:8080/v1",
        "headers": {"X-Team": "a"},
        "models": {"m-1.5": {"price": {"input": 0.15, "output": 0.6}, "context_window": 32000}}}}}"#;
    let local = r#"{"providers": {"near": {"models": {"m-1.5":
        {"price": {"output": 0.5, "cache_read": 0.01}, "vision": true, "max_output": 4096}}}}}"#;
    let place = Place::new()
        .with("config/settings.json", user)
        .with("project/.formic/settings.local.json", local);
    let near = &place.load().settings.providers["near"];
    assert_eq!(near.wire.as_ref().unwrap().value, Wire::OpenAi);
    assert_eq!(
        near.base_url.as_ref().unwrap().value,
        "http://localhost:8080/v1"
    );
    assert_eq!(near.headers["X-Team"].value.reveal(), "a");
    let model = &near.models["m-1.5"];
    assert_eq!(model.context_window.as_ref().unwrap().value, 32_000);
    assert_eq!(model.max_output.as_ref().unwrap().value, 4_096);
    assert!(model.vision.as_ref().unwrap().value);
    let output = model.price.output.as_ref().unwrap();
    assert_eq!(
        (output.value, output.source.layer),
        (Cost::from_usd(0.5), Layer::Local)
    );
    assert_eq!(model.price.cache_write, None);
    let price = Price {
        input: 0.15,
        output: 0.5,
        cache_read: 0.01,
        cache_write: 0.15,
        long: None,
    };
    assert_eq!(model.price.price(), Some(price));
}

#[test]
fn a_price_without_input_or_output_is_not_known() {
    let text = r#"{"providers": {"p": {"models": {"m": {"price": {"input": 1}}}}}}"#;
    let loaded = Place::new().with("config/settings.json", text).load();
    assert_eq!(
        loaded.settings.providers["p"].models["m"].price.price(),
        None
    );
}

#[test]
fn other_maps_merge_by_name_and_limits_are_read() {
    let user = r#"{"env": {"A": "1", "B": "1"}, "swarm": {"max_parallel": 4, "deep": {"x": 1}}}"#;
    let local = r#"{"env": {"B": "2"}, "swarm": {"max_parallel": 8}, "memory": {"recall": true},
        "aliases": {"small": "near/m-1.5"}, "budgets": {"usd": 2.5, "tokens": 1000, "turns": 7, "timeout": "1h30m"},
        "retry": {"max_attempts": 5, "idle_timeout": 0.5}}"#;
    let place = Place::new()
        .with("config/settings.json", user)
        .with("project/.formic/settings.local.json", local);
    let settings = place.load().settings;
    let env: Vec<&str> = settings.env.values().map(|v| v.value.reveal()).collect();
    assert_eq!(env, ["1", "2"]);
    assert_eq!(settings.swarm["max_parallel"].value, json!(8));
    assert_eq!(settings.swarm["deep"].value, json!({"x": 1}));
    assert_eq!(settings.memory["recall"].value, json!(true));
    assert_eq!(settings.aliases["small"].value, "near/m-1.5");
    let budgets = settings.budgets;
    assert_eq!(budgets.usd.unwrap().value, Cost::from_usd(2.5));
    assert_eq!(
        (budgets.tokens.unwrap().value, budgets.turns.unwrap().value),
        (1_000, 7)
    );
    assert_eq!(budgets.timeout.unwrap().value, Duration::from_secs(5_400));
    assert_eq!(settings.retry.max_attempts.unwrap().value, 5);
    assert_eq!(
        settings.retry.idle_timeout.unwrap().value,
        Duration::from_millis(500)
    );
}

#[test]
fn modes_carry_the_names_of_the_field() {
    for name in [
        "default",
        "acceptEdits",
        "plan",
        "dontAsk",
        "bypassPermissions",
    ] {
        let text = format!("{{\"permissions\": {{\"defaultMode\": \"{name}\"}}}}");
        let mode = Place::new()
            .with("config/settings.json", &text)
            .load()
            .settings
            .permissions
            .default_mode
            .unwrap()
            .value;
        assert_eq!(mode.name(), name);
    }
    let built_in = Place::new()
        .load()
        .settings
        .permissions
        .default_mode
        .unwrap();
    assert_eq!(
        (built_in.value, built_in.source.to_string()),
        (PermissionMode::Default, "built-in".to_owned())
    );
    let forbidden = Place::new().with(
        "managed.json",
        "{\"permissions\": {\"disableBypassPermissionsMode\": \"disable\"}}",
    );
    assert_eq!(
        forbidden
            .load()
            .settings
            .permissions
            .bypass_disabled_by
            .unwrap()
            .layer,
        Layer::Managed
    );
}

#[test]
fn no_secret_is_ever_shown() {
    let text = r#"{"providers": {"p": {"api_key": "hush-1", "headers": {"X-A": "hush-2"}}},
        "env": {"MY_TOKEN": "hush-3", "PLAIN": "seen"}}"#;
    let loaded = Place::new().with("config/settings.json", text).load();
    let everything = format!("{loaded:?} {:?}", loaded.entries);
    assert!(!everything.contains("hush"), "{everything}");
    assert!(everything.contains("seen"));
    assert_eq!(
        loaded.get(&key("providers.p.api_key"))[0].value,
        json!("[secret]")
    );
    assert_eq!(
        loaded.settings.providers["p"]
            .api_key
            .as_ref()
            .unwrap()
            .value
            .reveal(),
        "hush-1"
    );
    assert_eq!(
        loaded.settings.providers["p"]
            .api_key
            .as_ref()
            .unwrap()
            .value
            .to_string(),
        "[secret]"
    );

    let place = Place::new().with(
        "config/settings.json",
        "{\"env\": {\"PASSWORD\": {\"x\": \"hush\"}}}",
    );
    assert!(!place.error().contains("hush"));
}

#[test]
fn what_a_stranger_may_have_committed_is_named() {
    let text = r#"{"permissions": {"allow": ["Bash"], "deny": ["Write"], "defaultMode": "acceptEdits"}, "model": "m",
        "env": {"LD_PRELOAD": "x"}, "providers": {"anthropic": {"base_url": "http://elsewhere"}}}"#;
    let asked = |file: &str| -> Vec<String> {
        Place::new()
            .with(file, text)
            .load()
            .needing_trust()
            .iter()
            .map(|e| e.key.to_string())
            .collect()
    };
    let risky = [
        "env.LD_PRELOAD",
        "permissions.allow",
        "permissions.defaultMode",
        "providers.anthropic.base_url",
    ];
    assert_eq!(asked("project/.claude/settings.json"), risky);
    assert_eq!(asked("project/.formic/settings.local.json"), risky);
    assert_eq!(asked("config/settings.json"), [""; 0]);
}

#[test]
fn a_project_in_the_home_itself_reads_each_file_once() {
    let place = Place::new().with(
        "home/.claude/settings.json",
        "{\"permissions\": {\"allow\": [\"Read\"]}}",
    );
    let mut sources = place.sources();
    sources.project_root = place.path("home");
    let loaded = config::load(&sources).unwrap();
    assert_eq!(loaded.settings.permissions.allow.len(), 1);
    assert_eq!(loaded.needing_trust().len(), 0);

    // Reached by another name it is still the same file.
    std::os::unix::fs::symlink(place.path("home"), place.path("alias")).unwrap();
    sources.project_root = place.path("alias");
    assert_eq!(config::load(&sources).unwrap().needing_trust().len(), 0);
}

#[test]
fn the_files_and_the_one_to_write_are_listed_by_layer() {
    let place = Place::new();
    let listed: Vec<(String, Layer)> = place
        .sources()
        .files()
        .iter()
        .map(|f| (place.shown(&f.path), f.layer))
        .collect();
    assert_eq!(listed, FILES.map(|(file, layer)| (file.to_owned(), layer)));
    let target = |layer| place.sources().writable(layer).map(|p| place.shown(&p));
    assert_eq!(
        target(Layer::Local).as_deref(),
        Some("project/.formic/settings.local.json")
    );
    assert_eq!(target(Layer::ClaudeProject), None);
}
