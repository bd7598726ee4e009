//! make and just: targets that check something.

use super::{Manifests, command};
use crate::facts::folder;
use crate::{Command, Purpose, System};

/// The targets that check something, by the names people give them.
const TARGETS: [(&str, Purpose); 8] = [
    ("test", Purpose::Test),
    ("tests", Purpose::Test),
    ("check", Purpose::Check),
    ("typecheck", Purpose::Check),
    ("build", Purpose::Build),
    ("all", Purpose::Build),
    ("lint", Purpose::Lint),
    ("clippy", Purpose::Lint),
];

/// The targets of a file that check something.
pub(super) fn checking(path: &str, text: &str) -> Vec<String> {
    let just = System::of_targets(path) == Some(System::Just);
    let target = |line: &str| {
        let (head, rest) = line.split_once(':')?;
        // `name := value` is no target, and one that needs arguments cannot be run without.
        let plain = !rest.starts_with('=') && !head.starts_with([' ', '\t', '#', '@']);
        let head = if just {
            head.trim_end()
        } else {
            head.split_whitespace().next()?
        };
        let known = TARGETS.iter().find(|(name, _)| *name == head)?;
        plain.then(|| known.0.to_owned())
    };
    let mut found: Vec<String> = text.lines().filter_map(target).collect();
    found.sort_unstable();
    found.dedup();
    found
}

pub(super) fn commands(manifests: &Manifests) -> Vec<Command> {
    let mut commands = Vec::new();
    for (path, targets) in &manifests.targets {
        let program = if System::of_targets(path) == Some(System::Just) {
            "just"
        } else {
            "make"
        };
        let known = TARGETS
            .iter()
            .filter(|(name, _)| targets.iter().any(|target| target == name));
        for (target, purpose) in known {
            let at = folder(path);
            commands.extend(command(
                at,
                &format!("{program} {target}"),
                *purpose,
                at,
                path,
            ));
        }
    }
    commands
}
