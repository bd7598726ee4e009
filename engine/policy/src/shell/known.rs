//! What a simple command is known to do, from its name and every one of its arguments.

use super::table::{self, Operands, Row};
use super::word::{Atom, Word};
use super::{Run, Starts, find, git};

/// What a command is known to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Class {
    /// It touches no file.
    Inert,
    /// It moves the shell there; `None` means home.
    Moves(Option<Word>),
    /// It reads these files; `below` if it reads everything below folders too.
    Reads {
        /// Files and folders.
        files: Vec<Word>,
        /// Whether it opens everything below the folders.
        below: bool,
    },
    /// It reads the repository it stands in, or the one of that folder.
    Repository(Option<Word>),
    /// It makes, copies or moves files: what it reads and what it writes.
    Arranges {
        /// Files it only reads.
        reads: Vec<Word>,
        /// Files and folders it writes or removes.
        writes: Vec<Word>,
    },
    /// Nothing certain; why not.
    Unknown(String),
}

/// Judges a command by its name and arguments.
pub(crate) fn classify(run: &Run) -> Class {
    if run.starts == Starts::OthersOtherwise {
        return Class::Unknown("it starts other commands in its own way".to_owned());
    }
    if let Some(setting) = run
        .settings
        .iter()
        .find(|s| !table::is_plain_setting(&s.name))
    {
        return Class::Unknown(format!("{} is set for it", setting.name));
    }
    let Some(name) = run.name().and_then(|name| trusted(&name)) else {
        return Class::Unknown("it is not a command known to only read".to_owned());
    };
    match name.as_str() {
        "cd" => moves(run),
        "git" => git::classify(run),
        "mkdir" | "touch" | "cp" | "mv" => arranges(&name, run),
        _ => by_table(&name, run),
    }
}

/// A command's name if it is bare, or lies where only the system puts programs.
fn trusted(name: &str) -> Option<String> {
    let Some((folder, base)) = name.rsplit_once('/') else {
        return Some(name.to_owned());
    };
    matches!(folder, "/bin" | "/usr/bin" | "/usr/local/bin").then(|| base.to_owned())
}

fn unknown(reason: &str) -> Class {
    Class::Unknown(reason.to_owned())
}

fn moves(run: &Run) -> Class {
    let flag = |word: &&Word| matches!(word.value().as_deref(), Some("-P" | "-L" | "-e" | "--"));
    let words: Vec<&Word> = run.arguments().iter().filter(|word| !flag(word)).collect();
    match words[..] {
        [] => Class::Moves(None),
        [word] if word.value().is_some_and(|v| !v.starts_with('-')) => {
            Class::Moves(Some(word.clone()))
        }
        _ => unknown("it is not known where it leads"),
    }
}

fn by_table(name: &str, run: &Run) -> Class {
    if let [argument] = run.arguments()
        && argument
            .value()
            .is_some_and(|value| table::prints_version(name, &value))
    {
        return Class::Inert;
    }
    if name == "command" {
        // Only `command -v` comes here: anything else starts another command.
        return Class::Inert;
    }
    let Some(row) = table::row_of(name) else {
        return unknown("it is not a command known to only read");
    };
    if let Some(reason) = objection(name, row, run) {
        return Class::Unknown(reason);
    }
    match row.operands {
        Operands::None => Class::Inert,
        _ => reads(name, row, run),
    }
}

/// Why a known command is not the harmless one its name promises.
fn objection(name: &str, row: Row, run: &Run) -> Option<String> {
    let shows = matches!(name, "echo" | "printf" | ":" | "exit" | "return");
    for (at, word) in run.arguments().iter().enumerate() {
        if word.has_gap() && !(shows && (name == "echo" || at > 0)) {
            return Some(format!("{} is known only when it runs", word.shown()));
        }
        if word.has_secret() {
            return Some(format!("{} may show a secret", word.shown()));
        }
        if word.is_glob() && !row.bad.is_empty() && may_be_option(word) {
            return Some(format!("{} may expand to an option", word.shown()));
        }
        if let Some(bad) = bad_option(row.bad, word) {
            return Some(format!("the option {bad} does more than read"));
        }
    }
    let values: Vec<String> = run.arguments().iter().filter_map(Word::spelled).collect();
    let fine = match name {
        "printf" => values.first().is_none_or(|first| !first.starts_with('-')),
        "[" | "test" => !values.iter().any(|value| value == "-v" || value == "-R"),
        "date" => date(&values),
        "set" => values.iter().all(|value| is_plain_set(value)),
        "read" => values.iter().all(|value| is_plain_read(value)),
        "find" => !find::changes(run),
        "sed" => sed(&values),
        "awk" | "gawk" | "mawk" | "nawk" => awk(&values),
        "jq" => !values
            .iter()
            .any(|value| value.contains("env") || value.contains("ENV")),
        "uniq" | "xxd" => operands(run).len() <= 1,
        _ => true,
    };
    (!fine).then(|| "with these arguments it may do more than read".to_owned())
}

fn may_be_option(word: &Word) -> bool {
    !matches!(word.0.first(), Some(Atom::Char(c, _)) if !"-*?[".contains(*c))
}

/// The option among `bad` that a word is or may be short for.
pub(super) fn bad_option(bad: &[&str], word: &Word) -> Option<String> {
    let text = word.spelled()?;
    if let Some(long) = text.strip_prefix("--") {
        let name = long.split('=').next().unwrap_or(long);
        let hit = bad
            .iter()
            .filter_map(|bad| bad.strip_prefix("--"))
            .any(|bad| !name.is_empty() && (bad.starts_with(name) || bad.is_empty()));
        return hit.then(|| format!("--{name}"));
    }
    let letters = text.strip_prefix('-')?;
    let letter = bad
        .iter()
        .filter(|bad| bad.len() == 1)
        .find(|bad| letters.contains(**bad))?;
    Some(format!("-{letter}"))
}

fn operands(run: &Run) -> Vec<&Word> {
    let is_option = |word: &&Word| word.shown().starts_with('-') && word.shown().len() > 1;
    run.arguments()
        .iter()
        .filter(|word| !is_option(word))
        .collect()
}

fn reads(name: &str, row: Row, run: &Run) -> Class {
    let given = |long: &str, letters: &str| has_option(run, long, letters);
    let files = match (name, row.operands) {
        ("find", _) => run
            .arguments()
            .iter()
            .take_while(|word| !word.shown().starts_with(['-', '(', '!']))
            .cloned()
            .collect(),
        // With `-e` or `-f` the first operand is a file as well.
        (_, Operands::PatternThenFiles) if !given("--regexp", "ef") && !given("--file", "ef") => {
            let mut files: Vec<Word> = operands(run).into_iter().skip(1).cloned().collect();
            files.extend(attached(run));
            files
        }
        (_, Operands::FilesWithDelimiters) => operands(run).into_iter().cloned().collect(),
        _ => {
            let mut files: Vec<Word> = operands(run).into_iter().cloned().collect();
            files.extend(attached(run));
            files
        }
    };
    let below = match name {
        "rg" => true,
        "grep" | "egrep" | "fgrep" => {
            given("--recursive", "rRd")
                || given("--dereference-recursive", "")
                || given("--directories", "")
        }
        "diff" => given("--recursive", "r"),
        _ => false,
    };
    Class::Reads { files, below }
}

fn has_option(run: &Run, long: &str, letters: &str) -> bool {
    run.arguments().iter().any(|word| {
        let text = word.shown();
        match text.strip_prefix("--") {
            Some(name) => {
                let name = name.split('=').next().unwrap_or(name);
                !name.is_empty() && long.trim_start_matches('-').starts_with(name)
            }
            None => text.starts_with('-') && text.contains(|c| letters.contains(c)),
        }
    })
}

/// Values joined to options: `--exclude-from=x`, `-fx`.
fn attached(run: &Run) -> Vec<Word> {
    let joined = |word: &Word| {
        let text = word.shown();
        let at = if text.starts_with("--") {
            text.find('=')? + 1
        } else {
            2
        };
        (text.starts_with('-') && text.len() > at).then(|| word.after(at))
    };
    run.arguments().iter().filter_map(joined).collect()
}

/// `mkdir`, `touch`, `cp` and `mv` with plain options: what they read and write.
fn arranges(name: &str, run: &Run) -> Class {
    let letters = match name {
        "mkdir" => "pv",
        "touch" => "acm",
        "cp" => "finpuv",
        _ => "finuv",
    };
    let mut words = Vec::new();
    for word in run.arguments() {
        let Some(value) = word.value() else {
            return Class::Unknown(format!("{} is known only when it runs", word.shown()));
        };
        match value.strip_prefix('-') {
            Some("") | None => words.push(word.clone()),
            Some("-") => {}
            Some(flags) if flags.chars().all(|c| letters.contains(c)) => {}
            Some(_) => return Class::Unknown(format!("the option {value} is not followed")),
        }
    }
    if name == "mkdir" || name == "touch" {
        let reads = Vec::new();
        return Class::Arranges {
            reads,
            writes: words,
        };
    }
    let Some((target, sources)) = words.split_last() else {
        return unknown("it names no files");
    };
    let mut writes = vec![target.clone()];
    // The target may be a folder; then each source lands below it.
    for source in sources.iter().filter_map(Word::value) {
        let base = source
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        let target = target.value().unwrap_or_default();
        writes.push(Word::literal(&format!("{target}/{base}")));
    }
    let mut reads = sources.to_vec();
    if name == "mv" {
        writes.append(&mut reads);
    }
    Class::Arranges { reads, writes }
}

/// `+format`, and `-d` with its value; anything else may set the clock.
fn date(values: &[String]) -> bool {
    let mut rest = values.iter();
    while let Some(value) = rest.next() {
        let fine = match value.as_str() {
            "-u" | "--utc" | "-R" | "--rfc-email" => true,
            "-d" | "--date" => rest.next().is_some(),
            value => {
                value.starts_with('+')
                    || value.starts_with("--date=")
                    || value.starts_with("-I")
                    || value.starts_with("--iso-8601")
                    || value.starts_with("--rfc-3339=")
            }
        };
        if !fine {
            return false;
        }
    }
    true
}

fn is_plain_set(value: &str) -> bool {
    match value.strip_prefix(['-', '+']) {
        Some(flags) => flags.chars().all(|c| "euxo".contains(c)),
        None => matches!(value, "pipefail" | "errexit" | "nounset" | "xtrace"),
    }
}

fn is_plain_read(value: &str) -> bool {
    value == "-r" || value.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// `sed` scripts of one print, delete or plain substitution.
fn sed(values: &[String]) -> bool {
    let mut scripts = Vec::new();
    let mut rest = values.iter();
    let mut named = false;
    while let Some(value) = rest.next() {
        match value.as_str() {
            "-n" | "-E" | "-r" | "-u" | "-z" | "--quiet" | "--silent" | "--regexp-extended" => {}
            "-e" | "-ne" | "-Ee" | "-nEe" => {
                named = true;
                scripts.extend(rest.next());
            }
            value if value.starts_with('-') => return false,
            _ if scripts.is_empty() && !named => scripts.push(value),
            _ => {}
        }
    }
    !scripts.is_empty() && scripts.iter().all(|script| sed_script(script))
}

fn sed_script(script: &str) -> bool {
    let rest = script.trim_start_matches(|c: char| c.is_ascii_digit() || ",$ ".contains(c));
    let rest = match rest.strip_prefix('/').and_then(|rest| rest.split_once('/')) {
        Some((pattern, rest)) if !pattern.contains('\\') => rest.trim_start(),
        Some(_) => return false,
        None => rest,
    };
    if matches!(rest, "p" | "d" | "q" | "=" | "P" | "D") {
        return true;
    }
    let mut chars = rest.chars();
    let (Some('s'), Some(delimiter)) = (chars.next(), chars.next()) else {
        return false;
    };
    let rest = chars.as_str();
    let parts: Vec<&str> = rest.split(delimiter).collect();
    let plain = !delimiter.is_alphanumeric()
        && !rest.contains(['\n', ';'])
        && !"\\ ;\n".contains(delimiter);
    let [_, _, flags] = parts[..] else {
        return false;
    };
    plain
        && !rest.contains(&format!("\\{delimiter}"))
        && flags
            .chars()
            .all(|c| c.is_ascii_digit() || "gpiI".contains(c))
}

/// `awk` programs that print fields: no pipes, no files, no commands, no environment.
fn awk(values: &[String]) -> bool {
    let mut rest = values.iter();
    while let Some(value) = rest.next() {
        match value.as_str() {
            "-F" => {
                rest.next();
            }
            value if value.starts_with("-F") => {}
            program => {
                let busy = [
                    "system", "getline", "close", "fflush", "ENVIRON", "ARGV", "print >",
                ];
                return !program.contains(['|', '>', '<', '@', '\\', '`'])
                    && !busy.iter().any(|word| program.contains(word));
            }
        }
    }
    false
}
