//! The session's background shells: started by `bash`, read by `bash_output`, ended at the latest with the session.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use serde::{Deserialize, Deserializer};
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio_util::sync::CancellationToken;

use crate::builtin::bash::code;
use crate::process::follow::{End, Limits, follow};
use crate::process::launch::Started;
use crate::process::live::Joined;
use crate::process::output::Output;

/// How many may run at once.
const MOST_RUNNING: usize = 32;
/// How many are remembered, ended ones included.
const MOST_KNOWN: usize = 64;

/// Runs a future to its end beside the caller; the carrier gives it.
pub type Spawner = Arc<dyn Fn(BoxFuture<'static, ()>) + Send + Sync>;

/// A background shell's name, printed as `bash_1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShellId(u32);

impl fmt::Display for ShellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bash_{}", self.0)
    }
}

impl FromStr for ShellId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.strip_prefix("bash_")
            .unwrap_or(text)
            .parse()
            .map(Self)
            .map_err(|_| {
                format!("{text:?} is no background shell: they are called bash_1, bash_2, ...")
            })
    }
}

impl<'de> Deserialize<'de> for ShellId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// How far a background shell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShellState {
    Running,
    /// Ended by itself with this code.
    Exited(i32),
    /// Was ended.
    Ended,
}

/// One background shell.
pub(crate) struct Shell {
    pub(crate) command: String,
    /// Read while its follower writes. The follower is no owner that could be asked: it awaits the process.
    pub(crate) output: AsyncMutex<Output>,
    state: watch::Receiver<ShellState>,
    stop: CancellationToken,
}

impl Shell {
    /// How far it is.
    pub(crate) fn state(&self) -> ShellState {
        *self.state.borrow()
    }

    /// Ends it and waits until nothing of it runs.
    pub(crate) async fn end(&self) {
        self.stop.cancel();
        // An error means that its follower is gone, and with it the processes.
        let _ = self
            .state
            .clone()
            .wait_for(|state| *state != ShellState::Running)
            .await;
    }
}

#[derive(Default)]
struct Known {
    last: u32,
    shells: BTreeMap<ShellId, Arc<Shell>>,
}

/// The background shells of one session.
pub struct Shells {
    spawner: Spawner,
    // Tools run on whatever task the carrier chose, below the actors, where no owner task may be spawned;
    // the lock is never held across an await.
    known: Mutex<Known>,
}

impl Shells {
    /// No shells yet; `spawner` will run their followers.
    pub fn new(spawner: Spawner) -> Self {
        Self {
            spawner,
            known: Mutex::default(),
        }
    }

    /// Ends all of them and waits until nothing of them runs.
    pub async fn end_all(&self) {
        let all = self.all();
        join_all(all.iter().map(|(_, shell)| shell.end())).await;
    }

    /// The shell called `id`.
    pub(crate) fn get(&self, id: ShellId) -> Result<Arc<Shell>, String> {
        let all = self.all();
        if let Some((_, shell)) = all.iter().find(|(known, _)| *known == id) {
            return Ok(Arc::clone(shell));
        }
        let names: Vec<String> = all.iter().map(|(id, _)| id.to_string()).collect();
        Err(match names.as_slice() {
            [] => format!("there is no {id}: no background shell was started in this session."),
            names => format!("there is no {id}; there are {}.", names.join(", ")),
        })
    }

    /// Takes over a started command.
    pub(crate) fn adopt(
        &self,
        command: &str,
        started: Started,
        output: Output,
    ) -> Result<ShellId, String> {
        let running = |(_, shell): &(ShellId, Arc<Shell>)| shell.state() == ShellState::Running;
        if self.all().iter().filter(|one| running(one)).count() >= MOST_RUNNING {
            return Err(format!(
                "{MOST_RUNNING} background shells are running already: end one with kill_bash first."
            ));
        }
        let (tell, state) = watch::channel(ShellState::Running);
        let shell = Arc::new(Shell {
            command: command.to_owned(),
            output: AsyncMutex::new(output),
            state,
            stop: CancellationToken::new(),
        });
        let id = self.remember(Arc::clone(&shell));
        (self.spawner)(
            async move {
                let limits = Limits {
                    time: None,
                    stop: shell.stop.clone(),
                };
                let mut live = Joined::new(Arc::new(|_| ()));
                let followed = follow(started, &shell.output, &mut live, limits).await;
                tell.send_replace(match followed.end {
                    End::Exited(status) => ShellState::Exited(code(status)),
                    End::TimedOut | End::Stopped | End::Lost => ShellState::Ended,
                });
            }
            .boxed(),
        );
        Ok(id)
    }

    fn remember(&self, shell: Arc<Shell>) -> ShellId {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.last += 1;
        let id = ShellId(known.last);
        known.shells.insert(id, shell);
        let ended = known
            .shells
            .iter()
            .find(|(_, shell)| shell.state() != ShellState::Running)
            .map(|(id, _)| *id);
        if known.shells.len() > MOST_KNOWN
            && let Some(oldest) = ended
        {
            known.shells.remove(&oldest);
        }
        id
    }

    fn all(&self) -> Vec<(ShellId, Arc<Shell>)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .shells
            .iter()
            .map(|(id, shell)| (*id, Arc::clone(shell)))
            .collect()
    }
}
