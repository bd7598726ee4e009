//! Secrets: whichever way one comes, it goes neither to the journal, nor to the model, nor to a watcher.

use actors::Session;
use protocol::{Block, Event, ModelEvent, Notice, Record};
use scripted::{Arguments, Reply, Rule, Script, Step, ToolCall};
use serde_json::json;

use crate::bench::{Bench, results, said, text};

const SECRET: &str = "sk-very-secret-value";

fn knowing(secret: &str, script: Script) -> Bench {
    let mut bench = Bench::new(script);
    bench.secrets.values = vec![("API_KEY".to_owned(), secret.to_owned())];
    bench
}

/// Neither the records nor the requests hold it.
fn assert_kept(bench: &Bench, records: &[Record], secret: &str) {
    for record in records {
        let line = serde_json::to_string(record).unwrap();
        assert!(!line.contains(secret), "{line}");
    }
    for request in bench.server.requests() {
        assert!(!String::from_utf8_lossy(&request.raw).contains(secret));
    }
}

#[tokio::test]
async fn a_secret_beside_an_edited_line_is_not_in_the_intent() {
    let edit = json!({"file_path": "conf", "old_string": "one", "new_string": "two"});
    let script = Script::new()
        .rule(Rule::new("read", Reply::tool("read", json!({"file_path": "conf"}))).turn(0))
        .rule(Rule::new("edit", Reply::tool("edit", edit)).turn(1))
        .otherwise(Reply::text("done"));
    let bench = knowing(SECRET, script).with_file("conf", &format!("key = {SECRET}\nname = one\n"));
    let (id, _) = bench.one_turn("edit").await;
    assert_eq!(bench.file("conf"), format!("key = {SECRET}\nname = two\n"));
    assert_kept(&bench, &bench.records(id), SECRET);
}

#[tokio::test]
async fn what_stands_for_a_secret_is_not_written_over_it() {
    let whole = json!({"file_path": "conf", "content": "key = [redacted: API_KEY]\nname = two\n"});
    let script = Script::new()
        .rule(Rule::new("read", Reply::tool("read", json!({"file_path": "conf"}))).turn(0))
        .rule(Rule::new("write", Reply::tool("write", whole)).turn(1))
        .otherwise(Reply::text("done"));
    let conf = format!("key = {SECRET}\nname = one\n");
    let bench = knowing(SECRET, script).with_file("conf", &conf);
    let (id, _) = bench.one_turn("rename").await;
    assert_eq!(bench.file("conf"), conf);
    let refused = text(&results(&bench.records(id))[1]);
    assert!(refused.contains("stands for a secret"), "{refused}");
}

#[tokio::test]
async fn instructions_and_the_appended_prompt_are_cleaned() {
    let bench = knowing(SECRET, Script::new().otherwise(Reply::text("done")));
    let mut bench = bench.with_file("AGENTS.md", &format!("Log in with {SECRET}.\n"));
    bench.prompt.append = Some(format!("The key is {SECRET}."));
    let (id, _) = bench.one_turn("hello").await;
    let records = bench.records(id);
    assert_kept(&bench, &records, SECRET);
    let all = serde_json::to_string(&records).unwrap();
    assert_eq!(all.matches("[redacted: API_KEY]").count(), 2);
}

#[tokio::test]
async fn arguments_that_are_no_json_are_cleaned() {
    let call = ToolCall {
        name: "bash".to_owned(),
        id: None,
        arguments: Arguments::Raw(format!("{{\"command\": \"echo {SECRET}")),
    };
    let script = Script::new()
        .rule(Rule::new("garble", Reply::steps([Step::Tool(call)])).turn(0))
        .otherwise(Reply::text("done"));
    let bench = knowing(SECRET, script);
    let (id, _) = bench.one_turn("hello").await;
    assert_kept(&bench, &bench.records(id), SECRET);
}

#[tokio::test]
async fn a_secret_that_json_spells_otherwise_is_known() {
    let secret = "pass\"word\\of mine";
    let command = json!({"command": format!("echo '{secret}'")});
    let script = Script::new()
        .rule(Rule::new("echo", Reply::tool("bash", command)).turn(0))
        .otherwise(Reply::text("done"));
    let bench = knowing(secret, script).allowing("Bash");
    let (id, _) = bench.one_turn("hello").await;
    // Whatever wraps it in quotes, its middle is the same.
    assert_kept(&bench, &bench.records(id), "of mine");
}

#[tokio::test]
async fn space_around_a_secret_does_not_hide_it() {
    let script = Script::new().otherwise(Reply::text("done"));
    let bench = knowing(&format!(" {SECRET}\n"), script);
    let (id, _) = bench.one_turn(&format!("use {SECRET} please")).await;
    assert_kept(&bench, &bench.records(id), SECRET);
}

#[tokio::test]
async fn what_a_command_says_reaches_watchers_cleaned() {
    let script = Script::new()
        .rule(Rule::new("cat", Reply::tool("bash", json!({"command": "cat conf"}))).turn(0))
        .otherwise(Reply::text(format!("it is {SECRET}")));
    let bench = knowing(SECRET, script)
        .with_file("conf", SECRET)
        .allowing("Bash");
    let session = Session::open(bench.options(), None).await.unwrap();
    let mut watch = session.subscribe();
    session.submit(said("show")).await.unwrap();
    session.rest().await.unwrap();
    session.close().await;
    let mut pieces = 0;
    while let Some(notice) = watch.next().await {
        if let Notice::Delta(delta) = notice {
            let told = serde_json::to_string(&delta).unwrap();
            assert!(!told.contains(SECRET), "{told}");
            pieces += 1;
        }
    }
    assert!(pieces > 0);
}

#[tokio::test]
async fn reasoning_that_was_cleaned_is_not_passed_off_as_signed() {
    let thinking = Step::Thinking {
        text: format!("the key is {SECRET}"),
        signature: Some("c2lnbmVk".to_owned()),
    };
    let script = Script::new().otherwise(Reply::steps([thinking, Step::text("done")]));
    let bench = knowing(SECRET, script);
    let (id, _) = bench.one_turn("think").await;
    let records = bench.records(id);
    assert_kept(&bench, &records, SECRET);
    let replies = records.iter().filter_map(|record| match &record.event {
        Event::Model(ModelEvent::Replied { reply, .. }) => Some(&reply.content),
        _ => None,
    });
    let signed = |block: &&Block| {
        matches!(
            block,
            Block::Thinking {
                signature: Some(_),
                ..
            }
        )
    };
    assert_eq!(replies.flatten().filter(signed).count(), 0);
}
