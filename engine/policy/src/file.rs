//! Files: what the file tools, and redirections of commands, may read and write.

use std::path::{Path, PathBuf};

use protocol::{PermissionMode, RuleEffect, RuleRef, Verdict};

use crate::Situation;
use crate::judge::{allow, allow_by, ask, ask_by, deny, deny_by};
use crate::protection::{is_key, protected};
use crate::tool_name::Family;

/// Devices that are nobody's file.
const DEVICES: [&str; 9] = [
    "/dev/null",
    "/dev/zero",
    "/dev/random",
    "/dev/urandom",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/stderr",
    "/dev/tty",
    "/dev/full",
];

/// One file a tool wants, by where it leads and by how it was asked for.
pub(crate) struct FileClaim<'a> {
    pub(crate) tool: &'a str,
    pub(crate) paths: Vec<&'a PathBuf>,
}

impl<'a> FileClaim<'a> {
    pub(crate) fn of(tool: &'a str, path: &'a PathBuf, asked: &'a PathBuf) -> Self {
        Self {
            tool,
            paths: vec![path, asked],
        }
    }

    fn shown(&self) -> String {
        self.paths
            .last()
            .map(|path| path.display().to_string())
            .unwrap_or_default()
    }

    fn is_device(&self) -> bool {
        self.paths.iter().all(|path| is_device(path))
    }

    fn rule<'s>(
        &self,
        effect: RuleEffect,
        doing: &Family,
        situation: &Situation<'s>,
    ) -> Option<&'s RuleRef> {
        let mut rules = situation.rules.with_effect(effect);
        let found = rules.find(|rule| match effect {
            // An allow rule must speak of the file itself, not only of a link that leads to it.
            RuleEffect::Allow => {
                let target = &self.paths[..1];
                rule.holds_for_file(self.tool, doing, target)
            }
            RuleEffect::Ask | RuleEffect::Deny => {
                rule.holds_for_file(self.tool, doing, &self.paths)
            }
        });
        found.map(|rule| &rule.origin)
    }
}

/// Whether a path is a device that is nobody's file.
pub(crate) fn is_device(path: &Path) -> bool {
    DEVICES.iter().any(|device| path == Path::new(device)) || path.starts_with("/dev/fd")
}

/// Judges reading a file or what is below a folder.
pub(crate) fn read(claim: &FileClaim<'_>, situation: &Situation<'_>) -> Verdict {
    let what = format!("reading {}", claim.shown());
    let rule = |effect| claim.rule(effect, &Family::Reading, situation);
    if let Some(rule) = rule(RuleEffect::Deny).or_else(|| hidden_folder(claim, situation)) {
        return deny_by(rule, &what);
    }
    if claim.is_device() {
        return allow("a device is nobody's file");
    }
    let place = situation.place;
    let bypass = situation.mode == PermissionMode::BypassPermissions;
    let allowing = rule(RuleEffect::Allow);
    if claim.paths.iter().any(|path| is_key(path, place)) {
        // A bare `Read` was not written with keys in mind; a pattern that names them was.
        return match allowing.filter(|rule| rule.rule.contains('(')) {
            Some(rule) => allow_by(rule, &what),
            None => ask(format!("{what} gives away a key or token")),
        };
    }
    if let Some(rule) = rule(RuleEffect::Ask).filter(|_| !bypass) {
        return ask_by(rule, &what);
    }
    if let Some(rule) = allowing {
        return allow_by(rule, &what);
    }
    if bypass || claim.paths.iter().all(|path| place.shows(path)) {
        return allow("reading in the tree is free");
    }
    ask(format!(
        "{what} leaves the tree {}; --add-dir adds a folder",
        place.root.display()
    ))
}

/// The rule that denies everything below a folder, so that looking through it is pointless.
fn hidden_folder<'s>(claim: &FileClaim<'_>, situation: &Situation<'s>) -> Option<&'s RuleRef> {
    if !situation.rules.hides_files() {
        return None;
    }
    // No file is called this: only a rule for the whole folder matches it.
    let inside: Vec<PathBuf> = claim.paths.iter().map(|path| path.join("\u{1}")).collect();
    let inside: Vec<&PathBuf> = inside.iter().collect();
    let mut rules = situation.rules.with_effect(RuleEffect::Deny);
    rules
        .find(|rule| rule.holds_for_file(claim.tool, &Family::Reading, &inside))
        .map(|rule| &rule.origin)
}

/// Judges creating or changing a file.
pub(crate) fn write(claim: &FileClaim<'_>, situation: &Situation<'_>) -> Verdict {
    if let Some(verdict) = forbidden_write(claim, situation) {
        return verdict;
    }
    let what = format!("changing {}", claim.shown());
    let rule = |effect| claim.rule(effect, &Family::Writing, situation);
    let mode = situation.mode;
    if mode == PermissionMode::Plan {
        return deny(format!("plan mode changes nothing: {}", claim.shown()));
    }
    if let Some(rule) = rule(RuleEffect::Ask).filter(|_| mode != PermissionMode::BypassPermissions)
    {
        return ask_by(rule, &what);
    }
    if let Some(rule) = rule(RuleEffect::Allow) {
        return allow_by(rule, &what);
    }
    match mode {
        PermissionMode::AcceptEdits => allow("acceptEdits mode changes files in the tree unasked"),
        PermissionMode::BypassPermissions => {
            allow("bypassPermissions mode changes files in the tree unasked")
        }
        PermissionMode::Default | PermissionMode::DontAsk | PermissionMode::Plan => ask(format!(
            "{what} is not allowed by any rule; acceptEdits mode would not ask"
        )),
    }
}

/// What forbids a write in every mode: rules, protections, the tree's edge.
pub(crate) fn forbidden_write(claim: &FileClaim<'_>, situation: &Situation<'_>) -> Option<Verdict> {
    let what = format!("changing {}", claim.shown());
    let denied = |doing| claim.rule(RuleEffect::Deny, doing, situation);
    if let Some(rule) = denied(&Family::Writing) {
        return Some(deny_by(rule, &what));
    }
    // Who may not see a file may not change it unseen either.
    if let Some(rule) = denied(&Family::Reading).or_else(|| hidden_folder(claim, situation)) {
        return Some(deny_by(rule, &what));
    }
    if claim.is_device() {
        return Some(allow("a device is nobody's file"));
    }
    let place = situation.place;
    if let Some(protected) = claim.paths.iter().find_map(|path| protected(path, place)) {
        return Some(deny(format!("{} is {}", claim.shown(), protected.text())));
    }
    if !claim
        .paths
        .iter()
        .all(|path| place.holds(path) || place.is_scratch(path))
    {
        return Some(deny(format!(
            "{what} leaves the tree {}; --add-dir adds a folder",
            place.root.display()
        )));
    }
    None
}
