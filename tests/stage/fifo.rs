//! Named pipes: how a proof and a process wait for each other without a clock.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// Longer than this nobody speaks any more.
const SILENCE: Duration = Duration::from_secs(240);

/// A named pipe.
pub struct Fifo {
    path: PathBuf,
}

impl Fifo {
    /// Makes one.
    pub fn at(path: &Path) -> Self {
        let made = Command::new("mkfifo").arg(path).status();
        assert!(
            made.is_ok_and(|status| status.success()),
            "a pipe could not be made"
        );
        Self {
            path: path.to_owned(),
        }
    }

    /// Both ends at once: opening waits for nobody, and readers do not meet the end before this is dropped.
    pub fn hold(&self) -> File {
        let options = OpenOptions::new().read(true).write(true).open(&self.path);
        options.expect("a pipe can be opened")
    }

    /// Writes a line for whoever reads it, now or later, as long as what is given back is kept.
    pub fn tell(&self, line: &str) -> File {
        let mut pipe = self.hold();
        writeln!(pipe, "{line}").expect("a held pipe takes a line");
        pipe
    }

    /// Waits for somebody to write a line.
    ///
    /// # Panics
    /// When nobody does, so that the proof fails instead of waiting for ever.
    pub fn line(&self) -> String {
        let (tell, told) = channel();
        let path = self.path.clone();
        thread::spawn(move || {
            let mut line = String::new();
            let pipe = File::open(path).expect("a pipe can be opened");
            let _ = BufReader::new(pipe).read_line(&mut line);
            let _ = tell.send(line);
        });
        told.recv_timeout(SILENCE)
            .expect("somebody writes into the pipe")
    }
}
