//! Shell commands taken apart: every simple command, redirection and expansion, or why it is unclear.

mod ansi;
mod brace;
mod find;
mod git;
mod known;
mod lossy;
mod read;
mod script;
mod table;
mod text;
mod walk;
mod word;
mod wrapper;

use std::path::{Path, PathBuf};
use std::rc::Rc;

pub(crate) use known::{Class, classify};
pub(crate) use lossy::{loses_work, removes_all};
pub(crate) use text::is_invisible;
pub(crate) use word::{Atom, Word};

/// A command, taken apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Analysis {
    /// Everything it does, outer commands before the ones they start.
    pub(crate) parts: Vec<Part>,
    /// Whether the shell may stand in another folder afterwards.
    pub(crate) moves: bool,
}

/// One thing a command does.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// What it does.
    pub(crate) kind: PartKind,
    /// The folders it may run in.
    pub(crate) cwds: Rc<[PathBuf]>,
    /// The part that starts it, and the word of that part where this one begins.
    pub(crate) parent: Option<(usize, usize)>,
}

/// The kinds of things commands do.
#[derive(Debug, Clone)]
pub(crate) enum PartKind {
    /// Run a program or a builtin.
    Run(Run),
    /// Read a file by redirection.
    Reads(Word),
    /// Write a file by redirection.
    Writes(Word),
    /// Name something that could be a file (a loop's values, a test's operand).
    Names(Word),
    /// Set a variable of the shell.
    Sets(Setting),
    /// Something that cannot be followed.
    Unclear(String),
}

/// One simple command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    /// Variables set for it.
    pub(crate) settings: Vec<Setting>,
    /// Its name and arguments.
    pub(crate) words: Vec<Word>,
    /// What it reads from a here-document whose text is known.
    pub(crate) input: Option<String>,
    /// How it starts other commands, if it does.
    pub(crate) starts: Starts,
}

/// Whether a command only starts others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Starts {
    /// It does its own work.
    #[default]
    Nothing,
    /// It does nothing but start the parts it is parent of.
    Others,
    /// It starts others with more rights, elsewhere, or again and again.
    OthersOtherwise,
}

/// A variable being set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Its name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: Word,
}

impl Run {
    /// The program's name if it is known, without quotes.
    pub(crate) fn name(&self) -> Option<String> {
        let name = self.words.first()?;
        if name.spelled()? == "[" {
            return Some("[".to_owned());
        }
        name.value()
    }

    /// The program's name without folders.
    pub(crate) fn base_name(&self) -> Option<String> {
        let name = self.name()?;
        Some(name.rsplit('/').next().unwrap_or(&name).to_owned())
    }

    /// The arguments.
    pub(crate) fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }

    /// The words, one blank between them, quoted where they need it.
    pub(crate) fn text(&self) -> String {
        join(&self.words, Word::quoted)
    }

    /// The words, one blank between them, without any quotes.
    pub(crate) fn bare_text(&self) -> String {
        join(&self.words, Word::shown)
    }
}

fn join(words: &[Word], spell: impl Fn(&Word) -> String) -> String {
    words.iter().map(spell).collect::<Vec<_>>().join(" ")
}

/// Takes a command apart. Never fails: what cannot be followed becomes an unclear part.
pub(crate) fn analyse(command: &str, cwd: &Path, home: Option<&Path>) -> Analysis {
    walk::Walker::new(cwd, home).whole(command)
}

/// Whether a variable may be set for a command without changing what it runs.
pub(crate) fn is_plain_setting(name: &str) -> bool {
    table::is_plain_setting(name)
}

/// Whether a program shows what is in the files it is given.
pub(crate) fn shows_files(name: &str) -> bool {
    table::row_of(name).is_some_and(|row| row.operands != table::Operands::None)
}

/// A git command without git's own options: `git -C x reset` as `git reset`.
pub(crate) fn without_git_options(run: &Run) -> Option<String> {
    if run.base_name()? != "git" {
        return None;
    }
    let git = git::parse(run)?;
    let mut words = vec!["git".to_owned(), git.subcommand];
    words.extend(git.arguments.iter().map(Word::shown));
    Some(words.join(" "))
}
