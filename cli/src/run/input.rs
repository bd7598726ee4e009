//! What a headless run is asked: the prompt, what is piped in, or one message a line.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::sync::mpsc;
use std::time::Duration;

use protocol::Block;
use tokio::sync::mpsc::{Receiver, channel};

use super::blocks;
use crate::args::InputFormat;
use crate::failure::{Failure, Kind};
use crate::output;
use crate::resolve::session::Take;

/// How long a prompt waits for a stdin of which nothing comes: one that nobody writes to and nobody closes.
const SILENCE: Duration = Duration::from_secs(3);

/// The most text taken from a pipe, in bytes.
const MAX_INPUT: u64 = 16 * 1024 * 1024;

/// Where turns come from.
pub enum Input {
    /// One prompt; `None` when there is nothing to say.
    Once(Option<Vec<Block>>),
    /// One message after the other.
    Lines {
        /// The prompt of the command line, said first.
        first: Option<Vec<Block>>,
        /// What stdin brings.
        rest: Receiver<Result<Vec<Block>, Failure>>,
    },
}

impl Input {
    /// Opens the input. Text is read to its end here.
    ///
    /// # Errors
    /// When stdin cannot be read or is too long.
    pub fn open(prompt: Option<&str>, format: InputFormat) -> Result<Self, Failure> {
        let said = |text: &str| vec![Block::Text(text.into())];
        let prompt = prompt.filter(|prompt| !prompt.trim().is_empty());
        match format {
            InputFormat::Text => {
                let piped = piped(prompt.is_some())?;
                let text = match (prompt, piped) {
                    (Some(prompt), Some(piped)) => Some(format!("{prompt}\n\n{piped}")),
                    (prompt, piped) => piped.or_else(|| prompt.map(str::to_owned)),
                };
                Ok(Self::Once(text.as_deref().map(said)))
            }
            InputFormat::StreamJson => Ok(Self::Lines {
                first: prompt.map(said),
                rest: lines(),
            }),
        }
    }

    /// A new session needs something to say; an old one may go on by itself.
    ///
    /// # Errors
    /// When there is neither a prompt nor input nor an old session.
    pub fn check(&self, take: Take) -> Result<(), Failure> {
        match (self, take) {
            (Self::Once(None), Take::New(_)) => Err(Failure::usage(
                "prompt: there is none",
                "write it after -p, or pipe it into stdin: formic -p \"PROMPT\"",
            )),
            _ => Ok(()),
        }
    }

    /// The next thing to say; `None` at the end.
    ///
    /// # Errors
    /// When a line cannot be understood.
    pub async fn next(&mut self) -> Result<Option<Vec<Block>>, Failure> {
        match self {
            Self::Once(said) => Ok(said.take()),
            Self::Lines { first, rest } => match first.take() {
                Some(said) => Ok(Some(said)),
                None => rest.recv().await.transpose(),
            },
        }
    }
}

/// What is piped into stdin, without white space around it.
fn piped(has_prompt: bool) -> Result<Option<String>, Failure> {
    if io::stdin().is_terminal() {
        return Ok(None);
    }
    let read = match never_waits() {
        true => Some(read()),
        false => read_beside(has_prompt),
    };
    let Some(read) = read else {
        output::note(
            "warning: stdin: nothing came within 3 s, going on with the prompt alone; what comes later is not read (redirect it from /dev/null, or from a file with what there is to say)",
        );
        return Ok(None);
    };
    let bytes = read.map_err(|error| unreadable(&error.to_string()))?;
    if bytes.len() as u64 > MAX_INPUT {
        return Err(Failure::new(
            Kind::Input,
            format_args!("stdin: more than {MAX_INPUT} bytes"),
            "write it to a file and let the agent read that",
        ));
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable("not UTF-8 text"))?;
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Whether stdin is a file or the null device: nobody has to write to it or close it. A file that says it is empty may be
/// one of the kernel's that does wait.
fn never_waits() -> bool {
    let null = std::fs::metadata("/dev/null").map(|null| null.rdev());
    let stdin = io::stdin().as_fd().try_clone_to_owned();
    let stdin = stdin.and_then(|stdin| File::from(stdin).metadata());
    stdin.is_ok_and(|stdin| {
        let is_null = null.is_ok_and(|null| null == stdin.rdev());
        (stdin.is_file() && stdin.len() > 0) || (stdin.file_type().is_char_device() && is_null)
    })
}

fn read() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let stdin = io::stdin().lock();
    stdin.take(MAX_INPUT + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same in a thread that is left behind if nothing comes and there is a prompt to go on with. Once something has come it
/// is read to its end, however long that takes: nothing of what somebody says is thrown away.
fn read_beside(has_prompt: bool) -> Option<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    let (come, coming) = mpsc::channel();
    std::thread::spawn(move || {
        let begun = io::stdin().lock().fill_buf().map(|_| ());
        // Nobody waits any more when the run went on without it.
        let _ = come.send(());
        let _ = sender.send(begun.and_then(|()| read()));
    });
    if has_prompt {
        coming.recv_timeout(SILENCE).ok()?;
    }
    receiver.recv().ok()
}

fn unreadable(why: &str) -> Failure {
    Failure::new(
        Kind::Input,
        format_args!("stdin: {why}"),
        "pipe UTF-8 text into it, or nothing",
    )
}

/// Reads lines on a thread of its own, which ends with the process if nobody ends it before.
fn lines() -> Receiver<Result<Vec<Block>, Failure>> {
    let (sender, receiver) = channel(1);
    std::thread::spawn(move || {
        for (at, line) in io::stdin().lock().lines().enumerate() {
            let said = match line {
                Ok(line) if line.trim().is_empty() => continue,
                Ok(line) => blocks::user_message(&line).map_err(|why| broken(at + 1, &why)),
                Err(error) => Err(broken(at + 1, &error.to_string())),
            };
            let is_last = said.is_err();
            if sender.blocking_send(said).is_err() || is_last {
                return;
            }
        }
    });
    receiver
}

fn broken(line: usize, why: &str) -> Failure {
    Failure::new(
        Kind::Input,
        format_args!("stdin: line {line}: {why}"),
        r#"write lines like {"type":"user","message":{"role":"user","content":"..."}}"#,
    )
}
