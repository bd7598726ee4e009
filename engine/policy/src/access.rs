//! What a claim touches, so that calls which touch different things may run side by side.

use std::path::{Path, PathBuf};

use protocol::{Access, Action, Claim, RuleEffect};

use crate::Situation;
use crate::confine;
use crate::file::is_device;
use crate::named;
use crate::shell::{self, Class, Part, PartKind, Run, Starts};
use crate::tool_name::Family;

/// What a claim reads and writes. A command whose parts are not all known may do anything.
pub fn accesses(claim: &Claim, situation: &Situation<'_>) -> Vec<Access> {
    match &claim.action {
        Action::Read { path, .. } => vec![Access::searches(path)],
        Action::Search { root, .. } => vec![Access::searches(root)],
        Action::Write { path, .. } => vec![Access::changes(path)],
        Action::Run { command, cwd } => {
            let home = situation.place.home.as_deref();
            let analysis = shell::analyse(command, cwd, home);
            // Where the next command starts is something the next command depends on.
            if analysis.moves {
                return vec![Access::anything()];
            }
            let parts = analysis.parts.iter();
            let touched: Option<Vec<_>> = parts.map(|part| of_part(part, situation)).collect();
            touched.map_or_else(|| vec![Access::anything()], |all| all.concat())
        }
        Action::Integrate { .. } => vec![Access::anything()],
        Action::Session => Vec::new(),
    }
}

/// What one part touches; `None` if that is not known.
fn of_part(part: &Part, situation: &Situation<'_>) -> Option<Vec<Access>> {
    match &part.kind {
        PartKind::Run(run) => of_run(run, part, situation),
        PartKind::Reads(word) => word.value().map(|_| {
            let paths = files(named::paths(word, &part.cwds, situation));
            paths.into_iter().map(Access::reads).collect()
        }),
        PartKind::Writes(word) => word.value().map(|_| {
            let paths = files(named::paths(word, &part.cwds, situation));
            paths.into_iter().map(Access::changes).collect()
        }),
        PartKind::Names(_) => Some(Vec::new()),
        PartKind::Sets(_) => Some(Vec::new()),
        PartKind::Unclear(_) => None,
    }
}

fn of_run(run: &Run, part: &Part, situation: &Situation<'_>) -> Option<Vec<Access>> {
    let found = |words: &[shell::Word]| {
        let paths = words
            .iter()
            .flat_map(|word| named::paths(word, &part.cwds, situation));
        files(paths.collect())
    };
    match shell::classify(run) {
        Class::Inert | Class::Moves(_) => Some(Vec::new()),
        Class::Reads { files, .. } => {
            let outside = found(&files)
                .into_iter()
                .filter(|path| !situation.place.holds(path));
            let mut touched = vec![Access::searches(&situation.place.root)];
            touched.extend(outside.map(Access::searches));
            Some(touched)
        }
        Class::Repository(_) => Some(vec![Access::searches(&situation.place.root)]),
        Class::Arranges { reads, writes } => {
            let mut touched: Vec<Access> = found(&reads).into_iter().map(Access::reads).collect();
            // A folder may be moved as a whole.
            touched.extend(found(&writes).into_iter().map(|path| Access {
                writes: true,
                reach: protocol::Reach::Tree(path),
            }));
            Some(touched)
        }
        Class::Unknown(_) if run.starts == Starts::Others => Some(Vec::new()),
        Class::Unknown(_) => None,
    }
}

fn files(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.retain(|path| !is_device(path));
    paths
}

/// Whether no rule denies reading this file; search tools skip the others. Give it the path as asked
/// and where it leads, one after the other, if they differ.
pub fn may_read(path: &Path, situation: &Situation<'_>) -> bool {
    if situation.rules.unreadable(path) || confine::in_read(&[path], situation).is_some() {
        return false;
    }
    let mut rules = situation.rules.with_effect(RuleEffect::Deny);
    let whole = |rule: &crate::rule::Rule| {
        rule.family == Family::Reading && matches!(rule.matcher, crate::rule::Matcher::Whole)
    };
    !rules.any(whole)
}
