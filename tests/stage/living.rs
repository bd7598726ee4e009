//! Processes of the machine, found by a word on their command line that no other has.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

/// The processes that have `word` as a whole word of their command line. One that only waits to be buried has none.
pub fn living(word: &str) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("a table of processes");
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let has = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0)
            .any(|one| one == word.as_bytes())
    };
    pids.filter(has).collect()
}

/// Seconds to sleep, about an hour, that no other process of this machine sleeps.
pub fn unlike_any_other() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("3600.{:07}{count:03}", std::process::id())
}
