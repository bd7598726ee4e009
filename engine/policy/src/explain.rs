//! Explains a verdict: every rule that was looked at, and what a command was taken to be.

use std::path::PathBuf;

use protocol::{Action, Claim, RuleRef, Verdict};

use crate::rule::{Matcher, Rule};
use crate::shell::{self, PartKind};
use crate::tool_name::Family;
use crate::{Situation, judge};

/// A verdict with everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The verdict.
    pub verdict: Verdict,
    /// Every rule, and whether it speaks of this claim or of a part of it.
    pub considered: Vec<(RuleRef, bool)>,
    /// What a command was taken to do, one line a part; empty for other claims.
    pub parts: Vec<String>,
}

/// Judges a claim and says why.
pub fn explain(claim: &Claim, situation: &Situation<'_>) -> Explanation {
    let parts = match &claim.action {
        Action::Run { command, cwd } => {
            shell::analyse(command, cwd, situation.place.home.as_deref()).parts
        }
        _ => Vec::new(),
    };
    let kinds: Vec<&PartKind> = parts.iter().map(|part| &part.kind).collect();
    let considered = situation
        .rules
        .all()
        .iter()
        .map(|rule| (rule.origin.clone(), speaks(rule, claim, &kinds)))
        .collect();
    Explanation {
        verdict: judge(claim, situation),
        considered,
        parts: kinds.iter().map(|kind| line(kind)).collect(),
    }
}

fn speaks(rule: &Rule, claim: &Claim, parts: &[&PartKind]) -> bool {
    let file =
        |doing: Family, paths: [&PathBuf; 2]| rule.holds_for_file(&claim.tool, &doing, &paths);
    match &claim.action {
        Action::Read { path, asked } | Action::Search { root: path, asked } => {
            file(Family::Reading, [path, asked])
        }
        Action::Write { path, asked } => file(Family::Writing, [path, asked]),
        Action::Integrate { .. } | Action::Session => rule.holds_for_tool(&claim.tool),
        Action::Run { command, .. } => match &rule.matcher {
            Matcher::Command(pattern) => {
                let runs = parts.iter().filter_map(|part| match part {
                    PartKind::Run(run) => Some(run.text()),
                    _ => None,
                });
                pattern.fit(command).is_some()
                    || runs.into_iter().any(|text| pattern.fit(&text).is_some())
            }
            Matcher::Whole => rule.family == Family::Shell,
            Matcher::Paths(_) | Matcher::Opaque => false,
        },
    }
}

fn line(kind: &PartKind) -> String {
    match kind {
        PartKind::Run(run) => run.text(),
        PartKind::Reads(word) => format!("< {}", word.shown()),
        PartKind::Writes(word) => format!("> {}", word.shown()),
        PartKind::Names(word) => format!("names {}", word.shown()),
        PartKind::Sets(setting) => format!("{}={}", setting.name, setting.value.shown()),
        PartKind::Unclear(reason) => format!("unclear: {reason}"),
    }
}
