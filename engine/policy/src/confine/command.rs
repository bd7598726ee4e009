//! Commands, held against a node's confines: every word, redirection and folder of every part.

use std::path::{Path, PathBuf};

use super::target::{self, Target};
use super::{Confine, Trespass, Whose, file, git, mention};
use crate::Situation;
use crate::file::is_device;
use crate::named;
use crate::rule::Pattern;
use crate::shell::{self, Analysis, Atom, Class, Part, PartKind, Run, Word};

/// How many words of one command are looked at; a command with more is refused elsewhere or has nothing but names.
const WORDS: usize = 4_096;

/// Programs whose first operand is a text that may look like a path.
const SCRIPTED: [&str; 14] = [
    "sed", "perl", "ruby", "awk", "gawk", "mawk", "nawk", "jq", "grep", "egrep", "fgrep", "rg",
    "ag", "ack",
];

/// Programs that go through everything below the folders they are given.
const DESCENDERS: [&str; 24] = [
    "find", "grep", "egrep", "fgrep", "rg", "ag", "ack", "fd", "fdfind", "tree", "du", "ls", "cp",
    "mv", "rm", "rsync", "scp", "tar", "zip", "diff", "chmod", "chown", "chgrp", "ln",
];

/// Programs that have a service or another agent run commands, which then stand outside the node's walls.
const ESCAPES: [&str; 20] = [
    "formic",
    "systemd-run",
    "systemctl",
    "machinectl",
    "at",
    "batch",
    "crontab",
    "dbus-send",
    "gdbus",
    "busctl",
    "tmux",
    "screen",
    "launchctl",
    "osascript",
    "nsenter",
    "pkexec",
    "flatpak-spawn",
    "host-spawn",
    "distrobox-host-exec",
    "emacsclient",
];

/// Folders that builds make: not in any scope, as a rule ignored by git, and looked at afterwards anyway.
const BUILD_FOLDERS: [&str; 12] = [
    "target",
    "node_modules",
    "dist",
    "build",
    "out",
    ".venv",
    "venv",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    "coverage",
];

/// How a command leaves the confines of its place, as far as its text tells.
pub(crate) fn in_command(
    command: &str,
    analysis: &Analysis,
    situation: &Situation<'_>,
) -> Option<Trespass> {
    let confine = situation.place.confine.as_ref()?;
    let walls = Walls { confine, situation };
    let mut parts = analysis.parts.iter();
    parts
        .find_map(|part| walls.part(part))
        .or_else(|| mention::in_text(command, situation))
}

/// The confines with what is needed to follow words to files.
#[derive(Clone, Copy)]
pub(super) struct Walls<'a> {
    confine: &'a Confine,
    pub(super) situation: &'a Situation<'a>,
}

impl Walls<'_> {
    fn part(&self, part: &Part) -> Option<Trespass> {
        let cwds = &part.cwds;
        match &part.kind {
            PartKind::Run(run) => self.run(run, cwds),
            PartKind::Reads(word) => self.touches(word, cwds),
            // `up=..` is no way out yet.
            PartKind::Names(word) => self
                .touches(word, cwds)
                .filter(|found| !(is_vague(found) && climbs(word))),
            PartKind::Writes(word) => self
                .touches(word, cwds)
                .or_else(|| self.written(&Target::file(word.clone()), cwds)),
            PartKind::Sets(setting) => git::set(setting, cwds, self),
            PartKind::Unclear(_) => None,
        }
    }

    fn run(&self, run: &Run, cwds: &[PathBuf]) -> Option<Trespass> {
        let mut settings = run.settings.iter();
        let words = file_words(run);
        let mut words = run.words.iter().take(1).chain(words.iter().take(WORDS));
        settings
            .find_map(|setting| git::set(setting, cwds, self))
            .or_else(|| words.find_map(|word| self.touches(word, cwds)))
            .or_else(|| escape(run))
            .or_else(|| git::judge(run, cwds, self))
            .or_else(|| self.goes_below(run, cwds))
            .or_else(|| {
                let targets = target::of(run);
                targets.iter().find_map(|target| self.written(target, cwds))
            })
    }

    /// A word, or any tail of it that could be a file name, that leads into a forbidden folder.
    pub(super) fn touches(&self, word: &Word, cwds: &[PathBuf]) -> Option<Trespass> {
        let place = self.situation.place;
        let names = named::names(word);
        names.iter().enumerate().find_map(|(at, name)| {
            let paths = named::paths(name, cwds, self.situation);
            let mut paths = paths.iter();
            let found = paths
                .find_map(|path| Trespass::foreign(path, self.confine, place))
                .or_else(|| self.may_touch(name, cwds))?;
            // `s,../a,../b,` climbs as well, and means no file: only what surely is somebody's counts in a tail.
            (at == 0 || !is_vague(&found) || !climbs(name)).then_some(found)
        })
    }

    /// A glob or a variable whose known beginning is outside the tree, and which may end in a forbidden folder.
    fn may_touch(&self, name: &Word, cwds: &[PathBuf]) -> Option<Trespass> {
        if !(name.has_gap() || name.is_glob()) || !is_absolute_or_climbs(name) {
            return None;
        }
        let place = self.situation.place;
        let own = |path: &Path| self.confine.own(place).any(|dir| path.starts_with(dir));
        if self.beginnings(name, cwds).iter().all(|path| own(path)) {
            return None;
        }
        let shapes = named::shapes(name, cwds, self.situation);
        let forbidden = self.confine.forbidden.iter().find(|one| {
            let below = Pattern::below(&one.folder);
            shapes.iter().any(|shape| below.meets(shape))
        })?;
        Trespass::foreign(&forbidden.folder, self.confine, place)
    }

    /// The folders a glob or a word with variables certainly begins in.
    fn beginnings(&self, word: &Word, cwds: &[PathBuf]) -> Vec<PathBuf> {
        let special = |atom: &Atom| matches!(atom, Atom::Gap(_) | Atom::Char('*' | '?' | '[', _));
        let known = word.0.iter().position(special).unwrap_or(word.0.len());
        let slash = word.0[..known]
            .iter()
            .rposition(|atom| matches!(atom, Atom::Char('/', _)))
            .map_or(0, |at| at + 1);
        let folder = Word(word.0[..slash].to_vec());
        named::paths(&folder, cwds, self.situation)
    }

    /// Programs that go through everything below a folder which a forbidden one lies in.
    fn goes_below(&self, run: &Run, cwds: &[PathBuf]) -> Option<Trespass> {
        let name = run.base_name()?;
        let below = DESCENDERS.contains(&name.as_str())
            || matches!(shell::classify(run), Class::Reads { below: true, .. });
        if !below || (name == "ls" && !lists_below(run)) {
            return None;
        }
        let mut words = file_words(run);
        words.retain(|word| !word.shown().starts_with('-'));
        if words.is_empty() {
            words.push(Word::literal("."));
        }
        let mut known = words.iter().take(WORDS).filter(|word| !word.has_gap());
        known.find_map(|word| {
            let paths = named::paths(word, cwds, self.situation);
            let mut paths = paths.iter();
            paths.find_map(|path| file::above(path, self.situation))
        })
    }

    /// What a command writes: below the root, in the scope or where builds write.
    fn written(&self, target: &Target, cwds: &[PathBuf]) -> Option<Trespass> {
        let trespass = self.each(&target.word, cwds, target.scoped)?;
        if target.into.is_empty() || !matches!(trespass, Trespass::Scope { .. }) {
            return Some(trespass);
        }
        // It may be a folder; then what counts is what lands in it.
        let mut into = target.into.iter();
        into.find_map(|word| self.each(word, cwds, target.scoped))
            .map(|_| trespass)
    }

    fn each(&self, word: &Word, cwds: &[PathBuf], scoped: bool) -> Option<Trespass> {
        let open = word.has_gap() || word.is_glob();
        let paths = if open {
            self.beginnings(word, cwds)
        } else {
            named::paths(word, cwds, self.situation)
        };
        paths
            .iter()
            .find_map(|path| self.file(path, scoped && !open))
    }

    fn file(&self, path: &Path, scoped: bool) -> Option<Trespass> {
        if is_device(path) || self.confine.is_scratch(path) {
            return Trespass::foreign(path, self.confine, self.situation.place);
        }
        let relative = match file::beyond(path, self.confine, self.situation) {
            Ok(relative) => relative,
            Err(trespass) => return Some(trespass),
        };
        let built = relative
            .split('/')
            .any(|part| BUILD_FOLDERS.contains(&part));
        let fine = !scoped || built || self.confine.writes.holds_folder(&relative);
        (!fine).then(|| Trespass::scope(relative, self.confine))
    }

    /// Whether a word certainly leads into the root.
    pub(super) fn keeps_in(&self, word: &Word, cwds: &[PathBuf]) -> bool {
        let root = &self.situation.place.root;
        let paths = named::paths(word, cwds, self.situation);
        word.value().is_some() && paths.iter().all(|path| path.starts_with(root))
    }
}

/// Into formic's data at large, not into the tree of somebody known.
const fn is_vague(found: &Trespass) -> bool {
    matches!(
        found,
        Trespass::Foreign {
            whose: Whose::Data,
            ..
        }
    )
}

fn escape(run: &Run) -> Option<Trespass> {
    let program = run
        .base_name()
        .filter(|name| ESCAPES.contains(&name.as_str()))?;
    Some(Trespass::Escape { program })
}

/// The arguments that may name files: not the texts of searches and scripts.
fn file_words(run: &Run) -> Vec<Word> {
    let scripted = run
        .base_name()
        .filter(|name| SCRIPTED.contains(&name.as_str()));
    if run.base_name().as_deref() == Some("ln") {
        // A symlink's target is relative to the link, not to the folder the command runs in.
        let targets = target::of(run).into_iter();
        return targets.map(|target| target.word).collect();
    }
    match (shell::classify(run), scripted) {
        (Class::Inert, _) => Vec::new(),
        (Class::Reads { files, .. }, _) => files,
        (Class::Unknown(_), Some(name)) => target::after_script(&name, run),
        _ => run.arguments().to_vec(),
    }
}

fn lists_below(run: &Run) -> bool {
    run.arguments().iter().any(|word| {
        let text = word.shown();
        text == "--recursive"
            || text.starts_with('-') && !text.starts_with("--") && text.contains('R')
    })
}

fn climbs(word: &Word) -> bool {
    word.shown().split('/').any(|part| part == "..")
}

fn is_absolute_or_climbs(word: &Word) -> bool {
    word.shown().starts_with(['/', '~']) || climbs(word)
}
