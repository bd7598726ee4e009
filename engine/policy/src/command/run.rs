//! One simple command: what forbids it, what it risks, what lets it run.

use std::path::PathBuf;

use protocol::{PermissionMode, RuleEffect, RuleRef, Verdict};

use super::Case;
use crate::judge::{allow, allow_by, ask, ask_by, deny, deny_by};
use crate::named::{self, Hidden};
use crate::protection::Protected;
use crate::rule::Matcher;
use crate::shell::{self, Class, Part, Run, Starts, Word};
use crate::tool_name::Family;

/// Programs that write the files they are given.
const WRITERS: [&str; 20] = [
    "rm", "rmdir", "mv", "cp", "tee", "touch", "mkdir", "ln", "chmod", "chown", "chgrp", "dd",
    "truncate", "install", "rsync", "sed", "unlink", "shred", "patch", "sort",
];

/// Programs whose words are often texts about files, not files.
const TALKERS: [&str; 2] = ["git", "gh"];

impl Case<'_> {
    pub(super) fn run(&self, run: &Run, part: &Part) -> Verdict {
        if let Some(verdict) = self.forbidden(run, part) {
            return verdict;
        }
        let class = shell::classify(run);
        let text = run.text();
        if self.mode() == PermissionMode::Plan && !is_reading(run, &class) {
            return deny(format!("plan mode runs only commands that read: {text}"));
        }
        if let Some(reason) = self.risks_hidden(run, &class, part) {
            return ask(reason);
        }
        if self.bypass() {
            return self.bypassed(run, &class, part);
        }
        if let Some(rule) = self.rule_for(RuleEffect::Ask, run) {
            return ask_by(rule, &text);
        }
        if let Some(reason) = shell::loses_work(run).or_else(|| self.touches_key(run, part)) {
            return match self.exact_for(run) {
                Some(rule) => allow_by(rule, &text),
                None => ask(format!("{reason}: {text}")),
            };
        }
        match self.allowing(run, part) {
            Some(rule) => allow_by(rule, &text),
            None => self.by_class(run, part, class),
        }
    }

    /// What no mode lets a command do.
    pub(super) fn forbidden(&self, run: &Run, part: &Part) -> Option<Verdict> {
        if let Some(rule) = self.rule_for(RuleEffect::Deny, run) {
            return Some(deny_by(rule, &run.text()));
        }
        if let Some(verdict) = self.hidden(run.words.iter(), part, false) {
            return Some(verdict);
        }
        if let Some(verdict) = self.inner_names(run, part) {
            return Some(verdict);
        }
        if let Some(reason) = shell::removes_all(run, &part.cwds, self.situation.place) {
            return Some(deny(reason));
        }
        self.changes_protected(run, part)
    }

    /// File names inside the arguments of programs that are not known: `-c "open('.env')"`.
    pub(super) fn inner_names(&self, run: &Run, part: &Part) -> Option<Verdict> {
        let name = run.base_name()?;
        if TALKERS.contains(&name.as_str()) || !matches!(shell::classify(run), Class::Unknown(_)) {
            return None;
        }
        let apart = |c: char| c.is_whitespace() || "'\"`()<>|;&$[]{},=".contains(c);
        for word in run.arguments() {
            let text = word.shown();
            for name in text
                .split(apart)
                .filter(|name| !name.is_empty() && name.len() < text.len())
            {
                let word = Word::literal(name);
                if let Hidden::Named(rule) = named::hidden(&word, &part.cwds, self.situation) {
                    return Some(deny_by(rule, &format!("reading {name}")));
                }
            }
        }
        None
    }

    /// Words of a command that may write which name what is protected, or what an edit rule denies.
    pub(super) fn changes_protected(&self, run: &Run, part: &Part) -> Option<Verdict> {
        let class = shell::classify(run);
        let words: Vec<&Word> = match &class {
            Class::Unknown(_) => run.arguments().iter().collect(),
            Class::Arranges { writes, .. } => writes.iter().collect(),
            _ => return None,
        };
        let writer = run
            .base_name()
            .is_some_and(|name| WRITERS.contains(&name.as_str()));
        for word in words {
            match named::guarded(word, &part.cwds, self.situation) {
                // Programs use keys all the time; a person decides.
                Some(Protected::Keys) if !writer => {}
                // A tree among formic's data has walls of its own, which know its neighbours.
                Some(Protected::Data) if self.situation.place.confine.is_some() => {}
                Some(protected) => {
                    return Some(deny(format!("{} is {}", word.shown(), protected.text())));
                }
                None => {}
            }
            if writer && let Some(rule) = self.edit_denied(word, part) {
                return Some(deny_by(rule, &format!("changing {}", word.shown())));
            }
        }
        None
    }

    pub(super) fn edit_denied(&self, word: &Word, part: &Part) -> Option<&RuleRef> {
        let paths = named::paths(word, &part.cwds, self.situation);
        let paths: Vec<&PathBuf> = paths.iter().collect();
        let mut rules = self.situation.rules.with_effect(RuleEffect::Deny);
        let rule = rules.find(|rule| {
            matches!(rule.matcher, Matcher::Paths(_))
                && rule.holds_for_file("edit", &Family::Writing, &paths)
        })?;
        Some(&rule.origin)
    }

    pub(super) fn touches_key(&self, run: &Run, part: &Part) -> Option<String> {
        let named = run
            .arguments()
            .iter()
            .find(|word| named::names_key(word, &part.cwds, self.situation))?;
        Some(format!("{} is a key or token", named.shown()))
    }

    /// Why a command that shows files may show one that is denied for reading, if it may.
    fn risks_hidden(&self, run: &Run, class: &Class, part: &Part) -> Option<String> {
        let rules = self.situation.rules;
        if !rules.hides_files() {
            return None;
        }
        let text = run.text();
        if is_reader(run) && run.arguments().iter().any(Word::has_gap) {
            return Some(format!("{text} may read a file that is denied for reading"));
        }
        if let Some(Verdict::Ask(reason)) = self.hidden(run.words.iter(), part, true) {
            return Some(reason.text);
        }
        let Class::Reads { files, below: true } = class else {
            return None;
        };
        let here = [Word::literal(".")];
        let files = if files.is_empty() {
            &here
        } else {
            files.as_slice()
        };
        let hides = files.iter().any(|word| {
            let paths = named::paths(word, &part.cwds, self.situation);
            paths.iter().any(|path| rules.hides_below(path))
        });
        hides.then(|| format!("{text} may open files denied for reading; the grep tool skips them"))
    }

    /// In bypassPermissions mode only showing or copying keys still asks.
    fn bypassed(&self, run: &Run, class: &Class, part: &Part) -> Verdict {
        let copies = is_reader(run) || matches!(class, Class::Arranges { .. });
        match self.touches_key(run, part).filter(|_| copies) {
            Some(reason) => ask(reason),
            None => allow("bypassPermissions mode runs commands unasked"),
        }
    }
}

/// Whether a command reads at most, or only starts others that are judged by themselves.
fn is_reading(run: &Run, class: &Class) -> bool {
    run.starts == Starts::Others || !matches!(class, Class::Unknown(_) | Class::Arranges { .. })
}

/// Programs that show what is in the files they are given.
fn is_reader(run: &Run) -> bool {
    run.base_name()
        .is_some_and(|name| shell::shows_files(&name))
}
