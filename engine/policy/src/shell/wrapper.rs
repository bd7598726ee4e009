//! Commands that start other commands: what they start is judged as if it stood alone.

use super::word::Word;
use super::{Run, Setting, Starts};

/// What a command starts.
#[derive(Debug)]
pub(super) struct Peeled {
    /// How it starts them.
    pub(super) starts: Starts,
    /// Whether they run in the shell itself and may move it.
    pub(super) same_shell: bool,
    /// What it starts.
    pub(super) inner: Vec<Inner>,
}

/// One thing that is started.
#[derive(Debug)]
pub(super) enum Inner {
    /// A command by its words, which begin at this word of the outer one.
    Words {
        /// The command.
        words: Vec<Word>,
        /// Where it begins.
        at: usize,
        /// Variables set for it.
        more: Vec<Setting>,
    },
    /// A script.
    Script(String),
    /// Nobody knows what.
    Unclear(String),
}

/// A wrapper whose command is the rest of its words.
struct Wrapper {
    names: &'static [&'static str],
    /// Options that stand alone.
    alone: &'static [&'static str],
    /// Options that take the next word.
    valued: &'static [&'static str],
    /// Words between the options and the command (timeout's duration).
    operands: usize,
    starts: Starts,
}

const fn plain(
    names: &'static [&'static str],
    alone: &'static [&'static str],
    valued: &'static [&'static str],
) -> Wrapper {
    Wrapper {
        names,
        alone,
        valued,
        operands: 0,
        starts: Starts::Others,
    }
}

const WRAPPERS: [Wrapper; 11] = [
    Wrapper {
        operands: 1,
        ..plain(
            &["timeout"],
            &[
                "--foreground",
                "--preserve-status",
                "-v",
                "--verbose",
                "-p",
                "-f",
            ],
            &["-s", "--signal", "-k", "--kill-after"],
        )
    },
    plain(&["nice"], &[], &["-n", "--adjustment"]),
    plain(&["ionice"], &["-t"], &["-c", "-n"]),
    plain(&["nohup", "builtin", "command"], &["-p"], &[]),
    plain(&["setsid"], &["-w", "--wait", "-f", "--fork"], &[]),
    plain(&["exec"], &["-c", "-l"], &["-a"]),
    plain(&["time"], &["-p", "-v"], &[]),
    plain(&["stdbuf"], &[], &["-i", "-o", "-e"]),
    plain(&["busybox", "toybox"], &[], &[]),
    plain(
        &["xargs"],
        &[
            "-0",
            "-r",
            "-t",
            "-x",
            "--null",
            "--no-run-if-empty",
            "--verbose",
            "--exit",
        ],
        &[
            "-n",
            "-P",
            "-I",
            "-L",
            "-s",
            "-d",
            "-E",
            "--max-args",
            "--max-procs",
        ],
    ),
    Wrapper {
        starts: Starts::OthersOtherwise,
        ..plain(
            &["sudo", "doas"],
            &[
                "-E",
                "-n",
                "-H",
                "-k",
                "-b",
                "-S",
                "-i",
                "-s",
                "--preserve-env",
                "--non-interactive",
            ],
            &["-u", "--user", "-g", "--group", "-p", "--prompt"],
        )
    },
];

/// What a command starts; `None` if it does its own work.
pub(super) fn peel(name: &str, run: &Run) -> Option<Peeled> {
    match name {
        "env" => env(run),
        "sh" | "bash" | "dash" | "zsh" | "ksh" | "ash" | "rbash" => shell(run),
        "eval" => Some(script(joined(run.arguments()), Starts::Others, true)),
        "trap" => trap(run),
        "watch" | "parallel" | "ssh" | "script" | "su" | "entr" => Some(elsewhere(run)),
        "find" => super::find::peel(run),
        "command" if names_only(run) => None,
        _ => {
            let wrapper = WRAPPERS.iter().find(|row| row.names.contains(&name))?;
            Some(rest(name, run, wrapper))
        }
    }
}

/// `command -v x` looks a name up and runs nothing.
fn names_only(run: &Run) -> bool {
    let first = run.arguments().first().and_then(Word::value);
    matches!(first.as_deref(), Some("-v" | "-V"))
}

fn rest(name: &str, run: &Run, wrapper: &Wrapper) -> Peeled {
    let same_shell = matches!(name, "builtin" | "command" | "exec");
    let inner = match skip(&run.words, wrapper) {
        Ok(at) => {
            let mut words = run.words.get(at..).unwrap_or_default().to_vec();
            if name == "xargs" {
                feed(
                    &mut words,
                    replaced(run.words.get(1..at).unwrap_or_default()),
                );
            }
            let more = Vec::new();
            Inner::Words { words, at, more }
        }
        Err(reason) => Inner::Unclear(format!("{name}: {reason}")),
    };
    Peeled {
        starts: wrapper.starts,
        same_shell,
        inner: vec![inner],
    }
}

/// What `xargs -I` puts its input in place of, if it does.
fn replaced(options: &[Word]) -> Option<String> {
    let at = options
        .iter()
        .position(|word| word.shown().starts_with("-I"))?;
    let joined = options[at].shown()[2..].to_owned();
    if joined.is_empty() {
        return options.get(at + 1).map(Word::shown);
    }
    Some(joined)
}

/// The words of the command that `xargs` starts, its input among them.
fn feed(words: &mut Vec<Word>, replaced: Option<String>) {
    if words.is_empty() {
        words.push(Word::literal("echo"));
    }
    let Some(replaced) = replaced.filter(|text| !text.is_empty()) else {
        words.push(Word::fed());
        return;
    };
    for word in words
        .iter_mut()
        .filter(|word| word.shown().contains(&replaced))
    {
        *word = Word::fed();
    }
}

/// Where the started command begins.
fn skip(words: &[Word], options: &Wrapper) -> Result<usize, String> {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let Some(value) = word.value() else {
            return Err("what it starts is known only when it runs".to_owned());
        };
        if value == "--" {
            at += 1;
            break;
        }
        if !value.starts_with('-') || value == "-" {
            break;
        }
        at += option(&value, options).ok_or_else(|| format!("the option {value} is not known"))?;
    }
    Ok(at + options.operands)
}

/// How many words an option takes, itself included.
fn option(value: &str, options: &Wrapper) -> Option<usize> {
    if options.alone.contains(&value) {
        return Some(1);
    }
    if options.valued.contains(&value) {
        return Some(2);
    }
    let name = value.split('=').next().unwrap_or(value);
    let joined = value.starts_with("--") && options.valued.contains(&name);
    let attached = !value.starts_with("--")
        && value
            .get(..2)
            .is_some_and(|short| options.valued.contains(&short));
    // `nice -5` and clusters such as `xargs -0r`.
    let number = value[1..].chars().all(|c| c.is_ascii_digit()) && options.valued.contains(&"-n");
    let cluster = !value.starts_with("--")
        && value[1..]
            .chars()
            .all(|c| options.alone.contains(&format!("-{c}").as_str()));
    (joined || attached || number || cluster).then_some(1)
}

fn env(run: &Run) -> Option<Peeled> {
    let mut at = 1;
    let mut more = Vec::new();
    while let Some(word) = run.words.get(at) {
        match word.spelled() {
            Some(value) if matches!(value.as_str(), "-i" | "-" | "--ignore-environment") => {}
            Some(value) if value == "-u" || value == "--unset" => at += 1,
            Some(value) if value.starts_with("-u") || value.starts_with("--unset=") => {}
            Some(value) if value.starts_with('-') => {
                let reason = format!("env: the option {value} is not known");
                return Some(one(Inner::Unclear(reason), Starts::Others, false));
            }
            _ => match setting(word) {
                Some(setting) => more.push(setting),
                None => break,
            },
        }
        at += 1;
    }
    // Without a command it prints the environment: its own work.
    let words = run
        .words
        .get(at..)
        .filter(|words| !words.is_empty())?
        .to_vec();
    Some(one(Inner::Words { words, at, more }, Starts::Others, false))
}

/// `NAME=value` as a word.
fn setting(word: &Word) -> Option<Setting> {
    let shown = word.shown();
    let (name, _) = shown.split_once('=')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(plain)).then(|| Setting {
        name: name.to_owned(),
        value: word.after(name.len() + 1),
    })
}

/// `sh -c 'script'`, and a script from a here-document.
fn shell(run: &Run) -> Option<Peeled> {
    let mut at = 1;
    let mut from_text = false;
    while let Some(value) = run.words.get(at).and_then(Word::value) {
        match value.as_str() {
            "-o" | "+o" | "-O" | "+O" => at += 1,
            "--norc" | "--noprofile" | "--posix" | "--login" => {}
            "-" | "--" => {
                at += 1;
                break;
            }
            flags if flags.starts_with("--") => return None,
            flags if flags.starts_with('-') => from_text |= flags.contains('c'),
            flags if flags.starts_with('+') => {}
            _ => break,
        }
        at += 1;
    }
    if from_text {
        let text = run.words.get(at).map(std::slice::from_ref).map(joined);
        return Some(script(text.flatten(), Starts::Others, false));
    }
    // Without a file it runs what it reads.
    let fed = run
        .words
        .get(at)
        .is_none_or(|word| word.shown().starts_with("/dev/"));
    fed.then(|| script(run.input.clone(), Starts::Others, false))
}

fn trap(run: &Run) -> Option<Peeled> {
    let ends = |word: &&Word| word.value().as_deref() == Some("--");
    let first = run.arguments().iter().find(|word| !ends(word))?;
    let text = first.spelled();
    match text.as_deref() {
        Some("-" | "-p" | "-l" | "") => None,
        _ => Some(script(text, Starts::Others, false)),
    }
}

/// Commands that run the rest of their words elsewhere or repeatedly; options are not followed, so
/// every tail of the words may be the command.
fn elsewhere(run: &Run) -> Peeled {
    let mut inner = Vec::new();
    for at in 1..run.words.len() {
        if let Some(text) = joined(&run.words[at..])
            && !text.starts_with('-')
        {
            inner.push(Inner::Script(text));
        }
    }
    inner.truncate(8);
    Peeled {
        starts: Starts::OthersOtherwise,
        same_shell: false,
        inner,
    }
}

fn joined(words: &[Word]) -> Option<String> {
    let values: Option<Vec<String>> = words.iter().map(Word::value).collect();
    Some(values?.join(" "))
}

fn script(text: Option<String>, starts: Starts, same_shell: bool) -> Peeled {
    let inner = match text {
        Some(text) => Inner::Script(text),
        None => Inner::Unclear("it runs a script that is known only when it runs".to_owned()),
    };
    one(inner, starts, same_shell)
}

fn one(inner: Inner, starts: Starts, same_shell: bool) -> Peeled {
    Peeled {
        starts,
        same_shell,
        inner: vec![inner],
    }
}
