//! Everything a command started: its process group, and those that left it but carry its mark.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use protocol::CallId;
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};
use tokio::time;

use crate::process::table;

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
        let group = group.and_then(|pid| i32::try_from(pid).ok());
        Self {
            group: group.and_then(Pid::from_raw),
            setting: format!("{MARK}={call}"),
        }
    }

    /// Those that live.
    pub(crate) fn living(&self) -> BTreeSet<u32> {
        let group = self
            .group
            .and_then(|pid| u32::try_from(pid.as_raw_pid()).ok());
        table::related(&table::rows(), group, &self.setting)
    }

    /// Sends `signal` to all of them; gives how many there were.
    pub(crate) fn signal(&self, signal: Signal) -> usize {
        let living = self.living();
        if let Some(group) = self.group {
            // Gone already is as good.
            let _ = kill_process_group(group, signal);
        }
        for pid in &living {
            if let Some(pid) = i32::try_from(*pid).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, signal);
            }
        }
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
        let gone = time::timeout(GRACE, async {
            while self.look(Self::any).await {
                time::sleep(LOOK).await;
            }
        });
        if gone.await.is_err() {
            self.look(|family| family.signal(Signal::KILL)).await;
        }
        count.max(1)
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
