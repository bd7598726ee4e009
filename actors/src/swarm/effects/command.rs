//! Runs the commands of a plan: checks and codemods, each judged by the law of the tree it runs in, in that tree's lane.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use protocol::{Action, CallId, Check, CheckRun, Claim, Reason, Verdict};
use tokio_util::sync::CancellationToken;
use tools::{Bounds, Program, Ran};

use crate::broker;
use crate::law::Law;
use crate::swarm::site::Site;

/// What a command came to.
pub(super) enum Came {
    /// It ran, or was cancelled before.
    Ran(Ran),
    /// It may not run, and why, with the rule that says so.
    Denied(String),
}

/// What is run where.
pub(super) struct Order<'a> {
    pub site: &'a Site,
    pub law: &'a Arc<Law>,
    pub root: &'a Path,
    pub cancel: &'a CancellationToken,
}

impl Order<'_> {
    /// Runs a check. Not being allowed to is a failed check; `None` if it was cancelled.
    ///
    /// # Errors
    /// It could not be started.
    pub(super) async fn check(&self, check: &Check) -> Result<Option<CheckRun>, String> {
        let began = self.site.options.source.millis();
        let time = Duration::from_millis(check.timeout_ms);
        let ran = self.run(&check.cmd, time).await?;
        if self.cancel.is_cancelled() {
            return Ok(None);
        }
        let (exit, log, denied) = match ran {
            Came::Ran(ran) => (ran.exit, ran.log, None),
            Came::Denied(why) => (None, String::new(), Some(why)),
        };
        let clean = |said: String| self.site.redactor.clean(&said).into_owned().into();
        Ok(Some(CheckRun {
            check: check.clone(),
            exit,
            log: clean(log),
            ms: self.site.options.source.millis().saturating_sub(began),
            denied: denied.map(clean),
        }))
    }

    /// Runs a command in the lane of its tree.
    ///
    /// # Errors
    /// It could not be started.
    pub(super) async fn run(&self, command: &str, time: Duration) -> Result<Came, String> {
        let claim = Claim {
            tool: "bash".to_owned(),
            action: Action::Run {
                command: command.to_owned(),
                cwd: self.root.to_owned(),
            },
        };
        let resolution = broker::resolve(&self.site.base.broker, self.law, &claim).await?;
        let lane = resolution.lane.acquire();
        let Some(lane) = self.cancel.run_until_cancelled(lane).await else {
            return Ok(Came::Ran(Ran {
                exit: None,
                is_late: false,
                log: "cancelled before it began\n".to_owned(),
            }));
        };
        let Some(_permit) = lane.permit(&claim, &resolution.verdict) else {
            return Ok(Came::Denied(denial(&resolution.verdict)));
        };
        // Nobody knows what a command does: what it is run for is durable first.
        let synced = self.site.base.sync().await;
        synced.map_err(|down| format!("start `{command}`: could not {down}"))?;
        let options = &self.site.options;
        let walls = self.law.walls(&options.commands.caches);
        let program = Program {
            command,
            cwd: self.root,
            bounds: Bounds {
                scrubbed: &options.secrets.scrubbed,
                added: &options.commands.env,
                walls: walls.as_ref(),
            },
            secrets: self.site.redactor.secrets(),
            mark: CallId::new(self.site.options.source.uuid()),
            spill: &self.site.spill,
            time,
            stop: self.cancel.clone(),
        };
        let ran = program.run().await;
        ran.map(Came::Ran)
            .map_err(|error| format!("start `{command}`: {error}"))
    }
}

/// Why it is denied, and where the rule stands that says so.
fn denial(verdict: &Verdict) -> String {
    let Reason { text, rule } = verdict.reason();
    let Some(rule) = rule else {
        return text.clone();
    };
    let place = match (&rule.file, rule.line) {
        (Some(file), Some(line)) => format!("{}:{line}", file.display()),
        (Some(file), None) => file.display().to_string(),
        (None, _) => rule.layer.clone(),
    };
    format!("{text} (rule {}, {place})", rule.rule)
}
