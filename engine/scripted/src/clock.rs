//! The one place where the server reads time and waits for it: its age, injected so that a test can hold it still, and
//! pauses as long as the script says.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

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

/// A moment that a pause is counted from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(Instant);

impl Moment {
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }
}

/// Lets tasks wait on time. The runtime's own timer counts whole milliseconds and is up to two of them late, which a
/// client would be blamed for whose replies are to take ten.
#[derive(Debug, Default)]
pub(crate) struct Alarm(OnceLock<Option<Sender<Call>>>);

/// Somebody to be woken.
#[derive(Debug)]
struct Call {
    due: Instant,
    ring: oneshot::Sender<()>,
}

impl Alarm {
    /// Returns once so much time has passed since that moment.
    pub(crate) async fn wait(&self, since: Moment, time: Duration) {
        let (ring, rung) = oneshot::channel();
        let due = since.0 + time;
        let calls = self.0.get_or_init(watch).as_ref();
        let is_set = calls.is_some_and(|calls| calls.send(Call { due, ring }).is_ok());
        match is_set {
            // It ends with the server alone, and then nobody waits any more.
            true => drop(rung.await),
            false => tokio::time::sleep_until(due.into()).await,
        }
    }
}

/// Starts the thread that watches the time; it ends with the alarm. `None` where the system has no more threads.
fn watch() -> Option<Sender<Call>> {
    let (calls, queue) = channel();
    let thread = thread::Builder::new().name("model-server-alarm".to_owned());
    thread.spawn(move || ring(&queue)).ok().map(|_| calls)
}

/// Wakes each in its time, until nobody can call any more.
fn ring(calls: &Receiver<Call>) {
    let mut waiting = BTreeMap::new();
    for number in 0_u64.. {
        let first = waiting.first_key_value();
        let left = first.map(|((due, _), _): (&(Instant, u64), _)| {
            due.saturating_duration_since(Instant::now())
        });
        let called = match left {
            Some(left) => calls.recv_timeout(left),
            None => calls.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match called {
            Ok(Call { due, ring }) => drop(waiting.insert((due, number), ring)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let later = waiting.split_off(&(Instant::now(), u64::MAX));
        for (_, ring) in std::mem::replace(&mut waiting, later) {
            // Whoever has left needs no waking.
            let _ = ring.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_is_woken_in_its_time_and_not_before() {
        let (alarm, began) = (Alarm::default(), Instant::now());
        let order = std::sync::Mutex::new(Vec::new());
        let wait = async |ms: u64| {
            alarm.wait(Moment(began), Duration::from_millis(ms)).await;
            assert!(began.elapsed() >= Duration::from_millis(ms), "{ms} ms");
            order.lock().unwrap().push(ms);
        };
        tokio::join!(wait(90), wait(30), wait(60), wait(0), wait(30));
        assert_eq!(*order.lock().unwrap(), [0, 30, 30, 60, 90]);
    }
}
