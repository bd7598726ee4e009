//! A git command that is kept open and asked again and again: starting one costs far more than most answers.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::error::GitError;
use super::run::Git;

/// The longest answer that is read, in bytes; more is read by a command of its own.
const LONGEST: usize = 64 * 1024 * 1024;

/// How much of what a command complains of is kept, in bytes: the beginning of it.
const HEARD: usize = 4096;

/// How long a command whose questions are over may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// With so many lines.
    Lines(usize),
    /// With as many bytes as the third word of its first line says, and a line break; at once, if there is none.
    Sized,
}

/// What was answered.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Its lines.
    pub(crate) lines: Vec<String>,
    /// What came after them.
    pub(crate) body: Vec<u8>,
}

/// A place for one open command. It ends by itself when nothing can ask it any more, as its input is then over.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    // Whoever asks has it until the answer is whole. An owner task would live on between two questions, and nothing
    // below the actors may start one.
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    named: String,
    patience: Duration,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    complaints: Complaints,
}

/// What a command writes to its stderr. Nobody else reads it, and a full pipe would hold the command up for ever.
#[derive(Debug)]
struct Complaints {
    stderr: ChildStderr,
    heard: Vec<u8>,
}

impl Complaints {
    /// Listens until the command has closed it.
    async fn listen(&mut self) {
        let mut some = vec![0; 1024];
        while let Ok(read @ 1..) = self.stderr.read(&mut some).await {
            let room = HEARD.saturating_sub(self.heard.len());
            self.heard.extend_from_slice(&some[..read.min(room)]);
        }
    }
}

impl Talk {
    /// Asks the open command, or the one that `start` opens if there is none. One that is found dead is opened anew
    /// and asked once more: a question must be safe to repeat. A question that is given up half-way ends its command.
    pub(crate) async fn ask(
        &self,
        start: impl Fn() -> Git,
        question: &[u8],
        shape: Shape,
    ) -> Result<Answer, GitError> {
        let mut place = self.open.lock().await;
        if let Some(mut open) = place.take()
            && let Ok(answer) = open.ask(question, shape).await
        {
            *place = Some(open);
            return Ok(answer);
        }
        let mut open = Open::new(start())?;
        match open.ask(question, shape).await {
            Ok(answer) => {
                *place = Some(open);
                Ok(answer)
            }
            Err(error) => Err(open.why(error).await),
        }
    }

    /// Lets the open command end, and waits for that.
    pub(crate) async fn close(&self) {
        if let Some(open) = self.open.lock().await.take() {
            let Open {
                stdin, mut child, ..
            } = open;
            drop(stdin);
            // One that does not end is the system's to end: nobody hears it.
            let _ = timeout(GRACE, child.wait()).await;
        }
    }
}

impl Open {
    fn new(git: Git) -> Result<Self, GitError> {
        let (mut child, named, patience) = git.keep_open()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(GitError::Odd { command: named });
        };
        Ok(Self {
            named,
            patience,
            child,
            stdin,
            stdout: BufReader::new(stdout),
            complaints: Complaints {
                stderr,
                heard: Vec::new(),
            },
        })
    }

    async fn ask(&mut self, question: &[u8], shape: Shape) -> Result<Answer, GitError> {
        let (after, command) = (self.patience, self.named.clone());
        let late = |_| GitError::Late { command, after };
        let Self {
            named,
            stdin,
            stdout,
            complaints,
            ..
        } = self;
        let mut voice = Voice {
            named,
            stdin,
            stdout,
        };
        let exchange = Box::pin(voice.exchange(question, shape));
        let listen = pin!(complaints.listen());
        let answer = async {
            match select(exchange, listen).await {
                Either::Left((answer, _)) => answer,
                // It has closed it, and may have answered all the same.
                Either::Right(((), exchange)) => exchange.await,
            }
        };
        timeout(after, answer).await.map_err(late)?
    }

    /// Ends it; gives what it complained of, if it did.
    async fn why(self, error: GitError) -> GitError {
        let Self {
            stdin,
            stdout,
            mut complaints,
            mut child,
            named,
            ..
        } = self;
        drop((stdin, stdout));
        let end = async {
            complaints.listen().await;
            // What it said counts, not how it ended.
            let _ = child.wait().await;
        };
        match timeout(GRACE, end).await {
            Ok(()) if !complaints.heard.is_empty() => GitError::failed(&named, &complaints.heard),
            Ok(()) | Err(_) => error,
        }
    }
}

/// The two ways to an open command.
struct Voice<'a> {
    named: &'a str,
    stdin: &'a mut ChildStdin,
    stdout: &'a mut BufReader<ChildStdout>,
}

impl Voice<'_> {
    async fn exchange(&mut self, question: &[u8], shape: Shape) -> Result<Answer, GitError> {
        let io = |error| GitError::io(Path::new("git"), error);
        self.stdin.write_all(question).await.map_err(io)?;
        self.stdin.flush().await.map_err(io)?;
        let mut answer = Answer::default();
        let lines = match shape {
            Shape::Lines(lines) => lines,
            Shape::Sized => 1,
        };
        for _ in 0..lines {
            answer.lines.push(self.line().await?);
        }
        let size = match shape {
            Shape::Lines(_) => None,
            Shape::Sized => answer.lines.first().and_then(|line| size_of(line)),
        };
        if let Some(size) = size {
            if size > LONGEST {
                return Err(self.odd());
            }
            answer.body.resize(size + 1, 0);
            let read = self.stdout.read_exact(&mut answer.body).await;
            read.map_err(io)?;
            answer.body.pop();
        }
        Ok(answer)
    }

    async fn line(&mut self) -> Result<String, GitError> {
        let mut line = Vec::new();
        let read = self.stdout.read_until(b'\n', &mut line).await;
        read.map_err(|error| GitError::io(Path::new("git"), error))?;
        match line.pop() {
            Some(b'\n') => String::from_utf8(line).map_err(|_| self.odd()),
            _ => Err(self.odd()),
        }
    }

    fn odd(&self) -> GitError {
        GitError::Odd {
            command: self.named.to_owned(),
        }
    }
}

/// `<id> <kind> <size>`
fn size_of(line: &str) -> Option<usize> {
    let mut words = line.split(' ').skip(2);
    let size = words.next()?.parse().ok()?;
    words.next().is_none().then_some(size)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const INFO: &[u8] = b"info HEAD\n";

    fn batch(root: &Path) -> Git {
        Git::at(root).args(["cat-file", "--batch-command"])
    }

    fn repository() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let mut git = Command::new("git");
        let made = git.args(["init", "-q"]).current_dir(dir.path()).status();
        assert!(made.unwrap().success());
        dir
    }

    #[tokio::test]
    async fn one_that_has_died_is_opened_again() {
        let dir = repository();
        let talk = Talk::default();
        let ask = async || talk.ask(|| batch(dir.path()), INFO, Shape::Sized).await;
        assert_eq!(ask().await.unwrap().lines, ["HEAD missing"]);
        let first = talk.open.lock().await.as_mut().unwrap().child.id();
        assert_eq!(ask().await.unwrap().lines, ["HEAD missing"]);
        if let Some(open) = talk.open.lock().await.as_mut() {
            assert_eq!(open.child.id(), first, "it was kept open");
            open.child.kill().await.unwrap();
        }
        assert_eq!(ask().await.unwrap().lines, ["HEAD missing"]);
        talk.close().await;
        assert!(talk.open.lock().await.is_none());
    }

    #[tokio::test]
    async fn one_that_complains_much_is_not_held_up_by_it() {
        let dir = repository();
        let talk = Talk::default();
        // Of each question it writes some lines to its stderr, far more of them together than a pipe holds.
        let start = || batch(dir.path()).env("GIT_TRACE_REFS", "1");
        for _ in 0..2000 {
            let asked = talk.ask(start, INFO, Shape::Sized).await;
            assert_eq!(asked.unwrap().lines, ["HEAD missing"]);
        }
    }

    #[tokio::test]
    async fn one_that_complains_is_heard() {
        let dir = repository();
        let talk = Talk::default();
        let start = || Git::at(dir.path()).args(["update-ref", "-z", "--stdin"]);
        let asked = talk.ask(start, b"nonsense\0", Shape::Lines(1)).await;
        let text = asked.unwrap_err().to_string();
        assert!(text.contains("nonsense"), "{text}");
    }
}
