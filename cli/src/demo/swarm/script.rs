//! What the scripted model says to the agent of each node: it reads, changes, checks, and hands off.

use std::num::NonZeroUsize;

use anyhow::Context;
use scripted::{Chunk, Reply, Rule, Script, Step};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::demo::ground::MODEL;

/// What a command of cargo says when its tests passed.
const PASSED: &str = "test result: ok";

/// One node's work, as written down in `work.json`.
#[derive(Deserialize)]
struct Work {
    node: String,
    /// What its agent says before it begins.
    say: String,
    /// The files it reads first.
    reads: Vec<String>,
    edits: Vec<Edit>,
    #[serde(default)]
    writes: Vec<NewFile>,
    check: String,
    /// Its hand-off.
    done: String,
}

/// One replacement in a file.
#[derive(Deserialize)]
struct Edit {
    file: String,
    old: String,
    new: String,
    /// Whether it is forgotten at first: the check then fails, and it is made up for in the second attempt.
    #[serde(default)]
    forgotten: bool,
}

#[derive(Deserialize)]
struct NewFile {
    file: String,
    text: String,
}

/// The whole script.
///
/// # Errors
/// Only if `work.json` does not fit this file.
pub fn script() -> anyhow::Result<Script> {
    let all = work()?;
    let rules = planning()?
        .into_iter()
        .chain(all.iter().flat_map(Work::rules));
    let mut script = rules.fold(Script::new(), Script::rule);
    script.models = vec![MODEL.to_owned()];
    Ok(script.otherwise(Reply::text(
        "This scripted model only knows how to migrate the sample workspace.",
    )))
}

/// What the planner does: it looks for who is concerned, then chooses.
fn planning() -> anyhow::Result<Vec<Rule>> {
    let choices: Value =
        serde_json::from_str(include_str!("choices.json")).context("read the planner's choices")?;
    let looking = [
        Step::tool(
            "grep",
            json!({"pattern": "base::parse", "output_mode": "files_with_matches"}),
        ),
        read("crates/base/src/lib.rs"),
    ];
    let look = spoken(
        "Eleven crates call `base::parse`; I look at the crate they call.",
        looking,
    );
    let choose = spoken(
        "Each crate is a piece of its own: `base` first, `survey` after the three it calls.",
        [Step::tool("structured_output", choices)],
    );
    let rule = |turn, reply| {
        Rule::new(format!("plan {turn}"), reply)
            .marker("[node plan]")
            .turn(turn)
    };
    Ok(vec![rule(0, look), rule(1, choose)])
}

fn work() -> anyhow::Result<Vec<Work>> {
    serde_json::from_str(include_str!("work.json")).context("read the work of the demo's agents")
}

impl Work {
    /// Its rules, in the order of the model's turns.
    fn rules(&self) -> Vec<Rule> {
        let (first, second): (Vec<&Edit>, Vec<&Edit>) =
            self.edits.iter().partition(|edit| !edit.forgotten);
        let reading = self.reads.iter().map(|path| read(path));
        let mut replies = vec![spoken(&self.say, reading)];
        if second.is_empty() {
            let doing = changes(&first)
                .chain(self.writing())
                .chain([self.checking()]);
            replies.push(spoken("", doing));
        } else {
            replies.push(spoken("", changes(&first)));
            replies.push(spoken("That is all there is to change here.", []));
            let mending = changes(&second).chain([self.checking()]);
            replies.push(spoken(
                "The tests still expect an Option. I see to them now, and run them before I say that I am done.",
                mending,
            ));
        }
        replies.push(spoken(&self.done, []));
        let rules = (0..)
            .zip(replies)
            .map(|(turn, reply)| self.rule(turn, reply));
        let mut rules: Vec<Rule> = rules.collect();
        if let Some(last) = rules.pop() {
            let failed = spoken("The check does not pass; its output is above.", []);
            let turn = rules.len() as u64;
            rules.extend([last.last_result(PASSED), self.rule(turn, failed)]);
        }
        rules
    }

    fn rule(&self, turn: u64, reply: Reply) -> Rule {
        Rule::new(format!("{} {turn}", self.node), reply)
            .marker(format!("[node {}]", self.node))
            .turn(turn)
    }

    fn writing(&self) -> impl Iterator<Item = Step> {
        self.writes.iter().map(NewFile::write)
    }

    fn checking(&self) -> Step {
        Step::tool(
            "bash",
            json!({"command": self.check, "description": "run the check"}),
        )
    }
}

impl NewFile {
    fn write(&self) -> Step {
        Step::tool(
            "write",
            json!({"file_path": self.file, "content": self.text}),
        )
    }
}

fn read(path: &str) -> Step {
    Step::tool("read", json!({"file_path": path}))
}

/// One call for each file: an edit, or several at once.
fn changes(edits: &[&Edit]) -> impl Iterator<Item = Step> {
    let mut files: Vec<(&str, Vec<&Edit>)> = Vec::new();
    for edit in edits {
        match files.iter_mut().find(|(file, _)| *file == edit.file) {
            Some((_, its)) => its.push(edit),
            None => files.push((&edit.file, vec![edit])),
        }
    }
    let call = |(file, edits): (&str, Vec<&Edit>)| {
        let replaced = |edit: &&Edit| json!({"old_string": edit.old, "new_string": edit.new});
        match edits.as_slice() {
            [one] => Step::tool(
                "edit",
                json!({"file_path": file, "old_string": one.old, "new_string": one.new}),
            ),
            several => {
                let edits: Vec<Value> = several.iter().map(replaced).collect();
                Step::tool("multi_edit", json!({"file_path": file, "edits": edits}))
            }
        }
    };
    files
        .into_iter()
        .map(call)
        .collect::<Vec<Step>>()
        .into_iter()
}

/// A reply that says something, then calls tools, at the pace of a model.
fn spoken(text: &str, calls: impl IntoIterator<Item = Step>) -> Reply {
    let said = (!text.is_empty()).then(|| Step::text(text));
    Reply::steps(said.into_iter().chain(calls)).chunk(Chunk {
        bytes: NonZeroUsize::new(32),
        delay_ms: 4,
        ..Chunk::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::work;

    /// Plays the work on the sample's files, as far as `is_made` says of each edit; what each node left.
    fn played(is_made: impl Fn(&super::Edit) -> bool) -> Vec<(String, String)> {
        let mut files = sample::files();
        for work in work().unwrap() {
            for edit in work.edits.iter().filter(|edit| is_made(edit)) {
                let file = files.iter_mut().find(|(path, _)| *path == edit.file);
                let (path, text) = file.unwrap();
                assert_eq!(
                    text.matches(&edit.old).count(),
                    1,
                    "{} in {path}: {}",
                    work.node,
                    edit.old
                );
                *text = text.replace(&edit.old, &edit.new);
            }
        }
        files
    }

    #[test]
    fn every_edit_fits_the_sample_and_none_of_the_old_way_is_left() {
        let files = played(|_| true);
        for (path, text) in &files {
            assert!(!text.contains("base::parse"), "{path}");
            let is_old = path.ends_with("Cargo.toml") && text.contains("1.0.0");
            assert!(!is_old, "{path}: {text}");
        }
    }

    #[test]
    fn what_one_node_forgets_is_in_its_tests() {
        let late: Vec<super::Work> = work().unwrap();
        let forgetful = late
            .iter()
            .filter(|work| work.edits.iter().any(|edit| edit.forgotten));
        assert_eq!(forgetful.count(), 1);
        let files = played(|edit| !edit.forgotten);
        let half = files
            .iter()
            .find(|(path, _)| path == "crates/tile/src/lib.rs");
        assert!(half.unwrap().1.contains("Some(4.0)"));
    }
}
