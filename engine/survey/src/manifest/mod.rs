//! Manifests: which packages there are, and which commands check them.

mod cargo;
mod go;
mod npm;
mod python;
mod targets;
mod toml;

use std::collections::BTreeMap;

use crate::facts::{below, name};
use crate::look::Looked;
use crate::{Command, File, Package, Purpose, System};

/// The most commands that are offered.
const MOST_COMMANDS: usize = 400;
/// The longest name or path that is put into a command, in bytes.
const LONGEST_WORD: usize = 120;

/// What the manifests say.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    /// The packages, by folder.
    pub packages: Vec<Package>,
    /// Cargo's manifests, by folder.
    pub cargo: BTreeMap<String, cargo::Manifest>,
    /// npm's manifests, by folder.
    pub npm: BTreeMap<String, npm::Manifest>,
    /// The path aliases of TypeScript, by folder.
    pub aliases: BTreeMap<String, Vec<npm::Alias>>,
    /// The paths of Go's modules, by folder.
    pub go: BTreeMap<String, String>,
    /// Where pytest is configured, by folder.
    pub pytest: BTreeMap<String, String>,
    /// The targets of make and just that check something, by the path of their file.
    pub targets: BTreeMap<String, Vec<String>>,
}

/// Whether the text of a file is wanted here.
pub(crate) fn is_read(path: &str) -> bool {
    matches!(
        name(path),
        "Cargo.toml"
            | "package.json"
            | "tsconfig.json"
            | "jsconfig.json"
            | "pyproject.toml"
            | "setup.cfg"
            | "setup.py"
            | "tox.ini"
            | "pytest.ini"
            | "go.mod"
    ) || System::of_targets(path).is_some()
}

impl System {
    /// What runs the targets of a file.
    fn of_targets(path: &str) -> Option<Self> {
        match name(path) {
            "Makefile" | "makefile" | "GNUmakefile" => Some(Self::Make),
            "justfile" | "Justfile" | ".justfile" => Some(Self::Just),
            _ => None,
        }
    }
}

/// Reads the manifests among the files.
pub(crate) fn read(looked: &[Looked]) -> Manifests {
    let mut all = Manifests::default();
    for file in looked {
        let Some(text) = &file.text else { continue };
        let place = || file.folder().to_owned();
        match file.name() {
            "Cargo.toml" => {
                all.cargo.insert(place(), cargo::Manifest::read(text));
            }
            "package.json" => {
                all.npm
                    .extend(npm::Manifest::read(text).map(|manifest| (place(), manifest)));
            }
            "tsconfig.json" | "jsconfig.json" => {
                all.aliases
                    .entry(place())
                    .or_default()
                    .extend(npm::aliases(file.folder(), text));
            }
            "go.mod" => {
                all.go.extend(go::module(text).map(|path| (place(), path)));
            }
            "pyproject.toml" | "setup.cfg" | "setup.py" | "tox.ini" | "pytest.ini" => {
                python::read(&mut all, file.path(), text);
            }
            _ => {
                all.targets
                    .insert(file.path().to_owned(), targets::checking(file.path(), text));
            }
        }
    }
    all.collect_packages();
    all
}

impl Manifests {
    fn collect_packages(&mut self) {
        let package = |folder: &str, name: &str, system, manifest: &str| Package {
            folder: folder.to_owned(),
            name: name.to_owned(),
            system,
            manifest: crate::facts::join(folder, manifest),
        };
        let cargo = self.cargo.iter().filter(|(_, m)| !m.name.is_empty());
        let cargo = cargo.map(|(at, m)| package(at, &m.name, System::Cargo, "Cargo.toml"));
        let npm = self
            .npm
            .iter()
            .map(|(at, m)| package(at, &m.name, System::Npm, "package.json"));
        let go = self
            .go
            .iter()
            .map(|(at, path)| package(at, path, System::Go, "go.mod"));
        let mut found: Vec<Package> = cargo.chain(npm).chain(go).collect();
        found.append(&mut self.packages);
        found.sort_by(|a, b| (&a.folder, a.system).cmp(&(&b.folder, b.system)));
        found.dedup_by(|a, b| (&a.folder, a.system) == (&b.folder, b.system));
        self.packages = found;
    }
}

/// The commands that check something, the narrower before the wider.
pub(crate) fn commands(files: &[File], manifests: &Manifests) -> Vec<Command> {
    let mut commands = cargo::commands(manifests);
    commands.extend(npm::commands(files, manifests));
    commands.extend(python::commands(files, manifests));
    commands.extend(go::commands(files, manifests));
    commands.extend(targets::commands(manifests));
    commands.sort_by_key(|command| {
        std::cmp::Reverse(command.covers.split('/').filter(|n| !n.is_empty()).count())
    });
    if commands.len() > MOST_COMMANDS {
        // Those that cover everything come last and are needed most.
        let whole: Vec<Command> = commands
            .iter()
            .filter(|c| c.covers.is_empty())
            .cloned()
            .collect();
        commands.retain(|command| !command.covers.is_empty());
        commands.truncate(MOST_COMMANDS.saturating_sub(whole.len()));
        commands.extend(whole);
    }
    commands
}

/// A command run in a folder; `None` if the folder's name cannot be written into a command as it is.
fn command(at: &str, cmd: &str, purpose: Purpose, covers: &str, from: &str) -> Option<Command> {
    let cmd = match at {
        "" => cmd.to_owned(),
        at if is_word(at) => format!("cd {at} && {cmd}"),
        _ => return None,
    };
    Some(Command {
        cmd,
        purpose,
        covers: covers.to_owned(),
        from: from.to_owned(),
    })
}

/// Whether a shell takes a text for one plain word that is no option.
fn is_word(text: &str) -> bool {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@' | '+');
    !text.is_empty()
        && text.len() <= LONGEST_WORD
        && text.chars().all(plain)
        && !text.starts_with(['-', '/'])
}

/// Whether there is a file of this path.
fn has(files: &[File], path: &str) -> bool {
    files
        .binary_search_by(|file| file.path.as_str().cmp(path))
        .is_ok()
}

/// The nearest of the folders that holds a path.
pub(crate) fn nearest<'a>(
    mut folders: impl DoubleEndedIterator<Item = &'a str>,
    path: &str,
) -> Option<&'a str> {
    // Sorted by name, the longest folder that holds a path stands last of those that do.
    folders.rfind(|folder| below(path, folder))
}
