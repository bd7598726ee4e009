//! What a person is asked: a plan to approve, edit or turn down, a change of a plan to approve or turn down.

use std::sync::Arc;

use actors::Change;
use actors::plans::{Defaults, Ground, Normal, normalise};
use config::{PlanForm, parse_plan};
use protocol::{PermissionMode, Plan, SessionId};

use super::document;
use super::preview::{Preview, edges};
use super::screen::Paper;
use super::words;
use crate::resolve::swarm::Tariff;

/// A question that waits for a person.
pub enum Question {
    /// Whether the plan is to be carried out.
    Plan(Box<Draft>),
    /// Whether the plan is to be changed.
    Change(Arc<Change>),
}

impl Question {
    /// As it is asked.
    pub fn text(&self) -> &'static str {
        match self {
            Self::Plan(draft) if draft.faulty.is_some() => {
                "[e]dit again, or Enter to keep the plan as it was:"
            }
            Self::Plan(_) => "[a]pprove, [e]dit or [r]eject this plan, then Enter:",
            Self::Change(_) => {
                "[a]pprove this change or [r]eject it (the node then fails), then Enter:"
            }
        }
    }

    /// What is told to whom has said something else.
    pub fn misheard(&self, said: &str) -> String {
        let answers = match self {
            Self::Plan(draft) if draft.faulty.is_some() => {
                "e to edit it again, or Enter alone to keep the plan as it was"
            }
            Self::Plan(_) => "a to approve, e to edit, r to reject",
            Self::Change(_) => "a to approve, r to reject",
        };
        match said.trim() {
            "" => format!("an empty line is no answer here; type {answers}"),
            said => format!(
                "{:?} is no answer here; type {answers}",
                words::brief(said, 40)
            ),
        }
    }
}

/// What a person said of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is to be made.
    Taken,
    /// It is not.
    Refused,
    /// Nothing: stdin has ended.
    Nobody,
    /// Nobody can tell.
    Unclear,
}

impl Verdict {
    /// What a line says; `None` is the end of them.
    pub fn of(said: Option<&str>) -> Self {
        match said.map(Wish::of) {
            Some(Wish::Approve) => Self::Taken,
            Some(Wish::Reject) => Self::Refused,
            Some(Wish::Edit | Wish::Keep | Wish::Unclear) => Self::Unclear,
            None => Self::Nobody,
        }
    }
}

/// What a person wants with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// It is to be carried out.
    Approve,
    /// It is not.
    Reject,
    /// It is to be changed first.
    Edit,
    /// It is to stay as it was before the editor was opened.
    Keep,
    /// Nobody can tell.
    Unclear,
}

impl Wish {
    fn of(said: &str) -> Self {
        match said.trim().to_ascii_lowercase().as_str() {
            "a" | "approve" | "y" | "yes" => Self::Approve,
            "r" | "reject" | "n" | "no" => Self::Reject,
            "e" | "edit" => Self::Edit,
            _ => Self::Unclear,
        }
    }
}

/// A plan as a person is asked about it.
pub struct Draft {
    run: SessionId,
    mode: PermissionMode,
    preview: Preview,
    /// The plan as edited; `None` if it was not.
    edited: Option<Box<Plan>>,
    /// What the editor left last, if it is no plan.
    faulty: Option<String>,
}

impl Draft {
    /// The plan of a run as it was shown.
    pub const fn new(run: SessionId, mode: PermissionMode, preview: Preview) -> Self {
        Self {
            run,
            mode,
            preview,
            edited: None,
            faulty: None,
        }
    }

    /// Takes in an answer to the question.
    pub fn hear(&mut self, said: &str) -> Wish {
        let wish = Wish::of(said);
        match (wish, self.faulty.is_some()) {
            (Wish::Edit, _) | (_, false) => wish,
            // What was asked is whether to edit it again.
            (_, true) if said.trim().is_empty() => {
                self.faulty = None;
                Wish::Keep
            }
            (_, true) => Wish::Unclear,
        }
    }

    /// What is edited.
    pub fn text(&self) -> String {
        let plan = || document::text(&document::of(&self.preview.plan));
        self.faulty.clone().unwrap_or_else(plan)
    }

    /// Takes in what the editor left: gives the plan as it is then, laid out on this paper, or what is wrong with it.
    pub fn take(&mut self, text: String, (tariff, paper): (&Tariff, Paper)) -> Vec<String> {
        if text == self.text() && self.faulty.is_none() {
            return Vec::new();
        }
        match self.sound(&text) {
            Ok(normal) => {
                let derived = edges(&normal.plan, &normal.derived);
                self.edited = Some(Box::new(normal.plan.clone()));
                self.preview = Preview::new(normal.plan, derived, normal.remarks, tariff);
                self.faulty = None;
                vec![self.preview.text(paper)]
            }
            Err(problems) => {
                self.faulty = Some(text);
                problems
            }
        }
    }

    /// The plan if it was edited, and as it was shown last.
    pub fn approved(self) -> (Option<Box<Plan>>, Preview) {
        (self.edited, self.preview)
    }

    /// The text as a plan of this run, or everything that is wrong with it.
    fn sound(&self, text: &str) -> Result<Normal, Vec<String>> {
        let document = parse_plan(text, PlanForm::Json).map_err(|fault| {
            vec![format!(
                "plan: {}:{}: {}{}",
                fault.line, fault.column, fault.field, fault.what
            )]
        })?;
        let ground = Ground {
            run: self.run,
            base: self.preview.plan.base.as_ref(),
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
