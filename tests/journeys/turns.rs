//! One prompt, several steps: what is asked, what is answered, and how results find their calls.

use serde_json::json;

use crate::stage::{Asked, Chunk, Reply, Stage, Step, Told, WIRES};

fn pairs_in_order(asked: &Asked) {
    let calls: Vec<String> = asked.calls().into_iter().map(|call| call.id).collect();
    let results: Vec<String> = asked.results().into_iter().map(|told| told.id).collect();
    assert!(!calls.is_empty());
    assert_eq!(results, calls, "{}", asked.raw());
}

fn read(path: &str) -> Step {
    Step::tool("read", json!({"file_path": path}))
}

#[test]
fn three_steps_with_tools_make_exactly_four_requests() {
    for wire in WIRES {
        let stage = Stage::of([
            Reply::steps([Step::text("I look."), read("a.txt"), read("b.txt")]),
            Reply::tool("grep", json!({"pattern": "alpha"})),
            Reply::tool("bash", json!({"command": "echo gamma > c.txt"})),
            Reply::text("All is said."),
        ]);
        let stage = stage
            .on(wire)
            .file("a.txt", "alpha\n")
            .file("b.txt", "beta\n");
        let ended = stage.prompt("go").succeed();
        assert_eq!(ended.answer(), "All is said.");
        let asked = stage.asked();
        assert_eq!(asked.len(), 4, "{wire}");
        assert_eq!(
            stage.server().requests().len(),
            4,
            "nothing but the model was asked"
        );
        asked[1..].iter().for_each(pairs_in_order);
        let first = asked[1].results();
        assert!(
            first[0].text.contains("alpha") && first[1].text.contains("beta"),
            "{first:?}"
        );
        assert!(asked[2].results()[0].text.contains("a.txt"));
        assert_eq!(stage.content("c.txt"), "gamma\n");
    }
}

#[test]
fn arguments_cut_inside_an_escape_or_a_character_arrive_exact() {
    let text = "Grüße, 世界 🐜 \"quoted\" \\ back\ttab\nline";
    let escaped: String = text
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    let arguments = format!("{{\"file_path\": \"\\u00fc.txt\", \"content\": \"{escaped}\"}}");
    let raw: Step =
        serde_json::from_value(json!({"tool": "write", "raw_arguments": arguments})).unwrap();
    for wire in WIRES {
        for pieces in [
            json!({"bytes": 1}),
            json!({"bytes": 5}),
            json!({"tcp_bytes": 3}),
        ] {
            let chunk: Chunk = serde_json::from_value(pieces).unwrap();
            let plain = Step::tool("write", json!({"file_path": "plain.txt", "content": text}));
            let steps = Reply::steps([raw.clone(), plain]).chunk(chunk);
            let stage = Stage::of([steps, Reply::text("Written.")]).on(wire);
            stage.prompt("write").succeed();
            assert_eq!(stage.content("ü.txt"), text, "{wire}, {chunk:?}");
            assert_eq!(stage.content("plain.txt"), text, "{wire}, {chunk:?}");
        }
    }
}

#[test]
fn five_parallel_calls_return_five_results_in_one_message_in_order() {
    let names = ["a", "b", "missing", "d", "e"];
    for wire in WIRES {
        let reads = names.map(|name| read(&format!("{name}.txt")));
        let stage = Stage::of([Reply::steps(reads), Reply::text("Read.")]).on(wire);
        for name in names.into_iter().filter(|name| *name != "missing") {
            stage.write(&format!("{name}.txt"), format!("this is {name}\n"));
        }
        stage.prompt("read all").succeed();
        let asked = stage.last_asked();
        pairs_in_order(&asked);
        let results: Vec<Told> = asked.results();
        assert_eq!(results.len(), 5);
        for (name, told) in names.iter().zip(&results) {
            let found = told.text.contains(&format!("this is {name}"));
            assert_eq!(found, *name != "missing", "{told:?}");
        }
        let messages = match wire {
            crate::stage::Wire::Anthropic => 1,
            // This wire has one message for each result, and nothing may stand between them.
            crate::stage::Wire::OpenAi => 5,
        };
        assert_eq!(asked.since().len(), messages, "{}", asked.raw());
    }
}

#[test]
fn a_call_by_a_name_other_agents_taught_runs_as_the_tool_itself() {
    let stage = Stage::of([
        Reply::tool("Read", json!({"path": "a.txt"})),
        Reply::tool(
            "str_replace",
            json!({"path": "a.txt", "old_str": "old", "new_str": "new"}),
        ),
        Reply::text("Done."),
    ]);
    let stage = stage.file("a.txt", "old\n");
    stage.prompt("edit").succeed();
    assert_eq!(stage.content("a.txt"), "new\n");
}

#[test]
fn a_call_whose_arguments_are_broken_is_not_run_and_the_model_is_told() {
    let broken = json!({"tool": "bash", "raw_arguments": "{\"command\": \"touch ran\"}{\"command\": \"touch too\"}"});
    for wire in WIRES {
        let broken: Step = serde_json::from_value(broken.clone()).unwrap();
        let stage = Stage::of([Reply::steps([broken]), Reply::text("I see.")]).on(wire);
        stage.prompt("go").succeed();
        let [told] = &stage.last_asked().results()[..] else {
            panic!("not one result")
        };
        assert!(told.text.contains("not one whole JSON object"), "{told:?}");
        assert!(stage.tree().is_empty(), "{:?}", stage.tree());
    }
}
