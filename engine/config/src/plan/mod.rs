//! Plan files: JSON with comments, or TOML, read into a plan document. What is wrong is named with line, column and field.

mod toml_tree;

use std::fmt;
use std::path::{Path, PathBuf};

use protocol::{BudgetDocument, CheckDocument, PlanDocument};
use serde_path_to_error::Segment;

use crate::error::ConfigError;
use crate::quantity::parse_duration;
use crate::read::settings_text;
use crate::text::{Kind, Member, Node, SyntaxError, parse};

/// How a plan is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanForm {
    /// JSON; comments and trailing commas are allowed.
    Json,
    /// TOML.
    Toml,
}

impl PlanForm {
    /// The form that a file's name tells: `.toml` is TOML, anything else JSON.
    pub fn of(file: &Path) -> Self {
        let ending = file.extension().unwrap_or_default();
        match ending.eq_ignore_ascii_case("toml") {
            true => Self::Toml,
            false => Self::Json,
        }
    }
}

/// Why a plan could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// The file itself: not there, not text, too large.
    #[error(transparent)]
    File(#[from] ConfigError),
    /// What stands in it.
    #[error("{file}:{line}:{column}: {field}{what}", file = .file.display(), field = .fault.field, what = .fault.what,
        line = .fault.line, column = .fault.column)]
    Fault {
        /// The file.
        file: PathBuf,
        /// What is wrong and where.
        fault: PlanFault,
    },
}

/// What is wrong in a plan's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFault {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The field, such as `nodes[2].budget`; empty where the text is no JSON or TOML at all.
    pub field: Field,
    /// What is wrong with it.
    pub what: String,
}

/// The way to one value of a document, printed as `nodes[2].budget: `, or as nothing for the document itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Field(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    At(usize),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if at == 0 => write!(f, "{key}")?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::At(index) => write!(f, "[{index}]")?,
            }
        }
        match self.0.is_empty() {
            true => Ok(()),
            false => write!(f, ": "),
        }
    }
}

/// Reads a plan file; its name says whether it is TOML or JSON.
///
/// # Errors
/// [`PlanFileError`], naming the file, and the line, column and field of what is wrong in it.
pub fn read_plan(file: &Path) -> Result<PlanDocument, PlanFileError> {
    let missing = || ConfigError::Missing {
        file: file.to_owned(),
    };
    let text = settings_text(file)?.ok_or_else(missing)?;
    parse_plan(&text, PlanForm::of(file)).map_err(|fault| PlanFileError::Fault {
        file: file.to_owned(),
        fault,
    })
}

/// Reads a plan's text.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn parse_plan(text: &str, form: PlanForm) -> Result<PlanDocument, PlanFault> {
    let tree = match form {
        _ if text.trim().is_empty() => Err(syntax(text, 0, "the file is empty".to_owned())),
        PlanForm::Json => parse(text),
        PlanForm::Toml => toml_tree::parse(text),
    };
    let tree = tree.map_err(|error| PlanFault {
        line: error.line,
        column: error.column,
        field: Field::default(),
        what: error.message,
    })?;
    let source = Source { text, tree: &tree };
    source.no_key_twice(&tree, &mut Vec::new())?;
    let document = serde_path_to_error::deserialize::<_, PlanDocument>(tree.to_value());
    let document = document.map_err(|error| source.misfit(error))?;
    source.durations(&document)?;
    Ok(document)
}

/// The kinds a plan may ask for; the program that reads it names its own too, and each in both spellings.
const KINDS: &str = "`Edit`, `Codemod`, `Explore`, `Contract`, `Review`, `Summarise`, `Verify`";

/// A message in the words of the document rather than of the program that reads it.
fn plain(mut what: String) -> String {
    if let Some(at) = what.find("`chat`, ") {
        what.replace_range(at.., KINDS);
    }
    let words = [
        (
            "expected struct CheckDocument",
            "expected an object such as {\"cmd\": \"cargo test\"}",
        ),
        ("expected struct ", "expected an object for "),
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected an object"),
        ("invalid type: map", "invalid type: object"),
        ("invalid type: sequence", "invalid type: list"),
        ("expected u32", "expected a whole number, 0 or more"),
        ("expected u64", "expected a whole number, 0 or more"),
        ("expected f64", "expected a number"),
        ("unknown variant", "unknown word"),
    ];
    words
        .iter()
        .fold(what, |what, (from, to)| what.replace(from, to))
}

/// A text and the tree that was read from it.
struct Source<'a> {
    text: &'a str,
    tree: &'a Node,
}

impl Source<'_> {
    fn fault(&self, at: usize, steps: &[Step], what: String) -> PlanFault {
        let (line, column) = place(self.text, at);
        PlanFault {
            line,
            column,
            field: Field(steps.to_vec()),
            what,
        }
    }

    /// Of two values under one key the last would win silently.
    fn no_key_twice(&self, node: &Node, steps: &mut Vec<Step>) -> Result<(), PlanFault> {
        match &node.kind {
            Kind::Object(object) => {
                for (at, member) in object.items.iter().enumerate() {
                    let is_second = object.items[..at].iter().any(|m| m.key == member.key);
                    steps.push(Step::Key(member.key.clone()));
                    if is_second {
                        let what = "this field stands here twice".to_owned();
                        return Err(self.fault(member.key_span.start, steps, what));
                    }
                    self.no_key_twice(&member.value, steps)?;
                    steps.pop();
                }
            }
            Kind::Array(list) => {
                for (at, item) in list.items.iter().enumerate() {
                    steps.push(Step::At(at));
                    self.no_key_twice(item, steps)?;
                    steps.pop();
                }
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {}
        }
        Ok(())
    }

    /// A value that does not fit, with its place.
    fn misfit(&self, error: serde_path_to_error::Error<serde_json::Error>) -> PlanFault {
        let steps: Vec<Step> = error.path().iter().filter_map(step).collect();
        let what = plain(error.into_inner().to_string());
        let (at, known) = self.find(&steps);
        self.fault(at, &steps[..known], what)
    }

    /// Where the value of a path begins, or the key of a member whose value is the last one there is; and how many
    /// steps of the path there are.
    fn find(&self, steps: &[Step]) -> (usize, usize) {
        let (mut node, mut at) = (self.tree, self.tree.span.start);
        for (known, step) in steps.iter().enumerate() {
            let below = match (step, &node.kind) {
                (Step::Key(key), Kind::Object(_)) => node
                    .member(key)
                    .map(|m: &Member| (&m.value, m.key_span.start)),
                (Step::At(index), Kind::Array(list)) => {
                    list.items.get(*index).map(|item| (item, item.span.start))
                }
                _ => None,
            };
            match below {
                Some((below, begins)) => (node, at) = (below, begins),
                None => return (at, known),
            }
        }
        (at, steps.len())
    }

    fn durations(&self, plan: &PlanDocument) -> Result<(), PlanFault> {
        let key = |key: &str| Step::Key(key.to_owned());
        self.check(plan.gate.as_ref(), vec![key("gate")])?;
        self.budget(&plan.budget, vec![key("budget")])?;
        for (at, node) in plan.nodes.iter().enumerate() {
            let below = |name: &str| vec![key("nodes"), Step::At(at), key(name)];
            self.check(node.accept.as_ref(), below("accept"))?;
            self.budget(&node.budget, below("budget"))?;
        }
        Ok(())
    }

    fn check(&self, check: Option<&CheckDocument>, steps: Vec<Step>) -> Result<(), PlanFault> {
        let timeout = check.and_then(|check| check.timeout.as_deref());
        self.duration(timeout, steps, "timeout")
    }

    fn budget(&self, budget: &BudgetDocument, steps: Vec<Step>) -> Result<(), PlanFault> {
        self.duration(budget.wall.as_deref(), steps, "wall")
    }

    fn duration(
        &self,
        text: Option<&str>,
        mut steps: Vec<Step>,
        name: &str,
    ) -> Result<(), PlanFault> {
        let Some(Err(error)) = text.map(parse_duration) else {
            return Ok(());
        };
        steps.push(Step::Key(name.to_owned()));
        let (at, _) = self.find(&steps);
        Err(self.fault(at, &steps, error.to_string()))
    }
}

fn step(segment: &Segment) -> Option<Step> {
    match segment {
        Segment::Seq { index } => Some(Step::At(*index)),
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// Line and column, both from 1, of a byte of a text.
fn place(text: &str, at: usize) -> (u32, u32) {
    let before = &text[..text.floor_char_boundary(at)];
    let line = before.matches('\n').count() + 1;
    let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before[begin..].chars().filter(|c| *c != '\u{feff}').count() + 1;
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    (narrow(line), narrow(column))
}

/// An error of either parser at a byte of the text.
fn syntax(text: &str, at: usize, message: String) -> SyntaxError {
    let (line, column) = place(text, at);
    SyntaxError {
        line,
        column,
        message,
    }
}
