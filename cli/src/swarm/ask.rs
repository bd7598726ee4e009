//! Asks a person about a plan: approve it, edit it, turn it down.

use std::fs;
use std::process::ExitStatus;

use actors::plans::{Defaults, Ground, normalise};
use config::{PlanForm, parse_plan};
use protocol::{InterruptCause, PermissionMode, Plan, SessionId};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin, stdin};
use tokio::process::Command;

use super::document;
use super::preview::{Preview, edges};
use super::screen::Paper;
use crate::failure::{Failure, Kind};
use crate::output;
use crate::resolve::environment::Environment;
use crate::resolve::swarm::Tariff;
use crate::run::signals::Stops;

/// What a person said of a plan.
pub enum Answer {
    /// It is to be carried out.
    Approve {
        /// The plan as edited; `None` if it was not.
        plan: Option<Box<Plan>>,
        /// The plan as it was shown last.
        preview: Box<Preview>,
    },
    /// It is not.
    Reject,
    /// Nothing: stdin has ended.
    Leave,
    /// Whatever stops a run.
    Stop(InterruptCause),
}

/// Asks on the terminal.
pub struct Asker {
    run: SessionId,
    mode: PermissionMode,
    lines: Lines<BufReader<Stdin>>,
}

impl Asker {
    /// Asks about the plan of a run.
    pub fn new(run: SessionId, mode: PermissionMode) -> Self {
        Self {
            run,
            mode,
            lines: BufReader::new(stdin()).lines(),
        }
    }

    /// Asks until there is an answer.
    ///
    /// # Errors
    /// When the editor or its file cannot be used.
    pub async fn ask(
        &mut self,
        preview: Preview,
        stops: &mut Stops,
        tariff: &Tariff,
    ) -> Result<Answer, Failure> {
        let (mut preview, mut edited) = (preview, None);
        loop {
            output::ask("[a]pprove, [e]dit or [r]eject this plan, then Enter:");
            let said = tokio::select! {
                biased;
                cause = stops.next() => return Ok(Answer::Stop(cause)),
                said = self.lines.next_line() => said.ok().flatten(),
            };
            let Some(said) = said else {
                return Ok(Answer::Leave);
            };
            match said.trim().to_ascii_lowercase().as_str() {
                "a" | "approve" | "y" | "yes" => {
                    return Ok(Answer::Approve {
                        plan: edited.map(Box::new),
                        preview: Box::new(preview),
                    });
                }
                "r" | "reject" | "n" | "no" => return Ok(Answer::Reject),
                "e" | "edit" => {
                    if let Some(plan) = self.edit(&preview, stops).await? {
                        let paper = Paper::find(&Environment::read());
                        let remarks = plan.remarks;
                        preview = Preview::new(
                            plan.plan.clone(),
                            edges(&plan.plan, &plan.derived),
                            remarks,
                            tariff,
                        );
                        output::note(&preview.text(paper));
                        edited = Some(plan.plan);
                    }
                }
                _ => {}
            }
        }
    }

    /// Asks about a change of the plan; `None` if stdin has ended.
    pub async fn ask_change(&mut self, stops: &mut Stops) -> Result<Option<bool>, InterruptCause> {
        loop {
            output::ask("[a]pprove or [r]eject this change of the plan, then Enter:");
            let said = tokio::select! {
                biased;
                cause = stops.next() => return Err(cause),
                said = self.lines.next_line() => said.ok().flatten(),
            };
            let Some(said) = said else {
                return Ok(None);
            };
            match said.trim().to_ascii_lowercase().as_str() {
                "a" | "approve" | "y" | "yes" => return Ok(Some(true)),
                "r" | "reject" | "n" | "no" => return Ok(Some(false)),
                _ => {}
            }
        }
    }

    /// The plan as it comes out of the editor; `None` if it was left as it is.
    async fn edit(
        &mut self,
        preview: &Preview,
        stops: &mut Stops,
    ) -> Result<Option<actors::plans::Normal>, Failure> {
        let folder = tempfile::Builder::new().prefix("formic-plan-").tempdir();
        let folder = folder.map_err(|error| unusable("a temporary folder", &error))?;
        let file = folder.path().join("plan.json");
        let before = document::text(&document::of(&preview.plan));
        fs::write(&file, &before).map_err(|error| unusable("the plan's file", &error))?;
        loop {
            let environment = Environment::read();
            let editor = environment
                .get("VISUAL")
                .or_else(|| environment.get("EDITOR"));
            let editor = editor.unwrap_or("vi");
            let status = run(editor, &file, stops).await?;
            if !status.success() {
                output::note(&format!(
                    "{editor}: it ended with {status}; the plan stays as it was"
                ));
                return Ok(None);
            }
            let after =
                fs::read_to_string(&file).map_err(|error| unusable("the plan's file", &error))?;
            if after == before {
                return Ok(None);
            }
            match self.sound(&after, &preview.plan) {
                Ok(normal) => return Ok(Some(normal)),
                Err(problems) => problems.iter().for_each(|problem| output::note(problem)),
            }
            output::ask("[e]dit again, or Enter to keep the plan as it was:");
            let said = self
                .lines
                .next_line()
                .await
                .ok()
                .flatten()
                .unwrap_or_default();
            if !said.trim().eq_ignore_ascii_case("e") {
                return Ok(None);
            }
        }
    }

    /// The text as a plan of this run, or everything that is wrong with it.
    fn sound(&self, text: &str, plan: &Plan) -> Result<actors::plans::Normal, Vec<String>> {
        let document = parse_plan(text, PlanForm::Json).map_err(|fault| {
            vec![format!(
                "plan: {}:{}: {}{}",
                fault.line, fault.column, fault.field, fault.what
            )]
        })?;
        let ground = Ground {
            run: self.run,
            base: plan.base.as_ref(),
            files: &[],
            session_mode: self.mode,
            defaults: &Defaults::default(),
        };
        let normal = normalise(&document, &ground);
        normal.map_err(|problems| {
            problems
                .iter()
                .map(|problem| format!("plan: {problem}"))
                .collect()
        })
    }
}

/// Runs the editor on the terminal. Ctrl-C is the editor's meanwhile.
async fn run(
    editor: &str,
    file: &std::path::Path,
    stops: &mut Stops,
) -> Result<ExitStatus, Failure> {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{editor} \"$1\""), "sh"])
        .arg(file);
    let child = command.spawn();
    let mut child = child.map_err(|error| unusable(editor, &error))?;
    loop {
        tokio::select! {
            biased;
            status = child.wait() => return status.map_err(|error| unusable(editor, &error)),
            cause = stops.next() => {
                if cause != InterruptCause::User {
                    // The terminal goes; the editor hears of it by itself.
                    return child.wait().await.map_err(|error| unusable(editor, &error));
                }
            }
        }
    }
}

fn unusable(what: &str, error: &std::io::Error) -> Failure {
    Failure::new(
        Kind::Fault,
        format_args!("{what}: cannot be used: {error}"),
        "set EDITOR to an editor that is there, and TMPDIR to a folder you may write",
    )
}
