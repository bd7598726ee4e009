//! The trace a running command leaves on disk, so that what outlives a killed formic can be found and ended.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use protocol::CallId;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::process::family::Family;
use crate::process::table;

/// How long what was killed is waited for, in looks, and the pause between two. The kernel ends nobody in the middle of a
/// write to a disk that hangs.
const LOOKS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(10);

/// The space of numbers that this process is in.
static SPACE: LazyLock<Option<u64>> = LazyLock::new(|| {
    let space = fs::metadata("/proc/self/ns/pid");
    space.ok().map(|space| space.ino())
});

/// One process for ever: a pid is used again, a pid with its start is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since boot; `None` where the system does not tell.
    pub started: Option<u64>,
    /// Whose number it is: a container counts its processes for itself (`pid_namespaces(7)`). `None` where the system does
    /// not tell, or a former version did not.
    #[serde(default)]
    pub space: Option<u64>,
}

impl Process {
    /// The process that has this number now.
    pub fn now(pid: u32) -> Self {
        let started = table::row(pid).map(|row| row.started);
        let space = *SPACE;
        Self {
            pid,
            started,
            space,
        }
    }

    /// Whether it still lives. Where the system does not tell, and of another space of numbers, it is taken to live.
    pub fn lives(&self) -> bool {
        let is_foreign = self.space.is_some() && self.space != *SPACE;
        match self.started {
            _ if is_foreign => true,
            None => true,
            Some(started) => table::row(self.pid).is_some_and(|row| row.started == started),
        }
    }
}

/// What is written about a running command.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Note {
    formic: Process,
    shell: Option<Process>,
    call: CallId,
}

/// The trace of one running command; dropping it removes the file.
#[derive(Debug)]
pub(crate) struct Trace {
    file: PathBuf,
    note: Note,
}

impl Trace {
    /// Written before the command starts: from then on it can be found by its mark.
    pub(crate) fn begin(folder: &Path, call: CallId) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let trace = Self {
            file: folder.join(format!("{call}.json")),
            note: Note {
                formic: Process::now(std::process::id()),
                shell: None,
                call,
            },
        };
        trace.write()?;
        Ok(trace)
    }

    /// The command runs: its shell is `pid`.
    pub(crate) fn runs(&mut self, pid: u32) -> io::Result<()> {
        self.note.shell = Some(Process::now(pid));
        self.write()
    }

    fn write(&self) -> io::Result<()> {
        let text = serde_json::to_string(&self.note).map_err(io::Error::other)?;
        let beside = self.file.with_extension("tmp");
        fs::write(&beside, text)?;
        fs::rename(&beside, &self.file)
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        // Left behind it would only be looked at once more by the next reaping.
        let _ = fs::remove_file(&self.file);
    }
}

/// A command that outlived its formic and was ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaped {
    /// The call it belonged to.
    pub call: CallId,
    /// How many of its processes were still there.
    pub processes: usize,
}

/// Ends what still runs of commands whose formic is dead, as `is_alive` tells ([`Process::lives`] in earnest),
/// waits until it is gone, and removes their traces from `folder`, the `running/` beside a spill folder. What does not go
/// within two seconds keeps its trace. Blocks that long for each.
pub fn reap_orphans(folder: &Path, is_alive: &dyn Fn(&Process) -> bool) -> Vec<Reaped> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort_unstable();
    files
        .iter()
        .filter(|file| file.extension().is_some_and(|kind| kind == "json"))
        .filter_map(|file| reap(file, is_alive))
        .collect()
}

fn reap(file: &Path, is_alive: &dyn Fn(&Process) -> bool) -> Option<Reaped> {
    let note: Note = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
    if is_alive(&note.formic) {
        return None;
    }
    let family = Family::of_former(note.shell.map(|shell| shell.pid), note.call);
    // A formic that such a command started is not to end itself.
    if Family::of_former(Some(std::process::id()), note.call).is_led() {
        return None;
    }
    let processes = family.signal(Signal::KILL);
    let is_gone = || family.signal(Signal::KILL) == 0;
    let wait = |_| {
        thread::sleep(PAUSE);
        is_gone()
    };
    if processes == 0 || (0..LOOKS).any(wait) {
        let _ = fs::remove_file(file);
    }
    (processes > 0).then_some(Reaped {
        call: note.call,
        processes,
    })
}
