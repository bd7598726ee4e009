//! What clap found wrong, said in formic's two lines.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Stop;
use crate::failure::Failure;

/// Whether errors are wanted as JSON, told from the bare words since they may not parse.
pub fn wants_json(words: &[OsString]) -> bool {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let is_json = |value: &str| matches!(value, "json" | "stream-json" | "events");
    words.iter().enumerate().any(|(at, word)| match *word {
        "--json" => true,
        "--output-format" => words.get(at + 1).is_some_and(|next| is_json(next)),
        _ => word.strip_prefix("--output-format=").is_some_and(is_json),
    })
}

/// Tells help from failure, and names what a failure is about.
pub fn explain(error: &clap::Error) -> Stop {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            Stop::Help(error.render().to_string().trim_end().to_owned())
        }
        _ => {
            let (message, hint) = lines(error);
            Stop::Failed(Failure::usage(message, hint))
        }
    }
}

const HELP: &str = "`formic help` lists commands and flags";

fn lines(error: &clap::Error) -> (String, String) {
    let arg = first_word(&text(error, ContextKind::InvalidArg));
    let value = text(error, ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => (
            format!("{arg}: a value is missing"),
            allowed(error).unwrap_or_else(|| format!("write a value after {arg}")),
        ),
        ErrorKind::InvalidValue => (
            format!("{arg}: {value:?} is not one of its values"),
            allowed(error).unwrap_or_else(|| HELP.to_owned()),
        ),
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string);
            let why = why.unwrap_or_else(|| "it cannot be read".to_owned());
            (format!("{arg}: {value:?} is not valid"), why)
        }
        ErrorKind::UnknownArgument => (
            format!("{arg}: no such flag or argument"),
            near(error, ContextKind::SuggestedArg),
        ),
        ErrorKind::InvalidSubcommand => (
            format!(
                "{}: no such command",
                text(error, ContextKind::InvalidSubcommand)
            ),
            near(error, ContextKind::SuggestedSubcommand),
        ),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => (
            "a subcommand is missing".to_owned(),
            "`formic help COMMAND` lists the subcommands of a command".to_owned(),
        ),
        ErrorKind::MissingRequiredArgument => (
            format!("{arg}: missing"),
            "`formic help COMMAND` shows what a command needs".to_owned(),
        ),
        ErrorKind::ArgumentConflict => conflict(error, &arg),
        ErrorKind::NoEquals => (
            format!("{arg}: a value must follow after `=`"),
            HELP.to_owned(),
        ),
        ErrorKind::InvalidUtf8 => (
            "command line: a word is not valid UTF-8".to_owned(),
            "write flags and their values as UTF-8".to_owned(),
        ),
        _ => (
            format!("command line: {arg} cannot be read"),
            HELP.to_owned(),
        ),
    }
}

fn conflict(error: &clap::Error, arg: &str) -> (String, String) {
    let prior = first_word(&text(error, ContextKind::PriorArg));
    if arg.is_empty() {
        return (
            "PROMPT: more than one".to_owned(),
            "put a prompt of several words in quotes; `formic help` lists the commands".to_owned(),
        );
    }
    if prior.is_empty() || prior == arg {
        return (
            format!("{arg}: given more than once"),
            "give it once".to_owned(),
        );
    }
    (
        format!("{arg}: cannot be used together with {prior}"),
        "leave one of the two out".to_owned(),
    )
}

fn allowed(error: &clap::Error) -> Option<String> {
    let values = text(error, ContextKind::ValidValue);
    (!values.is_empty()).then(|| format!("write one of {values}"))
}

fn near(error: &clap::Error, kind: ContextKind) -> String {
    let suggestion = text(error, kind);
    if suggestion.is_empty() {
        return HELP.to_owned();
    }
    format!("did you mean {suggestion}?")
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        _ => String::new(),
    }
}

/// `--max-turns <N>` is the flag `--max-turns`, and `<SESSION>...` the argument `SESSION`.
fn first_word(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let bare = word.trim_end_matches('.');
    bare.trim_matches(['<', '>', '[', ']']).to_owned()
}
