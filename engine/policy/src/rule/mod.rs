//! Rules: their text compiled once into matchers, and the questions verdicts put to them.

mod command;
mod glob;
mod path;

use std::fmt;
use std::path::{Path, PathBuf};

use globset::GlobSet;
use protocol::{RuleEffect, RuleRef};

use crate::Place;
use crate::tool_name::Family;
pub(crate) use command::{CommandPattern, Fit};
pub(crate) use glob::Pattern;
use path::PathPattern;

/// A rule as a settings file or flag states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSpec {
    /// The rule, for example `Bash(git push:*)`.
    pub text: String,
    /// The list it stands in.
    pub effect: RuleEffect,
    /// Where it stands; shown when it decides.
    pub origin: RuleRef,
}

/// The longest beginning and end of a broken rule that are shown, in bytes.
const SHOWN_BYTES: usize = 200;

/// A rule that could not be understood. A broken deny rule forbids nothing, so a caller must not
/// start with one: treat problems as errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleProblem {
    /// The rule and where it stands.
    pub origin: RuleRef,
    /// What is wrong, for example `there is no tool called Bahs`.
    pub problem: String,
}

impl fmt::Display for RuleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.origin.file, self.origin.line) {
            (Some(file), Some(line)) => write!(f, "{}:{line}: ", file.display())?,
            (Some(file), None) => write!(f, "{}: ", file.display())?,
            (None, _) => write!(f, "{}: ", self.origin.layer)?,
        }
        // A rule may be as long as the file it stands in.
        let rule = crate::judge::shortened(&self.origin.rule, SHOWN_BYTES);
        write!(f, "rule `{rule}`: {}", self.problem)
    }
}

/// What a rule looks at besides the tool's name.
#[derive(Debug, Clone)]
pub(crate) enum Matcher {
    /// Nothing: the whole tool.
    Whole,
    /// The files a claim names.
    Paths(PathPattern),
    /// The command.
    Command(CommandPattern),
    /// Something formic cannot look at: a deny or ask rule then holds for the whole tool, an allow
    /// rule for nothing.
    Opaque,
}

/// One compiled rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) origin: RuleRef,
    pub(crate) effect: RuleEffect,
    pub(crate) family: Family,
    pub(crate) matcher: Matcher,
}

/// All rules, compiled.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
    unreadable: GlobSet,
    unreadable_patterns: Vec<(Pattern, usize)>,
}

impl RuleSet {
    /// Compiles rules. Relative patterns mean files below the place's root; `/x` means files below
    /// the folder of the settings file the rule stands in. Rules that make no sense come back as
    /// problems and match nothing.
    pub fn compile(specs: Vec<RuleSpec>, place: &Place) -> (Self, Vec<RuleProblem>) {
        let mut rules = Vec::new();
        let mut problems = Vec::new();
        for spec in specs {
            let mut origin = spec.origin;
            origin.rule.clone_from(&spec.text);
            origin.effect = spec.effect;
            match compile_one(&origin, place) {
                Ok((family, matcher)) => rules.push(Rule {
                    effect: origin.effect,
                    origin,
                    family,
                    matcher,
                }),
                Err(problem) => problems.push(RuleProblem { origin, problem }),
            }
        }
        (Self::of(rules), problems)
    }

    fn of(rules: Vec<Rule>) -> Self {
        let mut globs = Vec::new();
        let mut unreadable_patterns = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            if let (RuleEffect::Deny, Family::Reading, Matcher::Paths(paths)) =
                (rule.effect, &rule.family, &rule.matcher)
            {
                globs.extend(paths.globs().iter().cloned());
                unreadable_patterns.extend(
                    paths
                        .patterns()
                        .iter()
                        .map(|pattern| (pattern.clone(), index)),
                );
            }
        }
        let mut builder = globset::GlobSetBuilder::new();
        for glob in globs {
            builder.add(glob);
        }
        // Each glob was compiled by itself before; a set that fails all the same reads nothing.
        let unreadable = builder.build().unwrap_or_else(|_| everything());
        Self {
            rules,
            unreadable,
            unreadable_patterns,
        }
    }

    pub(crate) fn all(&self) -> &[Rule] {
        &self.rules
    }

    pub(crate) fn with_effect(&self, effect: RuleEffect) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.effect == effect)
    }

    /// Whether any rule denies this path for reading; one test over a precompiled set.
    pub(crate) fn unreadable(&self, path: &Path) -> bool {
        self.unreadable.is_match(path)
    }

    /// Whether any rule denies reading some files.
    pub(crate) fn hides_files(&self) -> bool {
        !self.unreadable_patterns.is_empty()
    }

    /// The deny rule for reading that a shell glob might expand into.
    pub(crate) fn hidden_from_glob(&self, shell: &Pattern) -> Option<&RuleRef> {
        self.unreadable_patterns
            .iter()
            .find(|(pattern, _)| pattern.meets(shell))
            .map(|(_, index)| &self.rules[*index].origin)
    }

    /// Whether some file below a folder is denied for reading, as far as patterns can tell.
    pub(crate) fn hides_below(&self, folder: &Path) -> bool {
        let below = Pattern::below(folder);
        self.unreadable_patterns
            .iter()
            .any(|(pattern, _)| pattern.meets(&below))
    }
}

fn everything() -> GlobSet {
    let mut builder = globset::GlobSetBuilder::new();
    if let Ok(glob) = globset::Glob::new("**") {
        builder.add(glob);
    }
    builder.build().unwrap_or_default()
}

fn compile_one(origin: &RuleRef, place: &Place) -> Result<(Family, Matcher), String> {
    let (name, pattern) = split(origin.rule.trim())?;
    let family = Family::named(name).ok_or_else(|| format!("there is no tool called `{name}`"))?;
    let Some(pattern) = pattern else {
        return Ok((family, Matcher::Whole));
    };
    let matcher = match &family {
        Family::Shell => Matcher::Command(CommandPattern::parse(pattern)?),
        Family::Reading | Family::Writing | Family::Tool("grep" | "glob" | "list") => {
            Matcher::Paths(PathPattern::parse(pattern, origin, place)?)
        }
        Family::Tool(_) | Family::Mcp(_) => Matcher::Opaque,
    };
    Ok((family, matcher))
}

/// `Tool` or `Tool(pattern)`.
fn split(text: &str) -> Result<(&str, Option<&str>), String> {
    let Some((name, rest)) = text.split_once('(') else {
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        return Ok((text, None));
    };
    let pattern = rest.strip_suffix(')').ok_or("the closing `)` is missing")?;
    match pattern.trim() {
        "" => Err("the parentheses are empty".to_owned()),
        "*" | "**" => Ok((name.trim(), None)),
        pattern => Ok((name.trim(), Some(pattern))),
    }
}

impl Rule {
    /// Whether the rule speaks of reading or writing this file, seen as `tool`'s doing.
    pub(crate) fn holds_for_file(&self, tool: &str, doing: &Family, paths: &[&PathBuf]) -> bool {
        if self.family != *doing && !self.family.covers(tool) {
            return false;
        }
        match &self.matcher {
            Matcher::Whole => true,
            Matcher::Paths(pattern) => paths.iter().any(|path| pattern.matches(path)),
            Matcher::Command(_) => false,
            Matcher::Opaque => self.effect != RuleEffect::Allow,
        }
    }

    /// Whether the rule speaks of this tool as a whole.
    pub(crate) fn holds_for_tool(&self, tool: &str) -> bool {
        self.family.covers(tool)
            && match self.matcher {
                Matcher::Whole => true,
                Matcher::Paths(_) | Matcher::Command(_) => false,
                Matcher::Opaque => self.effect != RuleEffect::Allow,
            }
    }
}
