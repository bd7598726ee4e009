//! Swarms: what many agents take beside what they would take at best, and the git below them by itself.

mod apply;
mod cancel;
mod crowd;
mod field;
mod levels;
mod project;
mod resume;
mod start;
mod subagents;

pub use levels::floor;

/// What can be measured.
pub const SUBJECTS: [(&str, fn()); 7] = [
    ("swarm", levels::measure),
    ("apply", apply::measure),
    ("subagents", subagents::measure),
    ("crowd", crowd::measure),
    ("resume", resume::measure),
    ("cancel", cancel::measure),
    ("start", start::measure),
];
