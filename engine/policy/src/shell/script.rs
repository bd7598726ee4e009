//! Simple commands and redirections: the leaves of a script.

use brush_parser::ast::{
    self, AssignmentName, AssignmentValue, CommandPrefixOrSuffixItem as Item, IoFileRedirectKind,
    IoFileRedirectTarget, IoRedirect,
};

use super::read;
use super::walk::Walker;
use super::word::Word;
use super::wrapper::{self, Inner};
use super::{PartKind, Run, Setting, Starts};
use crate::place::tidy;

impl Walker<'_> {
    pub(super) fn simple(&mut self, command: &ast::SimpleCommand) {
        let mut run = Run::default();
        for item in command.prefix.iter().flat_map(|prefix| &prefix.0) {
            self.item(item, true, &mut run);
        }
        if let Some(name) = &command.word_or_name {
            run.words.extend(self.word(&name.value));
        }
        for item in command.suffix.iter().flat_map(|suffix| &suffix.0) {
            self.item(item, false, &mut run);
        }
        if run.words.is_empty() {
            for setting in run.settings {
                self.add(PartKind::Sets(setting));
            }
        } else {
            self.run(run);
        }
    }

    fn item(&mut self, item: &Item, before_name: bool, run: &mut Run) {
        match item {
            Item::IoRedirect(redirect) => {
                if let Some(input) = self.redirect(redirect) {
                    run.input = Some(input);
                }
            }
            Item::Word(word) => run.words.extend(self.word(&word.value)),
            Item::AssignmentWord(assignment, _) if before_name => self.setting(assignment, run),
            Item::AssignmentWord(_, word) => run.words.extend(self.word(&word.value)),
            Item::ProcessSubstitution(_, subshell) => {
                self.apart(|walker| walker.list(&subshell.list));
                // The word becomes a pipe's name, which is nobody's file.
                run.words.push(Word::literal("/dev/fd/63"));
            }
        }
    }

    fn setting(&mut self, assignment: &ast::Assignment, run: &mut Run) {
        let name = match &assignment.name {
            AssignmentName::VariableName(name) => name.clone(),
            AssignmentName::ArrayElementName(name, index) => {
                self.arithmetic(index);
                name.clone()
            }
        };
        let values = match &assignment.value {
            AssignmentValue::Scalar(word) => {
                let reading = read::text(&word.value, self.known(), false);
                self.take(reading)
            }
            AssignmentValue::Array(items) => {
                for (key, _) in items {
                    if let Some(key) = key {
                        self.arithmetic(&key.value);
                    }
                }
                items
                    .iter()
                    .flat_map(|(_, word)| self.word(&word.value))
                    .collect()
            }
        };
        for value in &values {
            self.add(PartKind::Names(value.clone()));
        }
        let value = values.into_iter().next().unwrap_or_default();
        run.settings.push(Setting { name, value });
    }

    pub(super) fn redirects(&mut self, redirects: Option<&ast::RedirectList>) {
        for redirect in redirects.iter().flat_map(|list| &list.0) {
            self.redirect(redirect);
        }
    }

    /// Adds what a redirection touches; returns the text of a here-document if it is known.
    fn redirect(&mut self, redirect: &IoRedirect) -> Option<String> {
        match redirect {
            IoRedirect::File(_, kind, target) => self.redirect_file(kind, target),
            IoRedirect::OutputAndError(word, _) => self.target(&word.value, PartKind::Writes),
            IoRedirect::HereString(_, word) => {
                let words = self.word(&word.value);
                let text = words.first().and_then(Word::spelled);
                for word in words {
                    self.add(PartKind::Names(word));
                }
                return text;
            }
            IoRedirect::HereDocument(_, document) => {
                if !document.requires_expansion {
                    return Some(document.doc.value.clone());
                }
                let reading = read::text(&document.doc.value, self.known(), true);
                let words = self.take(reading);
                return words.first().and_then(Word::spelled);
            }
        }
        None
    }

    fn redirect_file(&mut self, kind: &IoFileRedirectKind, target: &IoFileRedirectTarget) {
        use IoFileRedirectKind as K;
        match target {
            IoFileRedirectTarget::Fd(_) => {}
            IoFileRedirectTarget::ProcessSubstitution(_, subshell) => {
                self.apart(|walker| walker.list(&subshell.list));
            }
            IoFileRedirectTarget::Filename(word) | IoFileRedirectTarget::Duplicate(word) => {
                let duplicates = matches!(kind, K::DuplicateInput | K::DuplicateOutput);
                if duplicates && is_descriptor(&word.value) {
                    return;
                }
                match kind {
                    K::Read | K::DuplicateInput => self.target(&word.value, PartKind::Reads),
                    K::Write | K::Append | K::Clobber | K::DuplicateOutput => {
                        self.target(&word.value, PartKind::Writes);
                    }
                    K::ReadAndWrite => {
                        self.target(&word.value, PartKind::Reads);
                        self.target(&word.value, PartKind::Writes);
                    }
                }
            }
        }
    }

    fn target(&mut self, raw: &str, kind: fn(Word) -> PartKind) {
        for word in self.word(raw) {
            self.add(kind(word));
        }
    }

    /// A simple command with its words read; what it starts follows as parts of their own.
    pub(super) fn run(&mut self, run: Run) {
        let Some(name) = run.base_name() else {
            self.unclear(format!(
                "the command's name is known only when it runs: {}",
                run.bare_text()
            ));
            self.add(PartKind::Run(run));
            return;
        };
        if name == "cd" {
            self.change_folder(run);
            return;
        }
        if let Some(reason) = hidden_effect(&name, &run) {
            self.unclear(reason);
        }
        match wrapper::peel(&name, &run) {
            Some(peeled) => self.started(run, peeled),
            None => {
                self.add(PartKind::Run(run));
            }
        }
    }

    fn started(&mut self, mut run: Run, peeled: wrapper::Peeled) {
        run.starts = peeled.starts;
        let settings = run.settings.clone();
        let input = run.input.clone();
        let index = self.add(PartKind::Run(run));
        let outer = self.parent;
        for inner in peeled.inner {
            self.parent = Some((index, 0));
            match inner {
                Inner::Words { words, at, more } => {
                    self.parent = Some((index, at));
                    let settings = settings.iter().cloned().chain(more).collect();
                    self.run_inner(
                        Run {
                            settings,
                            words,
                            input: input.clone(),
                            starts: Starts::Nothing,
                        },
                        peeled.same_shell,
                    );
                }
                Inner::Script(script) if peeled.same_shell => self.script(&script),
                Inner::Script(script) => self.apart(|walker| walker.script(&script)),
                Inner::Unclear(reason) => self.unclear(reason),
            }
        }
        self.parent = outer;
    }

    fn run_inner(&mut self, run: Run, same_shell: bool) {
        if run.words.is_empty() {
            return;
        }
        self.deeper(|walker| {
            if same_shell {
                walker.run(run);
            } else {
                walker.apart(|walker| walker.run(run));
            }
        });
    }

    fn change_folder(&mut self, run: Run) {
        let target = folder_of(
            &run,
            self.home.map(|home| home.to_string_lossy().into_owned()),
        );
        let searched = run.settings.iter().any(|setting| setting.name == "CDPATH");
        self.add(PartKind::Run(run));
        match target {
            Some(target) if !searched => {
                let moved: Vec<_> = self
                    .cwds
                    .iter()
                    .map(|cwd| tidy(&cwd.join(&target)))
                    .collect();
                self.cwds.clear();
                super::walk::merge(&mut self.cwds, &moved);
            }
            _ => self.unclear("it is not known where `cd` leads"),
        }
    }
}

fn folder_of(run: &Run, home: Option<String>) -> Option<String> {
    let mut words = run
        .arguments()
        .iter()
        .skip_while(|word| matches!(word.value().as_deref(), Some("-P" | "-L" | "-e" | "--")));
    let Some(word) = words.next() else {
        return home;
    };
    if words.next().is_some() {
        return None;
    }
    word.value()
        .filter(|value| !value.is_empty() && !value.starts_with('-'))
}

/// What a builtin does to later commands, or runs from a text: neither shows in its words.
fn hidden_effect(name: &str, run: &Run) -> Option<&'static str> {
    const REBINDS: [&str; 3] = ["alias", "hash", "enable"];
    const EVALUATES: [&str; 15] = [
        "let",
        "declare",
        "typeset",
        "local",
        "readonly",
        "export",
        "unset",
        "printf",
        "test",
        "[",
        "read",
        "mapfile",
        "readarray",
        "getopts",
        "wait",
    ];
    if REBINDS.contains(&name) {
        return Some("the command changes what a command's name means");
    }
    let runs = |word: &Word| {
        let text = word.shown();
        text.contains('[') && (text.contains("$(") || text.contains('`'))
    };
    (EVALUATES.contains(&name) && run.arguments().iter().any(runs))
        .then_some("a subscript may run a command")
}

/// `1`, `-` and `1-` after `>&`.
fn is_descriptor(word: &str) -> bool {
    let digits = word.strip_suffix('-').unwrap_or(word);
    !word.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}
