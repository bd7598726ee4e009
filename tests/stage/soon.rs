//! Waiting for what happens in another process, which tells nobody.

use std::thread;
use std::time::{Duration, Instant};

/// Longer than this nothing that is coming is waited for.
const PATIENCE: Duration = Duration::from_secs(100);

/// Whether `holds` comes to hold.
pub fn soon(holds: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while !holds() {
        if began.elapsed() > PATIENCE {
            return false;
        }
        thread::yield_now();
    }
    true
}
