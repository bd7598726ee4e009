//! Instruction files: what the user and the project want every agent to know, in the order it is read.
//!
//! First the user's own files, then for every folder from the project root down to the working directory `AGENTS.md`,
//! `CLAUDE.md` and `CLAUDE.local.md`: the closer, the later. A file imported with `@path` follows the one that names it.

mod allowance;
mod collect;
mod imports;
mod nested;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::sources::Sources;
use collect::{Collector, resolved};

pub use allowance::{MAX_INSTRUCTION_BYTES, MAX_INSTRUCTIONS_BYTES};
pub use nested::Nested;

/// The names looked for in every folder of a project.
const IN_FOLDER: [&str; 4] = [
    "AGENTS.md",
    "CLAUDE.md",
    ".claude/CLAUDE.md",
    "CLAUDE.local.md",
];

/// Folders of foreign code: instructions below them were written for somebody else.
const FOREIGN_FOLDERS: [&str; 2] = ["node_modules", ".git"];

/// One instruction file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// Where it stands, symlinks resolved.
    pub path: PathBuf,
    /// Its text; where it was cut, the last line says so.
    pub text: String,
    /// Why it is here.
    pub origin: InstructionOrigin,
}

/// Why an instruction file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstructionOrigin {
    /// The user wrote it for all projects.
    User,
    /// It stands on the way from the project root to the working directory.
    Project,
    /// It stands nearer to a file that was touched.
    Nested,
    /// Another instruction file names it with `@path`.
    Import {
        /// The file that names it.
        by: PathBuf,
    },
}

/// An instruction file that was left out or cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The file.
    pub path: PathBuf,
    /// What happened to it and why.
    pub message: String,
}

/// Prints `file: message`.
impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

/// All instructions of one reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instructions {
    /// The files in the order they are given to a model: general ones first, the closest last.
    pub files: Vec<Instruction>,
    /// What was left out or cut.
    pub notes: Vec<Note>,
    /// Every path that was looked into, left-out ones too: what [`Nested::near`] need not look into again.
    pub seen: BTreeSet<PathBuf>,
}

/// The instructions a session starts with.
///
/// A missing file is fine, one that cannot be read gives a note. Of files with the same content the first counts.
/// When all together are too long, the user's own and then the closest ones are kept.
pub fn instructions(sources: &Sources) -> Instructions {
    let root = resolved(&sources.project_root);
    let mut collector = Collector::new(sources, root.clone(), BTreeSet::new());
    if sources.enabled.user {
        collector.user_files();
    }
    if sources.enabled.project {
        let cwd = resolved(&sources.cwd);
        for folder in folders(&root, &cwd) {
            collector.folder(&folder, &InstructionOrigin::Project);
        }
    }
    collector.finish()
}

/// The root and every folder below it on the way to `end`; only the root if `end` lies elsewhere.
fn folders(root: &Path, end: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.to_owned()];
    let steps = end.strip_prefix(root).unwrap_or(Path::new(""));
    let mut at = root.to_owned();
    for step in steps {
        if FOREIGN_FOLDERS.iter().any(|name| step == *name) {
            break;
        }
        at.push(step);
        folders.push(at.clone());
    }
    folders
}
