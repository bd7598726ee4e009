//! The lines a person types.

use rustix::termios::{QueueSelector, tcflush};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin, stdin};

/// Reads stdin by lines, and only while a line is waited for. There is one of it in a process: a second one would take
/// lines away from the first.
pub struct Keys {
    lines: Lines<BufReader<Stdin>>,
    /// Whether a line is being read by a thread that nobody waits for any more.
    is_reading: bool,
}

impl Keys {
    /// Reads this process's stdin.
    pub fn new() -> Self {
        Self {
            lines: BufReader::new(stdin()).lines(),
            is_reading: false,
        }
    }

    /// The next line; `None` if stdin has ended. Nothing is lost if it is not waited for to the end.
    pub async fn line(&mut self) -> Option<String> {
        self.is_reading = true;
        let line = self.lines.next_line().await;
        self.is_reading = false;
        line.ok().flatten()
    }

    /// Throws away what was typed so far.
    pub async fn forget(&mut self) {
        if self.is_reading {
            tokio::select! {
                biased;
                _ = self.line() => {}
                () = std::future::ready(()) => {}
            }
        }
        // What is no terminal has nothing that could be thrown away.
        let _ = tcflush(std::io::stdin(), QueueSelector::IFlush);
    }
}
