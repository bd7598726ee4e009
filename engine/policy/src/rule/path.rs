//! Path patterns of rules: gitignore-style, anchored as Claude Code anchors them.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use protocol::{RuleEffect, RuleRef};

use super::Pattern;
use crate::Place;
use crate::place::tidy;

/// The longest pattern, and the deepest braces in one: the library that compiles it descends once per brace, and a
/// project's settings are not to be trusted with that.
const PATTERN_BYTES: usize = 4_096;
const PATTERN_DEPTH: usize = 16;

/// One path pattern, compiled.
#[derive(Debug, Clone)]
pub(crate) struct PathPattern {
    set: GlobSet,
    globs: Vec<Glob>,
    patterns: Vec<Pattern>,
}

impl PathPattern {
    /// Compiles a pattern. Deny and ask rules ignore case, because some file systems do.
    pub(crate) fn parse(text: &str, origin: &RuleRef, place: &Place) -> Result<Self, String> {
        if text.starts_with('!') {
            return Err("patterns cannot be negated".to_owned());
        }
        if text.contains('\0') {
            return Err("the pattern holds a zero byte".to_owned());
        }
        if text.len() > PATTERN_BYTES || braces(text) > PATTERN_DEPTH {
            return Err(format!(
                "the pattern has more than {PATTERN_BYTES} bytes, or braces more than {PATTERN_DEPTH} deep"
            ));
        }
        let globs = anchor(text, origin, place)?;
        let folded = origin.effect != RuleEffect::Allow;
        let mut compiled = Vec::new();
        let mut set = GlobSetBuilder::new();
        let mut patterns = Vec::new();
        for text in globs
            .iter()
            .flat_map(|glob| [glob.clone(), format!("{glob}/**")])
        {
            let glob = GlobBuilder::new(&text)
                .literal_separator(true)
                .backslash_escape(true)
                .case_insensitive(folded)
                .build()
                .map_err(|error| format!("the pattern is broken: {}", error.kind()))?;
            set.add(glob.clone());
            compiled.push(glob);
            patterns.push(Pattern::of_rule(&text));
        }
        let set = set
            .build()
            .map_err(|error| format!("the pattern is broken: {}", error.kind()))?;
        Ok(Self {
            set,
            globs: compiled,
            patterns,
        })
    }

    pub(crate) fn matches(&self, path: &Path) -> bool {
        self.set.is_match(path)
    }

    pub(crate) fn globs(&self) -> &[Glob] {
        &self.globs
    }

    pub(crate) fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }
}

/// How many braces are open at once, at most.
fn braces(pattern: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in pattern.bytes() {
        match byte {
            b'{' => open += 1,
            b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// The absolute globs a pattern means; a folder's glob covers what is below it, as in gitignore.
fn anchor(text: &str, origin: &RuleRef, place: &Place) -> Result<Vec<String>, String> {
    if let Some(rest) = text.strip_prefix("//") {
        return Ok(vec![below(Path::new("/"), rest)?]);
    }
    if text == "~" || text.starts_with("~/") {
        let home = place.home.as_ref().ok_or("the home folder is not known")?;
        return Ok(vec![below(home, text.trim_start_matches(['~', '/']))?]);
    }
    if text.starts_with('~') {
        return Err("only `~/` is understood, not another user's home".to_owned());
    }
    if let Some(rest) = text.strip_prefix('/') {
        return Ok(vec![below(&project_of(origin, place), rest)?]);
    }
    let mut bases = vec![&place.root];
    if origin.effect == RuleEffect::Deny {
        bases.extend(&place.added);
    }
    // As in gitignore, a pattern without a slash means that name at any depth.
    let rest = if text.trim_end_matches('/').contains('/') {
        text.to_owned()
    } else {
        format!("**/{text}")
    };
    bases.into_iter().map(|base| below(base, &rest)).collect()
}

/// The folder whose settings state the rule: the one that holds `.formic` or `.claude`.
fn project_of(origin: &RuleRef, place: &Place) -> PathBuf {
    let Some(folder) = origin.file.as_deref().and_then(Path::parent) else {
        return place.root.clone();
    };
    match (folder.file_name(), folder.parent()) {
        (Some(name), Some(project)) if name == ".formic" || name == ".claude" => project.into(),
        _ => folder.into(),
    }
}

fn below(base: &Path, rest: &str) -> Result<String, String> {
    let base = globset::escape(&tidy(base).to_string_lossy());
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Err(
            "the pattern names the root of the file system; use the bare tool name".to_owned(),
        );
    }
    Ok(format!("/{}", parts.join("/")))
}
