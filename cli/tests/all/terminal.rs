//! A terminal for the real binary: what is typed on it, what it shows in the end.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Longer than anything takes that does not hang.
const HANGS: Duration = Duration::from_secs(300);

/// Rows and columns.
const USUAL: (u16, u16) = (40, 100);

/// A terminal and the program that runs on it.
pub struct Terminal {
    keys: File,
    child: Child,
    written: Receiver<Vec<u8>>,
    all: Vec<u8>,
    /// How much of it has been waited for.
    seen: usize,
    /// Rows and columns, where lines break and what has left the screen is out of reach.
    small: Option<(u16, u16)>,
}

impl Terminal {
    /// Starts a command on a new terminal.
    pub fn start(command: Command) -> Self {
        Self::start_on("xterm", None, command)
    }

    /// Starts a command on a new terminal of a kind, perhaps one that is small.
    pub fn start_on(kind: &str, small: Option<(u16, u16)>, mut command: Command) -> Self {
        // The program must not hold the side that shows it: its terminal would outlive the test.
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let (rows, columns) = small.unwrap_or(USUAL);
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let side = || -> OwnedFd { open(&name, flags, Mode::empty()).unwrap() };
        command
            .stdin(Stdio::from(side()))
            .stdout(Stdio::from(side()))
            .stderr(Stdio::from(side()));
        let child = command
            .env("TERM", kind)
            .env("LANG", "C.UTF-8")
            .spawn()
            .unwrap();
        // Its own ends of the terminal would keep it open after the child's are closed.
        drop(command);
        let mut screen = File::from(master.try_clone().unwrap());
        let (tell, written) = channel();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            // Reading fails when the last process has let the terminal go.
            while let Ok(many @ 1..) = screen.read(&mut piece) {
                if tell.send(piece[..many].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            keys: File::from(master),
            child,
            written,
            all: Vec::new(),
            seen: 0,
            small,
        }
    }

    /// Waits until the program has written this text, behind what was waited for before. Where the echo of typed keys
    /// stands between is chance.
    pub fn wait_for(&mut self, text: &str) {
        let wanted = text.as_bytes();
        let found = |all: &[u8]| all.windows(wanted.len()).position(|part| part == wanted);
        let at = loop {
            if let Some(at) = found(&self.all[self.seen..]) {
                break at;
            }
            let piece = self.written.recv_timeout(HANGS);
            self.all.extend(piece.unwrap_or_else(|why| {
                panic!("{text:?}: {why}: {}", String::from_utf8_lossy(&self.all))
            }));
        };
        self.seen += at + wanted.len();
    }

    /// Types these keys.
    pub fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Sends the program a signal by its short name, as Ctrl-C sends INT.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the program's end; gives its code and the lines the terminal then shows.
    pub fn end(mut self) -> (Option<i32>, Vec<String>) {
        while let Ok(piece) = self.written.recv_timeout(HANGS) {
            self.all.extend(piece);
        }
        let code = self.child.wait().unwrap().code();
        let small = self
            .small
            .map(|(rows, columns)| (rows.into(), columns.into()));
        let size = small.unwrap_or((usize::MAX, usize::MAX));
        (code, shown(&String::from_utf8_lossy(&self.all), size))
    }
}

impl Drop for Terminal {
    /// A test that failed leaves no program behind that waits for an answer.
    fn drop(&mut self) {
        // One that has ended needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a terminal of so many rows and columns shows that was sent this text: the few things it is asked to do besides
/// writing.
fn shown(text: &str, (rows, columns): (usize, usize)) -> Vec<String> {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let (mut row, mut column, mut kept) = (0, 0, (0, 0));
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\r' => column = 0,
            '\n' => {
                row += 1;
                if row == lines.len() {
                    lines.push(Vec::new());
                }
            }
            '\u{1b}' => {
                let (number, what) = asked(&mut rest);
                match what {
                    '7' => kept = (row, column),
                    '8' => (row, column) = kept,
                    'A' => {
                        let top = lines.len().saturating_sub(rows);
                        row = row.saturating_sub(number.parse().unwrap_or(1)).max(top);
                    }
                    'K' => lines[row].truncate(column),
                    'J' => {
                        lines[row].truncate(column);
                        lines.truncate(row + 1);
                    }
                    _ => {}
                }
            }
            c => {
                if column == columns {
                    (row, column) = (row + 1, 0);
                    lines.resize(lines.len().max(row + 1), Vec::new());
                }
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = c;
                column += 1;
            }
        }
    }
    lines.into_iter().map(String::from_iter).collect()
}

/// What a terminal is asked to do by the sequence that begins here, and its number.
fn asked(rest: &mut impl Iterator<Item = char>) -> (String, char) {
    let mut number = String::new();
    match rest.next() {
        Some('[') => {}
        short => return (number, short.unwrap_or(' ')),
    }
    for c in rest {
        if c.is_ascii_alphabetic() {
            return (number, c);
        }
        number.push(c);
    }
    (number, ' ')
}

#[test]
fn a_terminal_shows_what_was_written_over_what() {
    let text = "one\r\ntwo\r\n\u{1b}[2A\u{1b}[31mthree\u{1b}[0m\u{1b}[K\r\n\u{1b}[J";
    let usual = (40, 100);
    assert_eq!(shown(text, usual), ["three", ""]);
    let text = "one\r\ntwo? y\u{1b}7\r\u{1b}[1Afour\u{1b}[K\r\n\u{1b}8es";
    assert_eq!(shown(text, usual), ["four", "two? yes"]);
    let small = "one\r\ntwo three\r\u{1b}[3Ais";
    assert_eq!(shown(small, (2, 5)), ["one", "iso t", "hree"]);
}
