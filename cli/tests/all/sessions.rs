//! Sessions at rest and taken up again: continue, resume, fork, show, replay, cost, delete, fsck.

use serde_json::{Value, json};

use crate::formic::World;

fn script() -> Value {
    json!({"version": 1, "rules": [
        {"name": "one", "when": {"last_user": "one"}, "reply": {"text": "First."}},
        {"name": "two", "when": {"last_user": "two"}, "reply": {"text": "Second."}}]})
}

fn ids(world: &World) -> Vec<String> {
    let listed = world.run(&["sessions", "list", "--json"]).json();
    let listed = listed.as_array().unwrap().iter();
    listed
        .map(|one| one["session_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn continue_and_resume_go_on_in_the_same_session() {
    let (world, server) = World::with_model(&script());
    world.run(&["-p", "one"]);
    let id = ids(&world)[0].clone();
    assert_eq!(world.run(&["-p", "two", "--continue"]).out, "Second.\n");
    assert_eq!(
        world.run(&["-p", "one again", "--resume", &id]).out,
        "First.\n"
    );
    assert_eq!(ids(&world), [id.as_str()]);
    let last = server.requests().last().unwrap().body().unwrap();
    assert_eq!(
        last["messages"].as_array().unwrap().len(),
        5,
        "the conversation went along"
    );
}

#[test]
fn resuming_a_finished_session_without_a_prompt_tells_its_answer_again() {
    let (world, server) = World::with_model(&script());
    let first = world.run(&["-p", "one", "--output-format", "json"]).json();
    let again = world
        .run(&["-p", "--resume", "--output-format", "json"])
        .json();
    for field in [
        "result",
        "session_id",
        "total_cost_usd",
        "num_turns",
        "usage",
        "subtype",
    ] {
        assert_eq!(again[field], first[field], "{field}");
    }
    assert_eq!(server.requests().len(), 1, "the model was not asked again");
}

#[test]
fn a_fork_leaves_the_session_as_it_is() {
    let (world, _server) = World::with_model(&script());
    world.run(&["-p", "one"]);
    let id = ids(&world)[0].clone();
    let before = world.run(&["sessions", "export", &id]).out;
    assert_eq!(
        world.run(&["-p", "two", "-c", "--fork-session"]).out,
        "Second.\n"
    );
    assert_eq!(world.run(&["sessions", "export", &id]).out, before);
    assert_eq!(ids(&world).len(), 2);
    let copy = world.run(&["sessions", "fork", &id, "--json"]).json();
    assert_eq!(ids(&world).len(), 3);
    assert_eq!(copy["from"], json!(id));
}

#[test]
fn a_session_id_can_be_chosen_once() {
    let (world, _server) = World::with_model(&script());
    let args = [
        "-p",
        "one",
        "--session-id",
        "0198c0de-0000-7000-8000-000000000001",
        "--output-format",
        "json",
    ];
    let id = world.run(&args).json()["session_id"].clone();
    assert_eq!(id, json!("ses_0198c0de000070008000000000000001"));
    let second = world.run(&args);
    assert_eq!(
        (second.code, &second.json()["kind"]),
        (2, &json!("session"))
    );
}

#[test]
fn without_persistence_nothing_stays() {
    let (world, _server) = World::with_model(&script());
    assert_eq!(
        world.run(&["-p", "one", "--no-session-persistence"]).out,
        "First.\n"
    );
    assert_eq!(ids(&world), Vec::<String>::new());
}

#[test]
fn a_session_is_shown_replayed_and_paid() {
    let (world, _server) = World::with_model(&script());
    world.run(&["-p", "one"]);
    let shown = world.run(&["sessions", "show"]);
    assert!(
        shown.out.contains("> one\nFirst.\n[completed "),
        "{}",
        shown.out
    );
    let replayed = world.run(&["replay", "--json"]);
    assert_eq!(
        (replayed.code, &replayed.json()["equal"]),
        (0, &json!(true))
    );
    assert_eq!(replayed.json()["checkpoints"].as_array().unwrap().len(), 1);
    let cost = world.run(&["cost", "--json"]).json();
    assert_eq!(cost["sessions"][0]["total"]["calls"], 1);
    let models = cost["sessions"][0]["models"].as_object().unwrap();
    assert!(!models.is_empty(), "{cost}");
    let claims = |field| models.values().any(|model| !model[field].is_null());
    assert!(
        !claims("tool_calls") && !claims("retries"),
        "no model's: {cost}"
    );
    assert_eq!(
        cost["sessions"][0]["total"]["cost_usd"],
        cost["total_cost_usd"]
    );
    let later = world
        .run(&["cost", "--json", "--since", "2999-01-01"])
        .json();
    assert_eq!(later["sessions"], json!([]));
}

#[test]
fn a_deleted_session_is_gone() {
    let (world, _server) = World::with_model(&script());
    world.run(&["-p", "one"]);
    let id = ids(&world)[0].clone();
    assert_eq!(
        world.run(&["sessions", "delete", &id]).out,
        format!("deleted {}\n", &id[24..])
    );
    assert_eq!(world.run(&["sessions", "show", &id]).code, 2);
}

#[test]
fn damage_is_found_and_named() {
    let (world, _server) = World::with_model(&script());
    world.run(&["-p", "one"]);
    let id = ids(&world)[0].clone();
    assert_eq!(world.run(&["sessions", "fsck"]).code, 0);
    let journal = world.path(&format!("data/sessions/{id}/journal-00001.jsonl"));
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, text.replacen("First.", "Fjrst.", 1)).unwrap();
    let checked = world.run(&["sessions", "fsck", "--json"]);
    assert_eq!((checked.code, &checked.json()["damaged"]), (1, &json!(1)));
    let doctor = world.run(&["doctor", "--json"]).json();
    let sessions = doctor["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["subject"] == "sessions");
    assert_eq!(sessions.unwrap()["ok"], false);
}

/// The fault points exist in builds with debug assertions only.
#[cfg(debug_assertions)]
#[test]
fn a_killed_turn_goes_on_without_a_prompt_and_writes_once() {
    let (world, _server) = World::with_model(&json!({"version": 1, "rules": [
        {"name": "write", "when": {"turn": 0}, "reply": {"steps": [
            {"tool": "write", "input": {"file_path": "a.txt", "content": "hello\n"}}]}},
        {"name": "end", "reply": {"text": "Written."}}]}));
    for seq in 5..13 {
        let crashing = world
            .command(&["-p", "go", "--permission-mode", "acceptEdits"])
            .env("FORMIC_CRASH_AFTER", seq.to_string())
            .output()
            .unwrap();
        assert_eq!(crashing.status.code(), None, "record {seq} was not reached");
        let again = world.run(&["-p", "-c", "--permission-mode", "acceptEdits"]);
        assert_eq!(
            (again.code, again.out.as_str()),
            (0, "Written.\n"),
            "record {seq}: {}",
            again.err
        );
        assert_eq!(world.run(&["replay"]).code, 0, "record {seq}");
        std::fs::remove_file(world.path("project/a.txt")).unwrap();
    }
}

#[test]
fn a_refused_call_is_named_while_it_runs_and_its_reason_is_shown_once() {
    let script = json!({"version": 1, "rules": [
        {"name": "touch", "when": {"turn": 0}, "reply": {"steps": [{"tool": "Bash", "input": {"command": "touch x"}}]}},
        {"name": "end", "reply": {"text": "It was denied."}},
    ]});
    let (world, _server) = World::with_model(&script);
    let ran = world.run(&["-p", "go", "--verbose"]);
    assert!(ran.err.contains("bash touch x: denied\n"), "{}", ran.err);
    let shown = world.run(&["sessions", "show"]).out;
    assert!(shown.contains("* bash touch x (denied)\n"), "{shown}");
    assert_eq!(
        shown.matches("no rule allows touch x").count(),
        1,
        "{shown}"
    );
}

#[test]
fn the_table_of_costs_cuts_long_titles_and_sums_every_column() {
    let (world, _server) = World::with_model(&script());
    for _ in 0..2 {
        world.run(&[
            "-p",
            "one prompt that is much too long to stand beside five columns of numbers",
        ]);
    }
    let table = world.run(&["cost"]).out;
    let line = |at: usize| table.lines().nth(at).unwrap().split("  ").map(str::trim);
    let numbers =
        |at: usize| -> Vec<u64> { line(at).filter_map(|cell| cell.parse().ok()).collect() };
    assert!(
        table.contains(" one prompt that is much too l...  "),
        "{table}"
    );
    let sums: Vec<u64> = numbers(1)
        .iter()
        .zip(numbers(3))
        .map(|(a, b)| a + b)
        .collect();
    assert_eq!((numbers(5), sums.len()), (sums, 4), "{table}");
}
