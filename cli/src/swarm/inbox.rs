//! The inbox of a run: a folder beside its journal into which other processes put what they want of it, one file each.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::{Block, Event, NodeId, Record, Timestamp, TurnEvent};
use serde_json::{Value, json};

use super::want::Want;
use crate::failure::{Failure, Kind};

/// The folder's name below the session's.
const FOLDER: &str = "inbox";

/// Endings of a letter's file and of the answer to it.
const LETTER: &str = "json";
const ANSWER: &str = "answer";

/// How often a run looks into its inbox.
pub const LOOK: Duration = Duration::from_millis(200);

/// The largest letter that is read, in bytes.
const MOST_BYTES: u64 = 256 * 1024;

/// A want and when it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    name: String,
    /// When it was written.
    pub at: Timestamp,
    /// What it says; or why that cannot be read.
    pub want: Result<Want, String>,
}

/// The inbox of one run.
pub struct Inbox {
    folder: PathBuf,
}

impl Inbox {
    /// That of the run whose session lies in `session`.
    pub fn of(session: &Path) -> Self {
        Self {
            folder: session.join(FOLDER),
        }
    }

    /// Puts a letter in; gives its name. It is there whole or not at all.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn put(&self, source: &dyn actors::Source, want: &Want) -> Result<String, Failure> {
        let name = source.uuid().simple().to_string();
        let text = want.json(source.now()).to_string();
        let put = || {
            fs::create_dir_all(&self.folder)?;
            self.place(&name, LETTER, &text)
        };
        put().map_err(|error| self.failure("written", &error))?;
        Ok(name)
    }

    /// The letters that wait, oldest first. A run that was never written to has no folder.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn letters(&self) -> Result<Vec<Letter>, Failure> {
        let mut names = self.names(LETTER)?;
        names.sort();
        Ok(names.into_iter().map(|name| self.read(name)).collect())
    }

    /// Whether this is wanted already, and nothing that was wanted since takes it back.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn has(&self, want: &Want) -> Result<bool, Failure> {
        let letters = self.letters()?;
        let wants = letters.iter().rev().flat_map(|letter| &letter.want);
        let mut concerned = wants.filter(|one| one.is_same(want) || one.may_undo(want));
        Ok(concerned.next().is_some_and(|one| one.is_same(want)))
    }

    /// Answers a letter and takes it out. In this order: a letter that was answered twice was carried out once more, and
    /// all that letters ask for may be asked for twice; one that is gone unanswered would be lost.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn answer(&self, letter: &Letter, outcome: &Result<(), String>) -> Result<(), Failure> {
        let text = match outcome {
            Ok(()) => json!({"ok": true}),
            Err(why) => json!({"ok": false, "why": why}),
        };
        self.place(&letter.name, ANSWER, &text.to_string())
            .and_then(|()| fs::remove_file(self.file(&letter.name, LETTER)))
            .map_err(|error| self.failure("written", &error))
    }

    /// The answer to a letter, taken out; `None` if there is none yet.
    pub fn answered(&self, name: &str) -> Option<Result<(), String>> {
        let file = self.file(name, ANSWER);
        let text = fs::read_to_string(&file).ok()?;
        let answer: Value = serde_json::from_str(&text).ok()?;
        let _ = fs::remove_file(file);
        Some(match answer["ok"].as_bool() {
            Some(true) => Ok(()),
            _ => Err(answer["why"].as_str().unwrap_or("refused").to_owned()),
        })
    }

    /// Takes out answers that nobody waits for any more.
    pub fn sweep(&self) {
        for name in self.names(ANSWER).unwrap_or_default() {
            let _ = fs::remove_file(self.file(&name, ANSWER));
        }
    }

    fn read(&self, name: String) -> Letter {
        let file = self.file(&name, LETTER);
        let text = match fs::metadata(&file) {
            Ok(meta) if meta.len() > MOST_BYTES => Err("it is too large".to_owned()),
            _ => fs::read_to_string(&file).map_err(|error| error.to_string()),
        };
        let value = text.and_then(|text| {
            serde_json::from_str::<Value>(&text).map_err(|error| format!("it is not JSON: {error}"))
        });
        Letter {
            at: Timestamp(
                value
                    .as_ref()
                    .ok()
                    .and_then(|value| value["at"].as_u64())
                    .unwrap_or(0),
            ),
            want: value.and_then(|value| Want::parse(&value)),
            name,
        }
    }

    fn file(&self, name: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{name}.{ending}"))
    }

    fn place(&self, name: &str, ending: &str, text: &str) -> io::Result<()> {
        let whole = self.file(name, ending);
        let part = self.file(name, "part");
        fs::write(&part, text)?;
        fs::rename(part, whole)
    }

    fn names(&self, ending: &str) -> Result<Vec<String>, Failure> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failure("read", &error)),
        };
        let names = entries.filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let stem = name.strip_suffix(ending)?.strip_suffix('.')?;
            Some(stem.to_owned())
        });
        Ok(names.collect())
    }

    fn failure(&self, done: &str, error: &io::Error) -> Failure {
        Failure::new(
            Kind::Fault,
            format_args!("{}: cannot be {done}: {error}", self.folder.display()),
            "check that the data folder is writable and the disk has room",
        )
    }
}

/// What earlier processes said to agents because others wanted it.
#[derive(Debug, Default)]
pub struct Heard(Vec<(NodeId, Timestamp, Vec<Block>)>);

impl Heard {
    /// Takes in a record of an earlier process.
    pub fn remember(&mut self, record: &Record) {
        if let (Some(node), Event::Turn(TurnEvent::Steered { content })) =
            (record.node, &record.event)
        {
            self.0.push((node, record.at, content.clone()));
        }
    }

    /// Whether a letter's words were said to the node's agent already: the one want that would be heard twice.
    pub fn has(&self, letter: &Letter, node: NodeId) -> bool {
        let Ok(Want::Steer(_, text)) = &letter.want else {
            return false;
        };
        self.0.iter().any(|(to, at, content)| {
            let is_it = matches!(content.as_slice(), [Block::Text(said)] if said.as_str() == *text);
            is_it && *to == node && *at >= letter.at
        })
    }
}

#[cfg(test)]
mod tests {
    use actors::SystemSource;
    use protocol::{Draft, Seq, SessionId};

    use super::*;

    #[test]
    fn letters_come_out_in_order_each_until_it_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let (inbox, source) = (Inbox::of(folder.path()), SystemSource::new());
        assert_eq!(inbox.letters().unwrap(), []);
        let wants = [
            Want::Steer("a".into(), "mind\nthe gap".to_owned()),
            Want::Retry("b".into()),
            Want::Pause,
            Want::Unpause,
            Want::End("c".into(), "in circles".to_owned()),
            Want::Cancel("enough".to_owned()),
        ];
        let names: Vec<String> = wants
            .iter()
            .map(|want| inbox.put(&source, want).unwrap())
            .collect();
        let letters = inbox.letters().unwrap();
        let read: Vec<Want> = letters
            .iter()
            .map(|letter| letter.want.clone().unwrap())
            .collect();
        assert_eq!(read, wants);
        inbox.answer(&letters[0], &Ok(())).unwrap();
        inbox
            .answer(&letters[1], &Err("it is not over".to_owned()))
            .unwrap();
        assert_eq!(inbox.letters().unwrap().len(), 4);
        assert_eq!(inbox.answered(&names[0]), Some(Ok(())));
        assert_eq!(inbox.answered(&names[0]), None, "an answer is taken out");
        inbox.sweep();
        assert_eq!(inbox.answered(&names[1]), None);
    }

    #[test]
    fn what_is_wanted_already_is_known_unless_something_since_takes_it_back() {
        let retry = |node: &str| Want::Retry(node.into());
        let end = |node: &str| Want::End(node.into(), "why".to_owned());
        let steer = |text: &str| Want::Steer("a".into(), text.to_owned());
        let cancel = |why: &str| Want::Cancel(why.to_owned());
        for (wants, want, has) in [
            (vec![], retry("a"), false),
            (vec![retry("a")], retry("a"), true),
            (vec![retry("b")], retry("a"), false),
            (vec![retry("a"), retry("b"), steer("x")], retry("a"), true),
            (vec![retry("a"), end("a")], retry("a"), false),
            (vec![retry("a"), end("b")], retry("a"), true),
            (vec![cancel("so")], cancel("not so"), true),
            (vec![steer("x")], steer("y"), false),
            (vec![steer("x"), retry("a")], steer("x"), false),
            (vec![Want::Unpause, retry("a")], Want::Unpause, true),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let (inbox, source) = (Inbox::of(folder.path()), SystemSource::new());
            for want in &wants {
                inbox.put(&source, want).unwrap();
            }
            assert_eq!(inbox.has(&want).unwrap(), has, "{wants:?} {want:?}");
        }
    }

    #[test]
    fn what_nobody_can_read_is_a_letter_with_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Inbox::of(folder.path());
        fs::create_dir(folder.path().join(FOLDER)).unwrap();
        for (text, then) in [
            (
                "{",
                "it is not JSON: EOF while parsing an object at line 1 column 1",
            ),
            ("{}", "it has no \"want\""),
            (r#"{"want": "retry"}"#, "it has no \"node\""),
            (r#"{"want": "dance"}"#, "nobody here knows how to \"dance\""),
        ] {
            fs::write(inbox.file("x", LETTER), text).unwrap();
            assert_eq!(
                inbox.letters().unwrap()[0].want,
                Err(then.to_owned()),
                "{text}"
            );
        }
        fs::write(inbox.file("y", "part"), "half").unwrap();
        assert_eq!(inbox.letters().unwrap().len(), 1, "half a letter is none");
    }

    #[test]
    fn what_was_said_before_a_crash_is_not_said_again() {
        let node = NodeId::derived(&[b"a"]);
        let letter = |text: &str, at: u64| Letter {
            name: "x".to_owned(),
            at: Timestamp(at),
            want: Ok(Want::Steer("a".into(), text.to_owned())),
        };
        let record = Draft {
            agent: None,
            node: Some(node),
            turn: None,
            cause: None,
            event: Event::Turn(TurnEvent::Steered {
                content: vec![Block::Text("mind".into())],
            }),
        }
        .placed(SessionId::derived(&[b"s"]), Seq(1), Timestamp(50));
        let mut heard = Heard::default();
        heard.remember(&record);
        assert!(heard.has(&letter("mind", 40), node));
        assert!(!heard.has(&letter("mind", 60), node), "said again later");
        assert!(!heard.has(&letter("other", 40), node));
        assert!(!heard.has(&letter("mind", 40), NodeId::derived(&[b"b"])));
    }
}
