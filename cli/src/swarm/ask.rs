//! Asks a person about a plan: approve it, edit it, turn it down.

use actors::plans::{Defaults, Ground, normalise};
use config::{PlanForm, parse_plan};
use protocol::{InterruptCause, PermissionMode, Plan, SessionId};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin, stdin};

use super::document;
use super::editor::{self, Edited};
use super::preview::{Preview, edges};
use super::screen::Paper;
use crate::failure::Failure;
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

/// A plan as a person is asked about it.
struct Draft {
    preview: Box<Preview>,
    /// The plan as edited; `None` if it was not.
    edited: Option<Box<Plan>>,
    /// What the editor left last, if it is no plan.
    faulty: Option<String>,
}

/// What a person wants with a plan.
enum Wish {
    Approve,
    Reject,
    Edit,
    /// Nobody can tell.
    Unclear,
}

impl Draft {
    fn new(preview: Preview) -> Self {
        Self {
            preview: Box::new(preview),
            edited: None,
            faulty: None,
        }
    }

    fn question(&self) -> &'static str {
        match self.faulty {
            None => "[a]pprove, [e]dit or [r]eject this plan, then Enter:",
            Some(_) => "[e]dit again, or Enter to keep the plan as it was:",
        }
    }

    /// Takes in an answer to the question.
    fn hear(&mut self, said: &str) -> Wish {
        let said = said.trim().to_ascii_lowercase();
        let is_edit = matches!(said.as_str(), "e" | "edit");
        if !is_edit && self.faulty.take().is_some() {
            return Wish::Unclear;
        }
        match said.as_str() {
            "a" | "approve" | "y" | "yes" => Wish::Approve,
            "r" | "reject" | "n" | "no" => Wish::Reject,
            "e" | "edit" => Wish::Edit,
            _ => Wish::Unclear,
        }
    }

    /// What is edited.
    fn text(&self) -> String {
        let plan = || document::text(&document::of(&self.preview.plan));
        self.faulty.clone().unwrap_or_else(plan)
    }
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
    /// When the editor's file cannot be used.
    pub async fn ask(
        &mut self,
        preview: Preview,
        stops: &mut Stops,
        tariff: &Tariff,
    ) -> Result<Answer, Failure> {
        let mut draft = Draft::new(preview);
        loop {
            output::ask(draft.question());
            let said = tokio::select! {
                biased;
                cause = stops.next() => return Ok(Answer::Stop(cause)),
                said = self.lines.next_line() => said.ok().flatten(),
            };
            let Some(said) = said else {
                return Ok(Answer::Leave);
            };
            match draft.hear(&said) {
                Wish::Approve => {
                    return Ok(Answer::Approve {
                        plan: draft.edited,
                        preview: draft.preview,
                    });
                }
                Wish::Reject => return Ok(Answer::Reject),
                Wish::Edit => match editor::edit(&draft.text(), stops).await? {
                    Edited::Text(text) => self.take(&mut draft, text, tariff),
                    Edited::Failed(how) => {
                        output::note(&format!("{how}; the plan stays as it was"));
                    }
                    Edited::Stopped(cause) => return Ok(Answer::Stop(cause)),
                },
                Wish::Unclear => {}
            }
        }
    }

    /// Takes in what the editor left, and shows it or tells what is wrong with it.
    fn take(&self, draft: &mut Draft, text: String, tariff: &Tariff) {
        if text == draft.text() && draft.faulty.is_none() {
            return;
        }
        match self.sound(&text, &draft.preview.plan) {
            Ok(normal) => {
                let derived = edges(&normal.plan, &normal.derived);
                let plan = normal.plan.clone();
                let preview = Preview::new(plan, derived, normal.remarks, tariff);
                output::note(&preview.text(Paper::find(&Environment::read())));
                *draft = Draft {
                    edited: Some(Box::new(normal.plan)),
                    ..Draft::new(preview)
                };
            }
            Err(problems) => {
                problems.iter().for_each(|problem| output::note(problem));
                draft.faulty = Some(text);
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
