//! Names of commands and flags that are kept free: refused clearly, never ignored, never offered.

use std::ffi::OsString;

use crate::failure::{Failure, Kind};

/// Commands whose names are taken.
const COMMANDS: [&str; 7] = ["memory", "mcp", "serve", "acp", "ps", "attach", "logs"];

/// Flags whose names are taken.
const FLAGS: [&str; 2] = ["--mcp-config", "--fallback-model"];

/// Refuses names that are taken, before clap takes a command for a prompt or a flag for a slip.
///
/// # Errors
/// A failure that names the command or the flag.
pub fn refuse(words: &[OsString]) -> Result<(), Failure> {
    let mut words = words
        .iter()
        .skip(1)
        .filter_map(|word| word.to_str())
        .peekable();
    if let Some(first) = words.peek().filter(|first| COMMANDS.contains(first)) {
        return Err(not_yet(
            &format!("formic {first}"),
            "`formic help` lists the commands of this version",
        ));
    }
    let mut flags = words.take_while(|word| *word != "--");
    let name = |word: &str| word.split('=').next().unwrap_or_default().to_owned();
    match flags.find(|word| FLAGS.contains(&name(word).as_str())) {
        Some(word) => Err(not_yet(&name(word), "leave the flag out")),
        None => Ok(()),
    }
}

fn not_yet(what: &str, hint: &str) -> Failure {
    Failure::new(
        Kind::NotYet,
        format_args!("{what}: not in this version yet"),
        hint,
    )
}
