//! Git in a node's tree: it works there and nowhere else, and publishes nothing.

use std::path::{Path, PathBuf};

use super::Trespass;
use super::command::Walls;
use crate::shell::{Run, Setting, Word};

/// Variables that have git work elsewhere, or with other settings.
const ELSEWHERE: [&str; 12] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_EXEC_PATH",
    "GIT_TEMPLATE_DIR",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
];

/// Settings that have git work elsewhere, publish, or give its commands other names.
const KEYS: [&str; 9] = [
    "core.worktree",
    "core.gitproxy",
    "core.sshcommand",
    "alias.",
    "remote.",
    "branch.",
    "url.",
    "include.",
    "includeif.",
];

/// Commands whose operands may name files and folders anywhere.
const REACHING: [&str; 12] = [
    "archive",
    "bundle",
    "checkout-index",
    "clone",
    "diff",
    "fast-export",
    "format-patch",
    "init",
    "log",
    "show",
    "submodule",
    "mailsplit",
];

/// A variable being set, for a command or for the shell.
pub(super) fn set(setting: &Setting, cwds: &[PathBuf], walls: &Walls<'_>) -> Option<Trespass> {
    let name = setting.name.as_str();
    let config = name.starts_with("GIT_CONFIG");
    if !config && !ELSEWHERE.contains(&name) {
        return None;
    }
    let inside = !config && name != "GIT_SSH_COMMAND" && walls.keeps_in(&setting.value, cwds);
    (!inside).then(|| Trespass::Git {
        what: format!("{name} is set, and git"),
        why: "works only in this node's own tree; leave the variable alone",
    })
}

/// A git command, or a builtin that sets git's variables.
pub(super) fn judge(run: &Run, cwds: &[PathBuf], walls: &Walls<'_>) -> Option<Trespass> {
    match run.base_name()?.as_str() {
        "git" => Git { run, cwds, walls }.judge(),
        "export" | "declare" | "typeset" | "local" | "readonly" => {
            run.arguments().iter().find_map(|word| {
                let shown = word.shown();
                let (name, _) = shown.split_once('=')?;
                let setting = Setting {
                    name: name.to_owned(),
                    value: word.after(name.chars().count() + 1),
                };
                set(&setting, cwds, walls)
            })
        }
        _ => None,
    }
}

struct Git<'a> {
    run: &'a Run,
    cwds: &'a [PathBuf],
    walls: &'a Walls<'a>,
}

impl Git<'_> {
    fn judge(&self) -> Option<Trespass> {
        if !self.walls.keeps_in(&Word::literal("."), self.cwds) {
            return refuse(
                self.run.text(),
                "would run outside it; go back to its root first",
            );
        }
        let mut at = 1;
        while let Some(word) = self.run.words.get(at) {
            let text = word.shown();
            let (name, joined) = match text.split_once('=') {
                Some((name, _)) if text.starts_with("--") => (name, true),
                _ => (text.as_str(), false),
            };
            if !text.starts_with('-') {
                return self.subcommand(word, self.run.words.get(at + 1..).unwrap_or_default());
            }
            let value = if joined {
                Some(word.after(name.chars().count() + 1))
            } else {
                self.run.words.get(at + 1).cloned()
            };
            match name {
                "-C" | "--git-dir" | "--work-tree" | "--exec-path" | "--super-prefix"
                    if (joined || name != "--exec-path") && !self.inside(value.as_ref()) =>
                {
                    return refuse(text.clone(), "leads git out of this node's own tree");
                }
                "-c" | "--config-env" => {
                    if let Some(trespass) = self.key(value.as_ref()) {
                        return Some(trespass);
                    }
                }
                _ => {}
            }
            let takes_next = ["-C", "-c", "--git-dir", "--work-tree", "--namespace"];
            let takes_next = takes_next.contains(&name) || name == "--config-env";
            at += 1 + usize::from(takes_next && !joined);
        }
        None
    }

    fn inside(&self, value: Option<&Word>) -> bool {
        value.is_some_and(|word| self.walls.keeps_in(word, self.cwds))
    }

    /// A setting's name, given for once or for good.
    fn key(&self, word: Option<&Word>) -> Option<Trespass> {
        let shown = word?.shown();
        let folded = shown.to_lowercase();
        let wrong = KEYS.iter().any(|key| folded.starts_with(key)) || word?.has_gap();
        wrong
            .then(|| refuse(format!("git's setting {shown}"), "stays as it is here"))
            .flatten()
    }

    fn subcommand(&self, word: &Word, rest: &[Word]) -> Option<Trespass> {
        let Some(name) = word.value() else {
            return refuse(
                format!("git {}", word.shown()),
                "is known only when it runs; write git's command out",
            );
        };
        let what = format!("git {name}");
        let first = rest.first().map(Word::shown);
        match name.as_str() {
            "push" | "send-pack" | "http-push" => refuse(
                what,
                "publishes; the coordinator takes what this node changed",
            ),
            "remote" if rest.is_empty() => None,
            "remote" => refuse(what, "is not for a node: its tree has no remotes"),
            "worktree" if first.as_deref() == Some("list") => None,
            "worktree" => refuse(what, "is not for a node: it has one tree, its own"),
            "maintenance" | "credential" | "credential-store" | "daemon" => {
                refuse(what, "reaches beyond this node's own tree")
            }
            "config" => self.config(rest),
            name if REACHING.contains(&name) => self.reaches(rest),
            _ => None,
        }
    }

    fn config(&self, rest: &[Word]) -> Option<Trespass> {
        let wide = |text: &str| {
            let name = text.split('=').next().unwrap_or(text);
            let long = |long: &str| name.len() > 2 && long.starts_with(name);
            long("--global") || long("--system") || long("--file") || name.starts_with("-f")
        };
        if let Some(word) = rest.iter().find(|word| wide(&word.shown())) {
            return refuse(
                format!("git config {}", word.shown()),
                "changes settings that this node shares with others",
            );
        }
        rest.iter().find_map(|word| self.key(Some(word)))
    }

    /// Operands that climb or are absolute, and do not come back.
    fn reaches(&self, rest: &[Word]) -> Option<Trespass> {
        let leaves = |word: &&Word| {
            let shown = word.shown();
            let value = match shown.split_once('=') {
                Some((name, _)) if name.starts_with('-') => word.after(name.chars().count() + 1),
                _ if shown.starts_with('-') && !shown.starts_with("--") => word.after(2),
                _ => (*word).clone(),
            };
            let text = value.shown();
            let file = Path::new(&text);
            let climbs = file.components().any(|part| part.as_os_str() == "..");
            (file.is_absolute() || climbs) && !self.walls.keeps_in(&value, self.cwds)
        };
        let word = rest.iter().find(leaves)?;
        refuse(word.shown(), "leads git out of this node's own tree")
    }
}

fn refuse(what: String, why: &'static str) -> Option<Trespass> {
    Some(Trespass::Git { what, why })
}
