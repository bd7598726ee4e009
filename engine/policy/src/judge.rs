//! The verdict: deny rules, protections, ask rules, plan mode, allow rules, then what the mode says.

use std::borrow::Cow;
use std::path::Path;

use protocol::{Action, Claim, PermissionMode, Reason, RuleEffect, RuleRef, Verdict};

use crate::file::{self, FileClaim};
use crate::{Situation, Trespass, command, confine, shell};

/// Judges a claim. What a claim does in several parts is as forbidden as its most forbidden part;
/// whatever cannot be understood is asked. In `dontAsk` mode what would ask is denied.
pub fn judge(claim: &Claim, situation: &Situation<'_>) -> Verdict {
    let verdict = match &claim.action {
        Action::Read { path, asked } => {
            or_denied(confine::in_read(&[path, asked], situation), || {
                file::read(&FileClaim::of(&claim.tool, path, asked), situation)
            })
        }
        Action::Search { root, asked } => {
            or_denied(confine::in_search(&[root, asked], situation), || {
                file::read(&FileClaim::of(&claim.tool, root, asked), situation)
            })
        }
        Action::Write { path, asked } => {
            or_denied(confine::in_write(&[path, asked], situation), || {
                file::write(&FileClaim::of(&claim.tool, path, asked), situation)
            })
        }
        Action::Run { command, cwd } => run(&claim.tool, command, cwd, situation),
        Action::Integrate { .. } if situation.place.confine.is_some() => {
            or_denied(confine::trespass(claim, situation), || {
                deny("a node integrates nothing")
            })
        }
        Action::Integrate { reference, .. } => integrate(reference, situation),
        Action::Session => tool(&claim.tool, situation),
    };
    match verdict {
        Verdict::Ask(reason) if situation.mode == PermissionMode::DontAsk => {
            Verdict::Deny(Reason {
                text: format!("{}; nobody is asked in dontAsk mode", reason.text),
                rule: reason.rule,
            })
        }
        verdict => verdict,
    }
}

/// A trespass is a denial that no mode and no rule softens.
fn or_denied(trespass: Option<Trespass>, judge: impl FnOnce() -> Verdict) -> Verdict {
    trespass.map_or_else(judge, |trespass| deny(trespass.to_string()))
}

fn run(tool: &str, command: &str, cwd: &Path, situation: &Situation<'_>) -> Verdict {
    let place = situation.place;
    let analysis = shell::analyse(command, cwd, place.home.as_deref());
    let judged = || command::judge(tool, command, &analysis, situation);
    if place
        .confine
        .as_ref()
        .is_some_and(|one| one.allows(command))
    {
        return match judged() {
            Verdict::Ask(_) => allow("the approved plan checks its work with this command"),
            verdict => verdict,
        };
    }
    let trespass = confine::in_command(command, &analysis, situation);
    or_denied(trespass, judged)
}

/// The plan's approval is the consent: what is integrated was proposed, checked and gated under it.
fn integrate(reference: &str, situation: &Situation<'_>) -> Verdict {
    if situation.mode == PermissionMode::Plan {
        return deny(format!(
            "plan mode changes nothing, and {reference} is a branch"
        ));
    }
    allow(format!("the approved plan moves {reference}"))
}

/// A tool that is judged by its name alone.
fn tool(name: &str, situation: &Situation<'_>) -> Verdict {
    let rule = |effect| {
        let mut rules = situation.rules.with_effect(effect);
        rules
            .find(|rule| rule.holds_for_tool(name))
            .map(|rule| &rule.origin)
    };
    if let Some(rule) = rule(RuleEffect::Deny) {
        return deny_by(rule, &format!("the tool {name}"));
    }
    let bypass = situation.mode == PermissionMode::BypassPermissions;
    if situation.mode == PermissionMode::Plan && name.starts_with("mcp__") {
        return deny(format!(
            "plan mode changes nothing, and it is not known what {name} does"
        ));
    }
    if let Some(rule) = rule(RuleEffect::Ask).filter(|_| !bypass) {
        return ask_by(rule, &format!("the tool {name}"));
    }
    if !name.starts_with("mcp__") {
        return allow(format!("{name} touches only this session"));
    }
    match rule(RuleEffect::Allow) {
        Some(rule) => allow_by(rule, &format!("the tool {name}")),
        None if bypass => allow(format!("{name} runs unasked in bypassPermissions mode")),
        None => ask(format!("no rule allows {name}")),
    }
}

pub(crate) fn allow(text: impl Into<String>) -> Verdict {
    Verdict::Allow(because(text, None))
}

pub(crate) fn ask(text: impl Into<String>) -> Verdict {
    Verdict::Ask(because(text, None))
}

pub(crate) fn deny(text: impl Into<String>) -> Verdict {
    Verdict::Deny(because(text, None))
}

pub(crate) fn allow_by(rule: &RuleRef, what: &str) -> Verdict {
    Verdict::Allow(because(
        format!("{what} is allowed by {}", rule.rule),
        Some(rule),
    ))
}

pub(crate) fn ask_by(rule: &RuleRef, what: &str) -> Verdict {
    Verdict::Ask(because(
        format!("{what} is to be asked about by {}", rule.rule),
        Some(rule),
    ))
}

pub(crate) fn deny_by(rule: &RuleRef, what: &str) -> Verdict {
    Verdict::Deny(because(
        format!("{what} is denied by {}", rule.rule),
        Some(rule),
    ))
}

/// The longest beginning and end of a reason that are told, in bytes. Reasons quote commands, and those may be long.
const EDGE_BYTES: usize = 1_000;

fn because(text: impl Into<String>, rule: Option<&RuleRef>) -> Reason {
    Reason {
        text: shortened(&text.into(), EDGE_BYTES).into_owned(),
        rule: rule.cloned(),
    }
}

/// The text, cut in its middle if it is too long: its beginning and its end, where reasons say why, stay.
pub(crate) fn shortened(text: &str, edge: usize) -> Cow<'_, str> {
    if text.len() <= 2 * edge {
        return Cow::Borrowed(text);
    }
    let head = &text[..text.floor_char_boundary(edge)];
    let tail = &text[text.ceil_char_boundary(text.len() - edge)..];
    Cow::Owned(format!("{head} [...] {tail}"))
}

/// The stricter of two verdicts; of two equal ones the first, except that an allowing rule is worth
/// naming more than a default.
pub(crate) fn stricter(a: Verdict, b: Verdict) -> Verdict {
    match (&a, &b) {
        (Verdict::Allow(first), Verdict::Allow(second))
            if first.rule.is_none() && second.rule.is_some() =>
        {
            b
        }
        _ if rank(&b) > rank(&a) => b,
        _ => a,
    }
}

const fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Allow(_) => 0,
        Verdict::Ask(_) => 1,
        Verdict::Deny(_) => 2,
    }
}
