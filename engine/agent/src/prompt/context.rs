//! What goes before the user's words in the first message: the environment and the instruction files.

use std::path::Path;

use protocol::Text;

/// What the model should know of where it works. Changes from run to run, so it never stands in the
/// stable prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment<'a> {
    /// The folder it works in.
    pub cwd: &'a Path,
    /// The operating system, for example `linux`.
    pub os: &'a str,
    /// The date, `YYYY-MM-DD`.
    pub date: &'a str,
    /// One line on the state of the git repository; `None` outside one.
    pub git: Option<&'a str>,
}

/// The environment as the model reads it.
pub fn environment(facts: &Environment<'_>) -> Text {
    let git = facts.git.unwrap_or("not a git repository");
    let (cwd, os, date) = (facts.cwd.display(), facts.os, facts.date);
    format!(
        "<environment>\nworking folder: {cwd}\nplatform: {os}\ndate: {date}\ngit: {git}\n</environment>"
    )
    .into()
}

/// An instruction file as the model reads it.
pub fn instructions(path: &Path, text: &str) -> Text {
    format!(
        "<instructions from=\"{}\">\n{}\n</instructions>",
        path.display(),
        text.trim_end()
    )
    .into()
}
