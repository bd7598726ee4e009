//! How fast one provider may be asked: a number of calls at once that shrinks when it complains and grows while it does
//! not, and a moment before which nobody asks.

/// The pause after a complaint that names no time of its own: the first, and the longest, in milliseconds.
const FIRST_MS: u64 = 250;
const LONGEST_MS: u64 = 3_000;
/// The longest pause a provider may ask for, in milliseconds.
const LONGEST_ASKED_MS: u64 = 600_000;
/// A provider that has only complained for so long is not waited for any more, in milliseconds.
const PATIENCE_MS: u64 = 1_800_000;

/// What one more call may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It may begin; this is its round, to be given back with its end.
    Now(Round),
    /// Not before this moment.
    At(u64),
    /// Not before another call has ended.
    Full,
}

/// Calls that began between two complaints: they complain of the same, and are heard once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round(u64);

/// The pace at one provider. Moments are milliseconds of any clock that never goes backwards.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    /// How many calls may be under way at once; `None` before the first complaint.
    width: Option<f64>,
    under_way: u32,
    round: u64,
    not_before: u64,
    /// Complaints since the last reply, by rounds, and when the first of them came.
    complaints: u32,
    since: Option<u64>,
}

impl Pace {
    /// Whether a call may begin at `now`; if so it is counted.
    pub fn begin(&mut self, now: u64) -> Turn {
        if now < self.not_before {
            return Turn::At(self.not_before);
        }
        let is_full = |width: f64| f64::from(self.under_way) >= width.max(1.0).floor();
        if self.width.is_some_and(is_full) {
            return Turn::Full;
        }
        self.under_way += 1;
        Turn::Now(Round(self.round))
    }

    /// A call got its reply.
    pub fn replied(&mut self) {
        self.ended();
        (self.complaints, self.since) = (0, None);
        if let Some(width) = &mut self.width {
            *width += 1.0 / width.max(1.0);
        }
    }

    /// A call ended in a way that says nothing of the pace, or was given up.
    pub fn ended(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// The provider was asked too much at `now`; `wait_ms` is how long it wants to be left alone, `dice` in 0..1000
    /// spreads a pause it did not name. Whether the call should be made again.
    pub fn complained(&mut self, round: Round, now: u64, wait_ms: Option<u64>, dice: u16) -> bool {
        let at_once = self.under_way;
        self.ended();
        let since = *self.since.get_or_insert(now);
        if round.0 == self.round {
            self.round += 1;
            self.complaints = self.complaints.saturating_add(1);
            let width = self.width.unwrap_or(f64::from(at_once));
            self.width = Some((width / 2.0).max(1.0));
        }
        let pause = wait_ms.map_or_else(|| self.pause(dice), |asked| asked.min(LONGEST_ASKED_MS));
        self.not_before = self.not_before.max(now.saturating_add(pause));
        now.saturating_sub(since) < PATIENCE_MS
    }

    fn pause(&self, dice: u16) -> u64 {
        let steps = self.complaints.saturating_sub(1).min(16);
        let ms = (FIRST_MS * 3_u64.pow(steps) / 2_u64.pow(steps)).min(LONGEST_MS);
        ms * (900 + u64::from(dice.min(999)) / 5) / 1000
    }
}
