//! The store remembers: the append-only journal, blobs, and rebuildable indexes.
//!
//! May: block on disk, hold one advisory lock per session, keep bulky texts by content id, rebuild what can be rebuilt.
//! Never: know what an agent is, call a model, leave a thread behind, read a clock, invent an id, delete a damaged byte.

mod blobs;
mod board;
mod disk;
mod error;
mod folder;
mod index;
mod journal;
mod lock;
mod sessions;

pub use blobs::{Blobs, LostBlob, WhyLost};
pub use board::Board;
pub use error::{Result, StoreError};
pub use folder::DataFolder;
pub use journal::{
    Cut, Damage, Journal, Loss, Position, ReadReport, Reader, Recovered, Syncer, read,
};
pub use sessions::{
    Condition, Facts, Glance, RunStage, RunTally, SessionInfo, check, delete, forget_lock,
    forgotten_locks, fork, glance, list, newest_first, rebuild_index,
};
