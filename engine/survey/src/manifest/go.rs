//! Go: modules and their folders.

use std::collections::BTreeSet;

use super::{Manifests, command, is_word, nearest};
use crate::facts::{below, folder, join};
use crate::{Command, File, Language, Purpose, Role};

/// The path of the module a `go.mod` describes.
pub(super) fn module(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim);
    let path = lines.find_map(|line| line.strip_prefix("module"))?;
    let path = path
        .split("//")
        .next()
        .unwrap_or_default()
        .trim()
        .trim_matches('"');
    (!path.is_empty()).then(|| path.to_owned())
}

pub(super) fn commands(files: &[File], manifests: &Manifests) -> Vec<Command> {
    let mut commands = Vec::new();
    for at in manifests.go.keys() {
        let from = join(at, "go.mod");
        let modules = || manifests.go.keys().map(String::as_str);
        let own = |file: &&File| {
            file.language == Some(Language::Go)
                && below(&file.path, at)
                && nearest(modules(), &file.path) == Some(at)
        };
        let tests = files
            .iter()
            .filter(own)
            .filter(|file| file.role == Role::Test);
        let folders: BTreeSet<&str> = tests
            .map(|file| folder(&file.path))
            .filter(|f| f.len() > at.len())
            .collect();
        for tested in folders {
            let local = tested[at.len()..].trim_start_matches('/');
            if is_word(local) {
                commands.extend(command(
                    at,
                    &format!("go test ./{local}"),
                    Purpose::Test,
                    tested,
                    &from,
                ));
            }
        }
        commands.extend(command(at, "go test ./...", Purpose::Test, at, &from));
        commands.extend(command(at, "go vet ./...", Purpose::Check, at, &from));
        commands.extend(command(at, "go build ./...", Purpose::Build, at, &from));
    }
    commands
}
