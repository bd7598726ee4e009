//! Which rules speak of a command, however it is spelled.

use protocol::{RuleEffect, RuleRef};

use super::Case;
use crate::rule::{Fit, Matcher, Rule};
use crate::shell::{self, Part, PartKind, Run, Word};
use crate::tool_name::Family;

/// Programs that start the command in their last words, in ways that are not followed.
const STARTERS: [&str; 18] = [
    "flock",
    "strace",
    "ltrace",
    "unshare",
    "nsenter",
    "chroot",
    "setarch",
    "runuser",
    "docker",
    "podman",
    "kubectl",
    "firejail",
    "bwrap",
    "systemd-run",
    "chrt",
    "taskset",
    "fakeroot",
    "npx",
];

impl Case<'_> {
    pub(super) fn shell_rules(&self, effect: RuleEffect) -> impl Iterator<Item = &Rule> {
        let rules = self.situation.rules.with_effect(effect);
        rules.filter(|rule| rule.family == Family::Shell)
    }

    /// The rule that speaks of the command as a whole.
    pub(super) fn whole(&self, effect: RuleEffect) -> Option<&RuleRef> {
        let fits = |rule: &&Rule| match &rule.matcher {
            Matcher::Whole => true,
            Matcher::Command(pattern) => pattern.fit(self.command).is_some(),
            Matcher::Paths(_) | Matcher::Opaque => false,
        };
        self.shell_rules(effect).find(fits).map(|rule| &rule.origin)
    }

    pub(super) fn exact(&self, effect: RuleEffect) -> Option<&RuleRef> {
        let fits = |rule: &&Rule| {
            matches!(&rule.matcher, Matcher::Command(pattern)
                if pattern.fit(self.command) == Some(Fit::Exact))
        };
        self.shell_rules(effect).find(fits).map(|rule| &rule.origin)
    }

    /// The deny or ask rule that speaks of a command, in any of the spellings it may have.
    pub(super) fn rule_for(&self, effect: RuleEffect, run: &Run) -> Option<&RuleRef> {
        let spellings = spellings(run);
        let fits = |rule: &&Rule| match &rule.matcher {
            Matcher::Whole => true,
            Matcher::Command(pattern) => spellings.iter().any(|text| pattern.fit(text).is_some()),
            Matcher::Paths(_) | Matcher::Opaque => false,
        };
        self.shell_rules(effect).find(fits).map(|rule| &rule.origin)
    }

    pub(super) fn exact_for(&self, run: &Run) -> Option<&RuleRef> {
        let text = run.text();
        let fits = |rule: &&Rule| matches!(&rule.matcher, Matcher::Command(pattern) if pattern.fit(&text) == Some(Fit::Exact));
        self.shell_rules(RuleEffect::Allow)
            .find(fits)
            .map(|rule| &rule.origin)
    }

    /// The allow rule that covers a command, or the start of the command that starts it.
    pub(super) fn allowing(&self, run: &Run, part: &Part) -> Option<&RuleRef> {
        if !run
            .settings
            .iter()
            .all(|setting| shell::is_plain_setting(&setting.name))
        {
            return None;
        }
        self.allowed(&run.text(), 0).or_else(|| {
            let (parent, at) = part.parent?;
            let outer = self.analysis.parts.get(parent)?;
            match &outer.kind {
                PartKind::Run(outer_run) if at > 0 => self
                    .allowed(&outer_run.text(), at + 1)
                    .filter(|_| self.forbidden(outer_run, outer).is_none()),
                _ => None,
            }
        })
    }

    pub(super) fn allowed(&self, text: &str, words: usize) -> Option<&RuleRef> {
        let fits = |rule: &&Rule| match &rule.matcher {
            Matcher::Whole => true,
            Matcher::Command(pattern) => {
                pattern.fit(text).is_some() && pattern.fixed_words() >= words
            }
            Matcher::Paths(_) | Matcher::Opaque => false,
        };
        self.shell_rules(RuleEffect::Allow)
            .find(fits)
            .map(|rule| &rule.origin)
    }
}

/// Whether a rule speaks of every command there is.
pub(super) fn is_whole(rule: &RuleRef) -> bool {
    !rule.rule.contains('(') || rule.rule.ends_with("(*)") || rule.rule.ends_with("(**)")
}

/// Every way a rule may have spelled a command.
fn spellings(run: &Run) -> Vec<String> {
    let mut spellings = vec![run.text(), run.bare_text()];
    if let Some(base) = run.base_name() {
        let mut words = run.words.clone();
        words[0] = Word::literal(&base);
        spellings.push(words.iter().map(Word::shown).collect::<Vec<_>>().join(" "));
        if let Some(plain) = shell::without_git_options(run) {
            spellings.push(plain);
        }
        if STARTERS.contains(&base.as_str()) {
            for at in 1..words.len() {
                spellings.push(
                    words[at..]
                        .iter()
                        .map(Word::shown)
                        .collect::<Vec<_>>()
                        .join(" "),
                );
            }
        }
    }
    spellings
}
