//! Swarms: what many agents take beside what they would take at best, and the git below them by itself.

mod apply;
mod crowd;
mod field;
mod levels;
mod project;
mod resume;

pub use levels::floor;

/// What can be measured.
pub const SUBJECTS: [(&str, fn()); 4] = [
    ("swarm", levels::measure),
    ("apply", apply::measure),
    ("crowd", crowd::measure),
    ("resume", resume::measure),
];
