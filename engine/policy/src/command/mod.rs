//! Commands: each part judged, the strictest part decides.

mod class;
mod matching;
mod run;

use protocol::{PermissionMode, RuleEffect, RuleRef, Verdict};

use crate::Situation;
use crate::file::{self, FileClaim};
use crate::judge::{allow, allow_by, ask, deny, deny_by, stricter};
use crate::named::{self, Hidden};
use crate::rule::{Matcher, Rule};
use crate::shell::{Analysis, Part, PartKind, Word};
use matching::is_whole;

/// How many words of a command that cannot be followed are looked at.
const MENTIONS: usize = 4096;

/// How many words a rule is compared with in such a command.
const TAIL: usize = 32;

/// One command claim under judgement.
struct Case<'a> {
    tool: &'a str,
    command: &'a str,
    analysis: &'a Analysis,
    situation: &'a Situation<'a>,
}

/// Judges a command by its parts.
pub(crate) fn judge(
    tool: &str,
    command: &str,
    analysis: &Analysis,
    situation: &Situation<'_>,
) -> Verdict {
    let case = Case {
        tool,
        command,
        analysis,
        situation,
    };
    if let Some(rule) = case.whole(RuleEffect::Deny) {
        return deny_by(rule, "the command");
    }
    let parts = analysis.parts.iter().map(|part| case.part(part));
    let verdict = parts
        .reduce(stricter)
        .unwrap_or_else(|| allow("the command does nothing"));
    match verdict {
        // What a person wrote down word for word was understood as a whole.
        Verdict::Ask(reason) if reason.rule.is_none() && case.mode() != PermissionMode::Plan => {
            match case.exact(RuleEffect::Allow) {
                Some(rule) => allow_by(rule, "the command"),
                None => Verdict::Ask(reason),
            }
        }
        verdict => verdict,
    }
}

impl Case<'_> {
    pub(super) const fn mode(&self) -> PermissionMode {
        self.situation.mode
    }

    pub(super) fn bypass(&self) -> bool {
        self.mode() == PermissionMode::BypassPermissions
    }

    pub(super) fn part(&self, part: &Part) -> Verdict {
        match &part.kind {
            PartKind::Run(run) => self.run(run, part),
            PartKind::Reads(word) => self.redirected(word, part, file::read),
            PartKind::Writes(word) => self.redirected(word, part, file::write),
            PartKind::Names(word) => self
                .hidden([word].into_iter(), part, true)
                .unwrap_or_else(|| allow("naming a file reads nothing")),
            PartKind::Sets(setting) => self.sets(&setting.name),
            PartKind::Unclear(reason) => self.unclear(reason),
        }
    }

    /// A redirection's target is judged like a claim of the file tools.
    pub(super) fn redirected(
        &self,
        word: &Word,
        part: &Part,
        judge: impl Fn(&FileClaim<'_>, &Situation<'_>) -> Verdict,
    ) -> Verdict {
        let verdict = if word.value().is_none() {
            self.unclear(&format!(
                "a redirection leads to {}, which is known only when it runs",
                word.shown()
            ))
        } else {
            let paths = named::paths(word, &part.cwds, self.situation);
            let claim = FileClaim {
                tool: self.tool,
                paths: paths.iter().collect(),
            };
            judge(&claim, self.situation)
        };
        match self.hidden([word].into_iter(), part, true) {
            Some(hidden) => stricter(hidden, verdict),
            None => verdict,
        }
    }

    /// The verdict on files denied for reading that the words name, if they name any.
    pub(super) fn hidden<'w>(
        &self,
        mut words: impl Iterator<Item = &'w Word>,
        part: &Part,
        reads: bool,
    ) -> Option<Verdict> {
        words.find_map(
            |word| match named::hidden(word, &part.cwds, self.situation) {
                Hidden::Named(rule) => Some(deny_by(rule, &format!("reading {}", word.shown()))),
                Hidden::Possibly if reads => Some(ask(format!(
                    "{} could name a file that is denied for reading",
                    word.shown()
                ))),
                Hidden::Possibly | Hidden::No => None,
            },
        )
    }

    /// A variable of the shell itself: harmless unless programs listen to it.
    pub(super) fn sets(&self, name: &str) -> Verdict {
        let own = name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if own && !name.ends_with("_proxy") {
            return allow("a variable of the shell itself");
        }
        self.unclear(&format!(
            "{name} is set, which may change what later commands do"
        ))
    }

    /// What cannot be followed: a deny rule might speak of it, so only a mode without any lets it run.
    pub(super) fn unclear(&self, reason: &str) -> Verdict {
        if let Some(rule) = self.mentioned() {
            return deny_by(rule, "something the command mentions");
        }
        if self.mode() == PermissionMode::Plan {
            return deny(format!("plan mode changes nothing, and {reason}"));
        }
        let at_risk = self.situation.rules.hides_files()
            || self.shell_rules(RuleEffect::Deny).next().is_some();
        if self.bypass() {
            return if at_risk {
                ask(format!("{reason}; a deny rule may speak of it"))
            } else {
                allow("bypassPermissions mode runs commands unasked")
            };
        }
        match self.whole(RuleEffect::Allow) {
            Some(rule) if is_whole(rule) && !at_risk => allow_by(rule, "the command"),
            _ => ask(reason),
        }
    }

    /// In a command that cannot be followed, every word counts as what it looks like.
    pub(super) fn mentioned(&self) -> Option<&RuleRef> {
        let words: Vec<&str> = self.command.split_whitespace().take(MENTIONS).collect();
        for at in 0..words.len() {
            let tail = words[at..words.len().min(at + TAIL)].join(" ");
            let tail =
                tail.trim_start_matches(|c: char| !c.is_alphanumeric() && !"./~_".contains(c));
            let fits = |rule: &&Rule| matches!(&rule.matcher, Matcher::Command(p) if p.fit(tail).is_some());
            if let Some(rule) = self.shell_rules(RuleEffect::Deny).find(fits) {
                return Some(&rule.origin);
            }
        }
        let cwds = &self.analysis.parts.first()?.cwds;
        let apart = |c: char| c.is_whitespace() || "'\"`()<>|;&${},".contains(c);
        let names = self.command.split(apart).filter(|name| !name.is_empty());
        let mut names = names.take(MENTIONS);
        names.find_map(
            |name| match named::hidden(&Word::literal(name), cwds, self.situation) {
                Hidden::Named(rule) => Some(rule),
                Hidden::Possibly | Hidden::No => None,
            },
        )
    }
}
