//! The one source of time, ids and dice; everything else is told.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use protocol::Timestamp;
use uuid::Uuid;

/// Where times, ids and random numbers come from. Tests inject their own.
pub trait Source: Send + Sync {
    /// The wall clock.
    fn now(&self) -> Timestamp;
    /// Milliseconds since the source was made; never goes backwards.
    fn millis(&self) -> u64;
    /// A new UUIDv7.
    fn uuid(&self) -> Uuid;
    /// A random number in 0..1000.
    fn dice(&self) -> u16;
}

/// The machine's own clock and randomness.
#[derive(Debug)]
pub struct SystemSource {
    began: Instant,
    dice: RandomState,
}

impl SystemSource {
    /// Starts counting now.
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            dice: RandomState::new(),
        }
    }
}

impl Default for SystemSource {
    fn default() -> Self {
        Self::new()
    }
}

impl Source for SystemSource {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn dice(&self) -> u16 {
        let mut hasher = self.dice.build_hasher();
        hasher.write_u128(self.uuid().as_u128());
        u16::try_from(hasher.finish() % 1000).unwrap_or(0)
    }
}
