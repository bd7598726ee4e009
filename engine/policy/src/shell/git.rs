//! Git: which of its commands only read.

use super::Run;
use super::known::{Class, bad_option};
use super::word::Word;

/// Options of any reading command that write files or run programs.
const BAD: [&str; 8] = [
    "--output",
    "--ext-diff",
    "--open-files-in-pager",
    "--no-index",
    "--untracked",
    "--exec",
    "--filters",
    "--contents",
];

/// A git command line: its subcommand, what follows, and where it stands.
pub(super) struct Git<'a> {
    pub(super) subcommand: String,
    pub(super) arguments: &'a [Word],
    pub(super) folder: Option<Word>,
    /// Every global option was a harmless one.
    pub(super) plain: bool,
    /// It starts a program that its words name.
    pub(super) starts: bool,
}

/// Reads a git command line; `None` if its subcommand is not known.
pub(super) fn parse(run: &Run) -> Option<Git<'_>> {
    let mut at = 1;
    let mut folder = None;
    let mut plain = true;
    let mut starts = false;
    loop {
        let value = run.words.get(at)?.value()?;
        match value.as_str() {
            "--no-pager" | "-P" | "--no-optional-locks" | "--literal-pathspecs" => {}
            "-C" => {
                at += 1;
                plain &= folder.is_none();
                folder = run.words.get(at).cloned();
            }
            "-c" | "--config-env" | "--git-dir" | "--work-tree" | "--namespace" => {
                plain = false;
                at += 1;
                starts |= !run.words.get(at).is_some_and(is_plain_setting);
            }
            value if value.starts_with('-') => {
                plain = false;
                starts = true;
            }
            _ => {
                return Some(Git {
                    subcommand: value,
                    arguments: &run.words[at + 1..],
                    folder,
                    plain,
                    starts,
                });
            }
        }
        at += 1;
    }
}

/// Whether `-c` sets something that starts no program.
fn is_plain_setting(word: &Word) -> bool {
    const PLAIN: [&str; 9] = [
        "user.",
        "color.",
        "advice.",
        "init.",
        "log.",
        "status.",
        "commit.gpgsign",
        "core.quotepath",
        "core.autocrlf",
    ];
    let text = word.shown().to_lowercase();
    PLAIN.iter().any(|plain| text.starts_with(plain))
}

/// Whether a git command starts a program that its words name, or that its settings for once name.
pub(super) fn starts_program(git: &Git<'_>) -> bool {
    let values: Vec<String> = git.arguments.iter().map(Word::shown).collect();
    let first = values.first().map(String::as_str);
    let subcommand = match git.subcommand.as_str() {
        "submodule" => first == Some("foreach"),
        "bisect" => first == Some("run"),
        "rebase" => values
            .iter()
            .any(|value| value.starts_with("-x") || value.starts_with("--exec")),
        "difftool" | "mergetool" | "daemon" | "upload-pack" | "receive-pack" => true,
        _ => false,
    };
    subcommand || git.starts
}

/// What a git command is known to do.
pub(super) fn classify(run: &Run) -> Class {
    if let [only] = run.arguments()
        && matches!(only.value().as_deref(), Some("--version" | "version"))
    {
        return Class::Inert;
    }
    let Some(git) = parse(run) else {
        return Class::Unknown("the git command is known only when it runs".to_owned());
    };
    if !git.plain {
        return Class::Unknown("git's own options change what it runs".to_owned());
    }
    for word in git.arguments {
        if word.has_gap() {
            return Class::Unknown(format!("{} is known only when it runs", word.shown()));
        }
        let exact = matches!(
            word.spelled().as_deref(),
            Some("--text" | "--no-ext-diff" | "--textconv" | "--no-textconv")
        );
        if let Some(bad) = bad_option(&BAD, word).filter(|_| !exact) {
            return Class::Unknown(format!("the option {bad} does more than read"));
        }
    }
    let values: Vec<String> = git.arguments.iter().map(Word::shown).collect();
    if reads(&git.subcommand, &values) {
        Class::Repository(git.folder)
    } else {
        Class::Unknown(format!("git {} may change the repository", git.subcommand))
    }
}

fn reads(subcommand: &str, values: &[String]) -> bool {
    let first = values.first().map(String::as_str);
    let none_of = |bad: &[&str]| !values.iter().any(|value| bad.contains(&value.as_str()));
    let options_only = values.iter().all(|value| value.starts_with('-'));
    match subcommand {
        "status" | "log" | "diff" | "show" | "rev-parse" | "ls-files" | "ls-tree" | "blame"
        | "annotate" | "shortlog" | "describe" | "rev-list" | "name-rev" | "merge-base"
        | "for-each-ref" | "show-ref" | "diff-tree" | "diff-index" | "diff-files"
        | "count-objects" | "check-ignore" | "check-attr" | "whatchanged" | "cherry"
        | "show-branch" | "range-diff" => true,
        "cat-file" => none_of(&["--textconv", "--filters"]),
        "grep" => !values.iter().any(|value| value.starts_with("-O")),
        "branch" => branch(values),
        "tag" => {
            options_only && none_of(&["-d", "--delete", "-f", "--force"])
                || first.is_some_and(|first| matches!(first, "-l" | "--list"))
        }
        "remote" => matches!(
            values.iter().map(String::as_str).collect::<Vec<_>>()[..],
            [] | ["-v" | "--verbose"] | ["get-url", _]
        ),
        "config" => matches!(first, Some("--get" | "--get-all" | "get")),
        "stash" => matches!(first, Some("list" | "show")),
        "worktree" => first == Some("list"),
        "reflog" => matches!(first, None | Some("show")),
        _ => false,
    }
}

/// Listing branches: options that list, and names only after one of them.
fn branch(values: &[String]) -> bool {
    const LISTS: [&str; 17] = [
        "-a",
        "--all",
        "-r",
        "--remotes",
        "-v",
        "-vv",
        "--verbose",
        "--list",
        "-l",
        "--show-current",
        "--contains",
        "--no-contains",
        "--merged",
        "--no-merged",
        "--no-color",
        "--column",
        "-i",
    ];
    let is_list = |value: &str| {
        LISTS.contains(&value) || value.starts_with("--sort=") || value.starts_with("--format=")
    };
    let names = values.iter().any(|value| !value.starts_with('-'));
    let asks = [
        "--list",
        "-l",
        "--contains",
        "--no-contains",
        "--merged",
        "--no-merged",
    ];
    values
        .iter()
        .filter(|value| value.starts_with('-'))
        .all(|value| is_list(value))
        && (!names || values.iter().any(|value| asks.contains(&value.as_str())))
}
