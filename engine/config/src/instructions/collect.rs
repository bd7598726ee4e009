//! Gathering instruction files: each once, none from outside, imports behind the file that names them.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{IN_FOLDER, Instruction, InstructionOrigin, Instructions, Note, allowance, imports};
use crate::read;
use crate::sources::Sources;

/// How many files may name one another in a row.
const MAX_IMPORT_DEPTH: usize = 5;

/// Text files an import may take from a hidden or a user folder, where keys and caches lie beside notes.
const NOTE_ENDINGS: [&str; 2] = ["md", "txt"];

/// A folder with its symlinks resolved, or as it is named where nothing is.
pub(super) fn resolved(folder: &Path) -> PathBuf {
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

/// Files as they are found, before the common allowance is dealt out.
pub(super) struct Collector<'a> {
    /// The project root, symlinks resolved.
    root: PathBuf,
    /// The user's folders, symlinks resolved once they are asked for.
    user_folders: OnceCell<Vec<PathBuf>>,
    sources: &'a Sources,
    found: Instructions,
}

impl<'a> Collector<'a> {
    pub(super) fn new(sources: &'a Sources, root: PathBuf, seen: BTreeSet<PathBuf>) -> Self {
        let found = Instructions {
            seen,
            ..Instructions::default()
        };
        Self {
            root,
            user_folders: OnceCell::new(),
            sources,
            found,
        }
    }

    fn user_folders(&self) -> &[PathBuf] {
        self.user_folders.get_or_init(|| {
            let all = self.sources.claude_user_dir.iter();
            all.chain([&self.sources.user_dir])
                .map(|folder| resolved(folder))
                .collect()
        })
    }

    /// `CLAUDE.md` of the user's `.claude` folder, then `FORMIC.md` of formic's own.
    pub(super) fn user_files(&mut self) {
        let names = ["CLAUDE.md", "FORMIC.md"];
        let folders = self.user_folders().to_vec();
        for (at, folder) in folders.iter().enumerate() {
            let own = at + 1 == folders.len();
            let file = folder.join(names[usize::from(own)]);
            // A user's files may be links into a folder of dotfiles, wherever that lies.
            if let Ok(resolved) = fs::canonicalize(&file) {
                self.take(&resolved, InstructionOrigin::User, 0);
            }
        }
    }

    /// The instruction files of one project folder.
    pub(super) fn folder(&mut self, folder: &Path, origin: &InstructionOrigin) {
        for name in IN_FOLDER {
            let file = folder.join(name);
            if self.found.seen.contains(&file) {
                continue;
            }
            // Most folders have none: one look costs less than resolving the way to it.
            let there = fs::symlink_metadata(&file);
            match there.and_then(|_| fs::canonicalize(&file)) {
                Ok(resolved) if resolved.starts_with(&self.root) => {
                    self.take(&resolved, origin.clone(), 0);
                }
                Ok(_) => self.note(
                    &file,
                    "left out, it is a link that leads outside the project",
                ),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => {}
                Err(e) => self.note(&file, &format!("left out, it cannot be read: {e}")),
            }
        }
    }

    /// The files, cut to what all together may hold.
    pub(super) fn finish(mut self) -> Instructions {
        allowance::cut_to_total(&mut self.found);
        self.found
    }

    /// Takes one file and then what it imports.
    fn take(&mut self, file: &Path, origin: InstructionOrigin, depth: usize) {
        if !self.found.seen.insert(file.to_owned()) {
            return;
        }
        let text = match read::head(file, allowance::MAX_INSTRUCTION_BYTES as u64) {
            Ok(Some((bytes, more))) => self.readable(file, &bytes, more),
            Ok(None) => return,
            Err(e) => return self.note(file, &format!("left out ({e})")),
        };
        if text.trim().is_empty()
            || self
                .found
                .files
                .iter()
                .any(|f| f.text.trim() == text.trim())
        {
            return;
        }
        let targets = if may_import(file, &origin) {
            imports::targets(&text)
        } else {
            Vec::new()
        };
        self.found.files.push(Instruction {
            path: file.to_owned(),
            text,
            origin,
        });
        for target in targets {
            self.import(file, &target, depth + 1);
        }
    }

    fn import(&mut self, by: &Path, target: &str, depth: usize) {
        let Some(named) = self.resolve(by, target) else {
            return;
        };
        // What is not a file is no import: an `@name` in plain prose.
        let Ok(file) = fs::canonicalize(&named) else {
            return;
        };
        if !file.is_file() || self.found.seen.contains(&file) {
            return;
        }
        if depth > MAX_IMPORT_DEPTH {
            return self.note(
                &file,
                &format!("left out, imported more than {MAX_IMPORT_DEPTH} files deep"),
            );
        }
        match self.refusal(&file) {
            Some(why) => self.note(&file, why),
            None => self.take(
                &file,
                InstructionOrigin::Import { by: by.to_owned() },
                depth,
            ),
        }
    }

    /// The path an import means: from the home, absolute, or beside the file that names it.
    fn resolve(&self, by: &Path, target: &str) -> Option<PathBuf> {
        match target.strip_prefix("~/") {
            Some(below) => Some(self.sources.home.as_ref()?.join(below)),
            None => Some(by.parent()?.join(target)),
        }
    }

    /// Why a file may not be imported. A repository of a stranger must not be able to name a key file and have it sent
    /// to a model, so hidden places and the user's folders give notes only.
    fn refusal(&self, file: &Path) -> Option<&'static str> {
        let is_note = file
            .extension()
            .is_some_and(|e| NOTE_ENDINGS.iter().any(|ending| e == *ending));
        if self
            .user_folders()
            .iter()
            .any(|folder| file.starts_with(folder))
        {
            return (!is_note).then_some(
                "left out, from the user's folders only .md and .txt files are imported",
            );
        }
        let Ok(inside) = file.strip_prefix(&self.root) else {
            return Some("left out, imports stay inside the project and the user's folders");
        };
        let hidden = inside
            .iter()
            .any(|step| step.to_string_lossy().starts_with('.'));
        (hidden && !is_note).then_some("left out, of hidden files only .md and .txt are imported")
    }

    fn readable(&mut self, file: &Path, bytes: &[u8], more: bool) -> String {
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if more {
            self.note(
                file,
                &allowance::cut_message(allowance::MAX_INSTRUCTION_BYTES),
            );
            return allowance::cut(text, allowance::MAX_INSTRUCTION_BYTES);
        }
        text.to_owned()
    }

    fn note(&mut self, file: &Path, message: &str) {
        self.found.seen.insert(file.to_owned());
        self.found.notes.push(Note {
            path: file.to_owned(),
            message: message.to_owned(),
        });
    }
}

/// `AGENTS.md` knows no imports; the other instruction files do, and what they import may import further.
fn may_import(file: &Path, origin: &InstructionOrigin) -> bool {
    let is_note = file.extension().is_some_and(|e| e == "md");
    let imported = matches!(origin, InstructionOrigin::Import { .. });
    is_note && (imported || file.file_name().is_some_and(|name| name != "AGENTS.md"))
}
