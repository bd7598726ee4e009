//! Commands that clap takes for a prompt: behind flags, or with a slip in the name.

use std::ffi::OsString;

use crate::failure::Failure;

/// What was meant where words make no sense together, or make a prompt nobody asked for with -p.
///
/// A failure that names the word, if it is or resembles one of `commands`.
pub fn meant(words: &[OsString], commands: &[&str]) -> Option<Failure> {
    let words: Vec<&str> = words
        .iter()
        .skip(1)
        .map_while(|word| word.to_str())
        .collect();
    let first = words.first()?;
    if let Some(command) = commands.iter().find(|command| is_near(first, command)) {
        return Some(Failure::usage(
            format_args!("{first}: no such command"),
            format_args!("did you mean {command}? A prompt of several words goes in quotes"),
        ));
    }
    let command = behind_flags(&words).find(|word| commands.contains(word))?;
    Some(Failure::usage(
        format_args!("{command}: a command cannot follow after the flags of a run"),
        format_args!(
            "begin with it: formic {command} ...; a prompt of several words goes in quotes"
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

/// Whether one letter more, less or other makes the one into the other.
fn is_near(word: &str, name: &str) -> bool {
    let (word, name): (Vec<char>, Vec<char>) = (word.chars().collect(), name.chars().collect());
    let same = word.iter().zip(&name).take_while(|(a, b)| a == b).count();
    let (word, name) = (&word[same..], &name[same..]);
    let after = |rest: &[char]| rest.get(1..).unwrap_or_default().to_vec();
    (word.len(), name.len()) != (0, 0)
        && (after(word) == name || word == after(name) || after(word) == after(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Option<String> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let failure = meant(&words, &["sessions", "cost", "replay"])?;
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
