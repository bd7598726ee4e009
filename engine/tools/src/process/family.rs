//! Everything a command started: its process group, and those that left it but carry its mark.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use protocol::CallId;
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};
use tokio::time;

use crate::process::table::{self, Census};

/// Time between the polite signal and the one that cannot be refused.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is looked whether all are gone.
const LOOK: Duration = Duration::from_millis(10);

/// The environment variable that marks the processes of a call.
pub(crate) const MARK: &str = "FORMIC_CALL";

/// The processes of one call.
#[derive(Debug, Clone)]
pub(crate) struct Family {
    group: Option<Pid>,
    setting: String,
}

impl Family {
    /// The processes of `call`, whose shell leads `group` if that is known.
    pub(crate) fn new(group: Option<u32>, call: CallId) -> Self {
        // To the system the group 1 means every process there is: a signal for it must never be sent.
        let group = group.and_then(|pid| i32::try_from(pid).ok());
        Self {
            group: group.filter(|pid| *pid > 1).and_then(Pid::from_raw),
            setting: format!("{MARK}={call}"),
        }
    }

    /// Those of a shell that may be long gone: its number counts only if the process that has it now carries the
    /// mark, for numbers are used again and a file may name any.
    pub(crate) fn of_former(shell: Option<u32>, call: CallId) -> Self {
        let marked = |pid: &u32| table::carries(*pid, &format!("{MARK}={call}"));
        Self::new(shell.filter(marked), call)
    }

    /// Whether the process that it was to be found by is one of it.
    pub(crate) const fn is_led(&self) -> bool {
        self.group.is_some()
    }

    /// Those that live.
    pub(crate) fn living(&self) -> BTreeSet<u32> {
        self.of(&Census::now())
    }

    fn of(&self, census: &Census) -> BTreeSet<u32> {
        let mut living = census.related(self.number(), &self.setting);
        // Neither the first process nor formic itself is ever part of what a command started.
        living.remove(&1);
        living.remove(&std::process::id());
        living
    }

    /// The number of its group.
    fn number(&self) -> Option<u32> {
        let group = self.group?;
        u32::try_from(group.as_raw_pid()).ok()
    }

    /// Sends `signal` to all of them; gives how many there were.
    pub(crate) fn signal(&self, signal: Signal) -> usize {
        let living = self.living();
        self.signal_group(signal);
        send(&living, signal);
        living.len()
    }

    /// Sends `signal` to those that stayed in the group: for them nobody has to look.
    pub(crate) fn signal_group(&self, signal: Signal) {
        if let Some(group) = self.group {
            // Gone already is as good.
            let _ = kill_process_group(group, signal);
        }
    }

    /// The same for those that left it. Gives how many of all there were.
    fn signal_others(&self, signal: Signal) -> usize {
        let census = Census::now();
        let living = self.of(&census);
        let left = |pid: &u32| census.group_of(*pid) != self.number();
        send(&living.iter().copied().filter(left).collect(), signal);
        living.len()
    }

    fn any(&self) -> bool {
        if Path::new("/proc/self/stat").exists() {
            return !self.living().is_empty();
        }
        self.group
            .is_some_and(|group| test_kill_process_group(group).is_ok())
    }

    /// Ends all of them: politely, and after a while not. Gives how many there were.
    pub(crate) async fn end(&self) -> usize {
        if !self.look(Self::any).await {
            return 0;
        }
        let count = self.look(|family| family.signal(Signal::TERM)).await;
        self.outlast().await;
        count.max(1)
    }

    /// The same at once, without counting: those of its group hear of it before anybody is looked for.
    pub(crate) async fn end_now(&self) {
        self.signal_group(Signal::TERM);
        let left = self.look(|family| family.signal_others(Signal::TERM)).await;
        if left > 0 {
            self.outlast().await;
        }
    }

    /// Until all are gone, helped on after a while.
    async fn outlast(&self) {
        let gone = time::timeout(GRACE, async {
            while self.look(Self::any).await {
                time::sleep(LOOK).await;
            }
        });
        if gone.await.is_err() {
            self.look(|family| family.signal(Signal::KILL)).await;
        }
    }

    /// The table is read where blocking is allowed.
    async fn look<T: Default + Send + 'static>(
        &self,
        ask: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> T {
        let family = self.clone();
        crate::blocking(move || ask(&family))
            .await
            .unwrap_or_default()
    }
}

fn send(to: &BTreeSet<u32>, signal: Signal) {
    for pid in to {
        if let Some(pid) = i32::try_from(*pid).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_that_means_everything_is_never_signalled() {
        let call = CallId::new(Default::default());
        for (pid, signalled) in [(0, false), (1, false), (u32::MAX, false), (2, true)] {
            assert_eq!(
                Family::new(Some(pid), call).group.is_some(),
                signalled,
                "{pid}"
            );
        }
    }

    #[test]
    fn a_number_without_the_mark_names_no_group() {
        let call = CallId::new(Default::default());
        let own = std::process::id();
        assert_eq!(Family::of_former(Some(own), call).group, None);
        assert!(!Family::new(Some(own), call).living().contains(&own));
    }
}
