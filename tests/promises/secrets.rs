//! A key is sent to its provider and nowhere else: not kept, not printed, not told to the model.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::stage::{Ended, Fault, KEY, Reply, Stage, Step, WIRES, Wire, in_order};

const IN_SETTINGS: &str = "sk-settings-8d2f61c0b7a3";
const IN_HEADER: &str = "hdr-0f3e9b7721aa54cd";

/// Settings of the user that hold a key and a header for the wire's provider.
fn settings(wire: Wire) -> Value {
    let provider = match wire {
        Wire::Anthropic => "anthropic",
        Wire::OpenAi => "openai",
    };
    json!({"providers": {provider: {"api_key": IN_SETTINGS, "headers": {"x-gate": IN_HEADER}}}})
}

/// Everything anybody could read afterwards: what was kept, printed and told to the model.
fn traces(stage: &Stage, ended: &Ended) -> Vec<(PathBuf, String)> {
    let kept = stage.kept().into_iter();
    let mut all: Vec<(PathBuf, String)> = kept
        .map(|(path, bytes)| (path, String::from_utf8_lossy(&bytes).into_owned()))
        .collect();
    all.push(("stdout".into(), ended.stdout.clone()));
    all.push(("stderr".into(), ended.stderr.clone()));
    let asked = stage.asked().into_iter().enumerate();
    all.extend(asked.map(|(n, asked)| (format!("request {n}").into(), asked.raw().to_owned())));
    all
}

fn betrays_nothing(stage: &Stage, ended: &Ended, secrets: &[&str]) {
    for (place, text) in traces(stage, ended) {
        for secret in secrets {
            assert!(
                !text.contains(secret),
                "{secret} is in {}: {text}",
                place.display()
            );
        }
    }
}

#[test]
fn a_key_in_the_environment_stays_there() {
    for wire in WIRES {
        let print = "env; echo \"[$ANTHROPIC_API_KEY$OPENAI_API_KEY]\"; cat /proc/self/environ | tr '\\0' '\\n'";
        let stage = Stage::of([
            Reply::steps([
                Step::tool("bash", json!({"command": print})),
                Step::tool("bash", json!({"command": "cat /proc/$PPID/environ"})),
                Step::tool("bash", json!({"command": format!("echo {KEY}")})),
                Step::tool(
                    "write",
                    json!({"file_path": "leak.txt", "content": format!("key={KEY}")}),
                ),
            ]),
            Reply::text(format!("The key is {KEY}, I think.")),
        ]);
        let stage = stage.on(wire);
        let ended = stage
            .prompt(&format!("print {KEY}"))
            .args(["--debug", "--verbose"])
            .succeed();
        betrays_nothing(&stage, &ended, &[KEY]);
    }
}

#[test]
fn keys_and_headers_in_settings_stay_there() {
    for wire in WIRES {
        for format in ["text", "json", "stream-json", "events"] {
            let stage = Stage::knowing(|project| {
                let file = project.parent().unwrap().join("config/settings.json");
                in_order([
                    Reply::steps([
                        Step::tool("read", json!({"file_path": file})),
                        Step::tool(
                            "grep",
                            json!({"pattern": "api_key", "path": file, "output_mode": "content"}),
                        ),
                        Step::tool(
                            "bash",
                            json!({"command": format!("cat {}", file.display())}),
                        ),
                    ]),
                    Reply::text("Read."),
                ])
            });
            let stage = stage.on(wire).user_settings(&settings(wire));
            let flags = ["--debug", "--verbose", "--output-format", format];
            let ended = stage.prompt("read the settings").args(flags).succeed();
            betrays_nothing(&stage, &ended, &[KEY, IN_SETTINGS, IN_HEADER]);
            let sent = stage.server().requests();
            let has_header = |name: &str| sent[0].headers.iter().any(|(header, _)| header == name);
            assert!(has_header("x-gate"), "the header is sent where it belongs");
        }
    }
}

#[test]
fn a_key_in_more_output_than_the_model_is_shown_is_not_spilled() {
    for wire in WIRES {
        let stage = Stage::knowing(|project| {
            let file = project
                .parent()
                .expect("a stage")
                .join("config/settings.json");
            let much = format!(
                "cat {}; seq 1 20000; cat {}",
                file.display(),
                file.display()
            );
            let later = json!({"command": much.as_str(), "run_in_background": true});
            in_order([
                Reply::steps([
                    Step::tool("bash", json!({"command": much.as_str()})),
                    Step::tool("bash", later),
                ]),
                Reply::tool("bash_output", json!({"bash_id": "bash_1"})),
                Reply::text("Read."),
            ])
        });
        let stage = stage.on(wire).user_settings(&settings(wire));
        let ended = stage.prompt("print it").succeed();
        let shown = &stage.asked()[1].results()[0];
        assert!(
            shown.text.contains("[redacted"),
            "it was printed: {shown:?}"
        );
        betrays_nothing(&stage, &ended, &[KEY, IN_SETTINGS, IN_HEADER]);
    }
}

#[test]
fn a_server_that_echoes_the_key_in_its_error_does_not_make_it_known() {
    for wire in WIRES {
        for (status, code) in [(401, 3), (400, 1), (500, 1)] {
            let message =
                format!("the key {IN_SETTINGS} with {IN_HEADER} is not valid, nor is {KEY}");
            let fault =
                json!({"status": status, "message": message, "headers": {"retry-after-ms": "1"}});
            let fault: Fault = serde_json::from_value(fault).unwrap();
            let stage = Stage::of([Reply::failing(fault)])
                .on(wire)
                .user_settings(&settings(wire));
            let ended = stage
                .prompt("go")
                .args(["--debug", "--output-format", "json"])
                .run();
            assert_eq!(ended.code(), Some(code), "{ended}");
            assert!(
                ended.stdout.contains("is not valid"),
                "the rest of the message is told: {ended}"
            );
            betrays_nothing(&stage, &ended, &[KEY, IN_SETTINGS, IN_HEADER]);
        }
    }
}

#[test]
fn settings_that_cannot_be_read_do_not_show_their_key() {
    let stage = Stage::of([Reply::text("Never.")]);
    let broken =
        format!("{{\"providers\": {{\"anthropic\": {{\"api_key\": [\"{IN_SETTINGS}\"]}}}}}}");
    std::fs::write(stage.config().join("settings.json"), broken).unwrap();
    let ended = stage.prompt("go").arg("--debug").run();
    assert_eq!(ended.code(), Some(2), "{ended}");
    betrays_nothing(&stage, &ended, &[KEY, IN_SETTINGS]);
    stage.write(
        ".formic/settings.json",
        settings(Wire::Anthropic).to_string(),
    );
    std::fs::remove_file(stage.config().join("settings.json")).unwrap();
    for command in [["config", "list"], ["config", "path"], ["config", "get"]] {
        let run = stage.formic(command);
        let run = if command[1] == "get" {
            run.arg("providers")
        } else {
            run
        };
        for run in [run.run(), stage.formic(command).arg("--json").run()] {
            betrays_nothing(&stage, &run, &[KEY, IN_SETTINGS, IN_HEADER]);
        }
    }
}
