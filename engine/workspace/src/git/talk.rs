//! A git command that is kept open and asked again and again: starting one costs far more than most answers.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::error::GitError;
use super::run::Git;

/// The longest answer that is read, in bytes; more is read by a command of its own.
const LONGEST: usize = 64 * 1024 * 1024;

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
        let pipes = child.stdin.take().zip(child.stdout.take());
        let odd = || GitError::Odd {
            command: named.clone(),
        };
        let (stdin, stdout) = pipes.ok_or_else(odd)?;
        Ok(Self {
            named,
            patience,
            child,
            stdin,
            stdout: BufReader::new(stdout),
        })
    }

    async fn ask(&mut self, question: &[u8], shape: Shape) -> Result<Answer, GitError> {
        let (after, command) = (self.patience, self.named.clone());
        let late = |_| GitError::Late { command, after };
        timeout(after, self.exchange(question, shape))
            .await
            .map_err(late)?
    }

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
            command: self.named.clone(),
        }
    }

    /// Ends it; gives what it complained of, if it did.
    async fn why(self, error: GitError) -> GitError {
        let Self {
            stdin,
            stdout,
            child,
            named,
            ..
        } = self;
        drop((stdin, stdout));
        let ended = timeout(GRACE, child.wait_with_output()).await;
        match ended {
            Ok(Ok(output)) if !output.stderr.is_empty() => GitError::failed(&named, &output.stderr),
            _ => error,
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
    async fn one_that_complains_is_heard() {
        let dir = repository();
        let talk = Talk::default();
        let start = || Git::at(dir.path()).args(["update-ref", "-z", "--stdin"]);
        let asked = talk.ask(start, b"nonsense\0", Shape::Lines(1)).await;
        let text = asked.unwrap_err().to_string();
        assert!(text.contains("nonsense"), "{text}");
    }
}
