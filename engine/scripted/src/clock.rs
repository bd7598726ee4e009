//! The one place where the server reads time: the age of the server, injected so that a test can hold it still.

use std::{fmt, sync::Arc, time::Duration};

/// Tells how long the server has been up; used only for the stamps in the log.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock {
    /// The machine's monotonic clock, starting at zero now. The server is a program of its own, so it owns a clock.
    #[must_use]
    pub fn starting_now() -> Self {
        let start = tokio::time::Instant::now();
        Self(Arc::new(move || start.elapsed()))
    }

    /// A clock that says what `elapsed` says.
    #[must_use]
    pub fn from_fn(elapsed: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(elapsed))
    }

    /// Whole milliseconds since the server started.
    pub(crate) fn at_ms(&self) -> u64 {
        u64::try_from((self.0)().as_millis()).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.at_ms()).finish()
    }
}
