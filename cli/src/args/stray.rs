//! Commands that clap takes for a prompt: behind flags, or with a slip in the name.

use std::ffi::OsString;

use crate::failure::Failure;

/// Where commands stand, and what else may stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Behind `formic`, where a prompt needs -p beside it.
    Program,
    /// Behind `formic swarm`, where a goal may stand.
    Swarm,
}

impl Place {
    fn hint(self, first: &str, command: &str) -> String {
        match self {
            Self::Program => {
                format!("did you mean {command}? A prompt of several words goes in quotes")
            }
            Self::Swarm => format!(
                "did you mean formic swarm {command}? A goal of several words goes in quotes, one of this word is: formic swarm -- {first}"
            ),
        }
    }

    const fn before(self) -> &'static str {
        match self {
            Self::Program => "formic",
            Self::Swarm => "formic swarm",
        }
    }
}

/// What was meant where words make no sense together, or make a prompt nobody asked for with -p.
///
/// A failure that names the word, if it is or resembles one of `commands`. Behind `--` there is no command.
pub fn meant(words: &[OsString], commands: &[&str], place: Place) -> Option<Failure> {
    let words: Vec<&str> = words
        .iter()
        .skip(1)
        .map_while(|word| word.to_str())
        .take_while(|word| *word != "--")
        .collect();
    let first = words.first()?;
    if let Some(command) = commands.iter().find(|command| is_near(first, command)) {
        return Some(Failure::usage(
            format_args!("{first}: no such command"),
            place.hint(first, command),
        ));
    }
    let command = behind_flags(&words).find(|word| commands.contains(word))?;
    Some(Failure::usage(
        format_args!("{command}: a command cannot follow after the flags of a run"),
        format_args!(
            "begin with it: {} {command} ...; a prompt of several words goes in quotes",
            place.before()
        ),
    ))
}

/// The words that stand behind nothing but flags and their values.
fn behind_flags<'a>(words: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let is_flag = |word: &&str| word.starts_with('-');
    let bare_pair = words
        .windows(2)
        .position(|pair| !pair.iter().any(is_flag))
        .map_or(words.len(), |at| at + 2);
    words[..bare_pair]
        .iter()
        .copied()
        .filter(move |word| !is_flag(word))
}

/// A name with at least so many letters may have two slips in it.
const LONG: usize = 6;

/// Whether a slip or two make the name into the word: a letter more, less or other, or two that changed places.
fn is_near(word: &str, name: &str) -> bool {
    let most = if name.chars().count() >= LONG { 2 } else { 1 };
    (1..=most).contains(&slips(word, name))
}

/// How many slips lie between two words.
fn slips(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for (i, from) in a.iter().enumerate() {
        let above = &rows[i];
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let other = above[j] + usize::from(from != to);
            let mut least = other.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == *to {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Option<String> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let failure = meant(&words, &["sessions", "cost", "replay"], Place::Program)?;
        Some(failure.message)
    }

    #[test]
    fn a_command_that_was_misspelt_or_stands_behind_flags_is_named_and_a_prompt_is_not() {
        let slip = |word: &str| Some(format!("{word}: no such command"));
        let late = |word: &str| {
            Some(format!(
                "{word}: a command cannot follow after the flags of a run"
            ))
        };
        for (line, then) in [
            ("formic sesions list", slip("sesions")),
            ("formic session", slip("session")),
            ("formic costs", slip("costs")),
            ("formic repley", slip("repley")),
            ("formic csot", slip("csot")),
            ("formic seesion list", slip("seesion")),
            ("formic -- cost", None),
            ("formic coast-guard", None),
            ("formic --cwd . sessions list", late("sessions")),
            ("formic --verbose cost", late("cost")),
            ("formic -p sessions list", late("sessions")),
            ("formic explain", None),
            ("formic -p explain the cost", None),
            ("formic say hi", None),
            ("formic", None),
        ] {
            assert_eq!(said(line), then, "{line}");
        }
    }
}
