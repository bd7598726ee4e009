//! The system's table of processes, as far as `/proc` tells it; where there is none it is empty.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::process::family::MARK;

/// The flag of what runs in the kernel alone (`PF_KTHREAD` in Linux's `sched.h`).
const KERNELS: u32 = 0x0020_0000;

/// How often, and how long after each other, a process is asked for its environment that has none yet.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(1);

/// One living process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    pub(crate) group: u32,
    /// When it started, in clock ticks since boot: with the pid it names a process for ever.
    pub(crate) started: u64,
}

/// The process `pid`, unless it is gone, only waits to be buried, or is the kernel's own.
pub(crate) fn row(pid: u32) -> Option<Row> {
    parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name in parentheses may hold anything, so the fields are counted from the last one.
fn parse(pid: u32, stat: &str) -> Option<Row> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let flags: u32 = fields.get(6)?.parse().ok()?;
    if matches!(fields.first(), Some(&"Z" | &"X")) || flags & KERNELS != 0 {
        return None;
    }
    Some(Row {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

/// Whether the environment `pid` was started with holds exactly `setting`, for example `A=b`.
pub(crate) fn carries(pid: u32, setting: &str) -> bool {
    settings(pid, setting).contains(&setting.to_owned())
}

/// The settings of the environment `pid` was started with that begin so.
fn settings(pid: u32, beginning: &str) -> Vec<String> {
    let all = environment(pid);
    let found = all
        .split(|byte| *byte == 0)
        .filter(|one| one.starts_with(beginning.as_bytes()));
    found
        .map(|one| String::from_utf8_lossy(one).into_owned())
        .collect()
}

/// The environment `pid` was started with. A process whose program is just being replaced shows neither environment nor
/// arguments for a moment: taken at its word, it would be nobody's.
fn environment(pid: u32) -> Vec<u8> {
    let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).ok();
    for _ in 0..TRIES {
        let all = read("environ").unwrap_or_default();
        let is_between = all.is_empty() && read("cmdline").is_some_and(|words| words.is_empty());
        if !is_between {
            return all;
        }
        thread::sleep(PAUSE);
    }
    Vec::new()
}

/// Every process that lived at one moment, and which carried the mark of a call.
#[derive(Debug, Default)]
pub(crate) struct Census {
    rows: Vec<Row>,
    marks: BTreeMap<String, Vec<u32>>,
}

// Who asks is a thread that may block, and waits for the one that reads; an owner task would only stand between them.
static LATEST: Mutex<(u64, Option<Arc<Census>>)> = Mutex::new((0, None));

/// How many were begun.
static BEGUN: AtomicU64 = AtomicU64::new(0);

impl Census {
    /// One that begins after this is asked for. Whoever asks meanwhile shares it: it takes as long as there are
    /// processes, and many commands may be ended at once.
    pub(crate) fn now() -> Arc<Self> {
        let before = BEGUN.load(Ordering::SeqCst);
        // Whoever panicked while reading left the one before.
        let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
        if let (begun, Some(census)) = &*latest
            && *begun > before
        {
            return census.clone();
        }
        let begun = BEGUN.fetch_add(1, Ordering::SeqCst) + 1;
        let census = Arc::new(Self::take());
        *latest = (begun, Some(census.clone()));
        census
    }

    fn take() -> Self {
        let mut census = Self::default();
        let entries = fs::read_dir("/proc").into_iter().flatten();
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        for row in pids.filter_map(row) {
            census.rows.push(row);
            for mark in settings(row.pid, MARK) {
                census.marks.entry(mark).or_default().push(row.pid);
            }
        }
        census
    }

    /// The group of a process.
    pub(crate) fn group_of(&self, pid: u32) -> Option<u32> {
        let row = self.rows.iter().find(|row| row.pid == pid);
        row.map(|row| row.group)
    }

    /// Those that belong to `group`, carry `mark`, or descend from one that does.
    pub(crate) fn related(&self, group: Option<u32>, mark: &str) -> BTreeSet<u32> {
        let marked = self.marks.get(mark).into_iter().flatten().copied();
        let of_group = self.rows.iter().filter(|row| Some(row.group) == group);
        let mut found: BTreeSet<u32> = of_group.map(|row| row.pid).chain(marked).collect();
        while !found.is_empty() {
            let is_child = |row: &&Row| found.contains(&row.parent) && !found.contains(&row.pid);
            let more: Vec<u32> = self
                .rows
                .iter()
                .filter(is_child)
                .map(|row| row.pid)
                .collect();
            if more.is_empty() {
                break;
            }
            found.extend(more);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_does_not_shift_the_fields() {
        let stat = "7 (a) b) S 3 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0";
        let row = parse(7, stat);
        assert_eq!(
            row,
            Some(Row {
                pid: 7,
                parent: 3,
                group: 5,
                started: 99
            })
        );
    }

    #[test]
    fn a_process_that_waits_to_be_buried_does_not_count() {
        let stat = "7 (a) Z 3 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0";
        assert_eq!(parse(7, stat), None);
    }

    #[test]
    fn what_is_the_kernels_own_does_not_count() {
        let stat = "7 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 99 0";
        assert_eq!(parse(7, stat), None);
    }

    #[test]
    fn descendants_belong_however_far_they_are_from_the_group() {
        let of = |pid, parent, group| Row {
            pid,
            parent,
            group,
            started: 0,
        };
        let far = u32::MAX;
        let rows = [
            of(far, 1, 10),
            of(far - 1, far, 11),
            of(far - 2, far - 1, 12),
            of(far - 3, 1, 13),
        ];
        let census = Census {
            rows: rows.to_vec(),
            ..Census::default()
        };
        let found = census.related(Some(10), "FORMIC_CALL=none");
        assert_eq!(found, BTreeSet::from([far, far - 1, far - 2]));
    }

    #[test]
    fn a_census_never_tells_of_a_moment_before_it_was_asked_for() {
        let ask = || {
            let mut child = std::process::Command::new("sleep").arg("60").spawn();
            let child = child.as_mut().unwrap();
            let lives = |census: &Census| census.rows.iter().any(|row| row.pid == child.id());
            assert!(lives(&Census::now()), "it had started before");
            child.kill().unwrap();
            child.wait().unwrap();
            let lives = |census: &Census| census.rows.iter().any(|row| row.pid == child.id());
            assert!(!lives(&Census::now()), "it was buried before");
        };
        std::thread::scope(|scope| {
            (0..8).for_each(|_| drop(scope.spawn(|| (0..10).for_each(|_| ask()))));
        });
    }
}
