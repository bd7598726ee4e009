//! Walks a parsed script: every command in every corner, and the folders each may run in.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use brush_parser::Parser;
use brush_parser::ast::{self, AndOr, CompoundList, Pipeline, SeparatorOperator};

use super::read::{self, Known, Reading};
use super::word::Word;
use super::{Analysis, Part, PartKind, text};
use crate::place::tidy;

/// More possible folders than this are not followed.
const MAX_FOLDERS: usize = 16;

/// Scripts inside scripts, commands that start commands: deeper is not followed.
const MAX_DEPTH: usize = 12;

pub(super) struct Walker<'a> {
    pub(super) home: Option<&'a Path>,
    pub(super) cwds: Vec<PathBuf>,
    pub(super) parts: Vec<Part>,
    pub(super) parent: Option<(usize, usize)>,
    depth: usize,
}

impl<'a> Walker<'a> {
    pub(super) fn new(cwd: &Path, home: Option<&'a Path>) -> Self {
        Self {
            home,
            cwds: vec![tidy(cwd)],
            parts: Vec::new(),
            parent: None,
            depth: 0,
        }
    }

    pub(super) fn whole(mut self, command: &str) -> Analysis {
        let start = self.cwds.clone();
        self.script(command);
        Analysis {
            moves: self.cwds != start,
            parts: self.parts,
        }
    }

    /// A script in this shell.
    pub(super) fn script(&mut self, script: &str) {
        if let Some(reason) = text::unfit(script) {
            return self.unclear(reason);
        }
        if ["dotglob", "GLOBIGNORE", "BASHOPTS"]
            .iter()
            .any(|name| script.contains(name))
        {
            self.unclear("the command changes what globs match");
        }
        let mut parser = Parser::new(script.as_bytes(), &read::options());
        match parser.parse_program() {
            Ok(program) => self.deeper(|walker| {
                for list in &program.complete_commands {
                    walker.list(list);
                }
            }),
            Err(_) => self.unclear("the command could not be parsed"),
        }
    }

    /// Something inside what is walked now, unless that is deep enough.
    pub(super) fn deeper(&mut self, walk: impl FnOnce(&mut Self)) {
        if self.depth >= MAX_DEPTH {
            return self.unclear("the command is nested too deeply to follow");
        }
        self.depth += 1;
        walk(self);
        self.depth -= 1;
    }

    /// Something in a shell of its own: it moves nobody else.
    pub(super) fn apart(&mut self, walk: impl FnOnce(&mut Self)) {
        let cwds = self.cwds.clone();
        walk(self);
        self.cwds = cwds;
    }

    pub(super) fn unclear(&mut self, reason: impl Into<String>) {
        self.add(PartKind::Unclear(reason.into()));
    }

    pub(super) fn add(&mut self, kind: PartKind) -> usize {
        self.parts.push(Part {
            kind,
            cwds: Rc::from(self.cwds.as_slice()),
            parent: self.parent,
        });
        self.parts.len() - 1
    }

    pub(super) fn known(&self) -> Known<'_> {
        let cwd = match self.cwds.as_slice() {
            [cwd] => Some(cwd.as_path()),
            _ => None,
        };
        Known {
            home: self.home,
            cwd,
        }
    }

    /// Reads a word; what it runs and hides becomes parts, what it is comes back.
    pub(super) fn word(&mut self, raw: &str) -> Vec<Word> {
        let reading = read::word(raw, self.known());
        self.take(reading)
    }

    pub(super) fn arithmetic(&mut self, raw: &str) {
        let reading = read::arithmetic(raw, self.known());
        self.take(reading);
    }

    pub(super) fn take(&mut self, reading: Reading) -> Vec<Word> {
        if let Some(reason) = reading.unclear {
            self.unclear(reason);
        }
        for aside in reading.asides {
            self.add(PartKind::Names(aside));
        }
        for command in reading.commands {
            self.apart(|walker| walker.script(&command));
        }
        reading.words
    }

    /// A word that could name a file but only is one for the command around it.
    pub(super) fn mention(&mut self, raw: &str) {
        for word in self.word(raw) {
            self.add(PartKind::Names(word));
        }
    }

    pub(super) fn list(&mut self, list: &CompoundList) {
        for ast::CompoundListItem(and_or, separator) in &list.0 {
            if matches!(separator, SeparatorOperator::Async) {
                self.apart(|walker| walker.and_or(and_or));
            } else {
                self.and_or(and_or);
            }
        }
    }

    /// After `cd x &&` the folder is x; after `cd x ||` or `cd x;` it is either.
    fn and_or(&mut self, list: &ast::AndOrList) {
        let mut reached = self.cwds.clone();
        let mut branched = false;
        self.pipeline(&list.first);
        merge(&mut reached, &self.cwds);
        for next in &list.additional {
            let pipeline = match next {
                AndOr::And(pipeline) => pipeline,
                AndOr::Or(pipeline) => {
                    branched = true;
                    pipeline
                }
            };
            if branched {
                self.cwds.clone_from(&reached);
            }
            self.pipeline(pipeline);
            merge(&mut reached, &self.cwds);
        }
        self.cwds = reached;
        if self.cwds.len() > MAX_FOLDERS {
            self.cwds.truncate(MAX_FOLDERS);
            self.unclear("the command changes folders too often to follow");
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        let [only] = pipeline.seq.as_slice() else {
            for command in &pipeline.seq {
                self.apart(|walker| walker.command(command));
            }
            return;
        };
        let before = self.cwds.clone();
        self.command(only);
        if pipeline.bang {
            // `! cd x &&` goes on where the cd failed.
            merge(&mut self.cwds, &before);
        }
    }

    fn command(&mut self, command: &ast::Command) {
        match command {
            ast::Command::Simple(simple) => self.simple(simple),
            ast::Command::Compound(compound, redirects) => {
                self.redirects(redirects.as_ref());
                self.compound(compound);
            }
            ast::Command::Function(function) => {
                // Whoever calls it later may mean another command of the same name.
                self.unclear("the command defines a shell function");
                self.redirects(function.body.1.as_ref());
                self.apart(|walker| walker.compound(&function.body.0));
            }
            ast::Command::ExtendedTest(test, redirects) => {
                self.redirects(redirects.as_ref());
                self.test(&test.expr);
            }
        }
    }

    fn compound(&mut self, compound: &ast::CompoundCommand) {
        use ast::CompoundCommand as C;
        match compound {
            C::Arithmetic(command) => self.arithmetic(&command.expr.value),
            C::ArithmeticForClause(clause) => {
                let parts = [&clause.initializer, &clause.condition, &clause.updater];
                for part in parts.into_iter().flatten() {
                    self.arithmetic(&part.value);
                }
                self.looped(|walker| walker.list(&clause.body.list));
            }
            C::BraceGroup(group) => self.list(&group.list),
            C::Subshell(subshell) => self.apart(|walker| walker.list(&subshell.list)),
            C::ForClause(clause) => {
                for value in clause.values.iter().flatten() {
                    self.mention(&value.value);
                }
                self.looped(|walker| walker.list(&clause.body.list));
            }
            C::CaseClause(clause) => self.case(clause),
            C::IfClause(clause) => self.branches(clause),
            C::WhileClause(clause) | C::UntilClause(clause) => self.looped(|walker| {
                walker.list(&clause.0);
                walker.list(&clause.1.list);
            }),
            C::Coprocess(command) => self.apart(|walker| walker.command(&command.body)),
        }
    }

    /// A body that may run any number of times.
    fn looped(&mut self, body: impl FnOnce(&mut Self)) {
        let before = self.cwds.clone();
        body(self);
        if self.cwds != before {
            self.unclear("the command changes folders in a loop");
            merge(&mut self.cwds, &before);
        }
    }

    fn branches(&mut self, clause: &ast::IfClauseCommand) {
        self.list(&clause.condition);
        let mut entry = self.cwds.clone();
        self.list(&clause.then);
        let mut reached = self.cwds.clone();
        for branch in clause.elses.iter().flatten() {
            self.cwds.clone_from(&entry);
            if let Some(condition) = &branch.condition {
                self.list(condition);
                merge(&mut entry, &self.cwds);
            }
            self.list(&branch.body);
            merge(&mut reached, &self.cwds);
        }
        merge(&mut reached, &entry);
        self.cwds = reached;
    }

    fn case(&mut self, clause: &ast::CaseClauseCommand) {
        self.mention(&clause.value.value);
        let mut reached = self.cwds.clone();
        for case in &clause.cases {
            for pattern in &case.patterns {
                let reading = read::text(&pattern.value, self.known(), false);
                self.take(reading);
            }
            if let Some(list) = &case.cmd {
                // A case may fall through into the next, so each starts wherever any ended.
                self.cwds.clone_from(&reached);
                self.list(list);
                merge(&mut reached, &self.cwds);
            }
        }
        self.cwds = reached;
    }

    fn test(&mut self, test: &ast::ExtendedTestExpr) {
        use ast::{ExtendedTestExpr as T, UnaryPredicate as U};
        match test {
            T::And(a, b) | T::Or(a, b) => {
                self.test(a);
                self.test(b);
            }
            T::Not(inner) | T::Parenthesized(inner) => self.test(inner),
            T::UnaryTest(predicate, word) => {
                if matches!(
                    predicate,
                    U::ShellVariableIsSetAndAssigned | U::ShellVariableIsSetAndNameRef
                ) {
                    self.arithmetic(&word.value);
                }
                self.mention(&word.value);
            }
            T::BinaryTest(predicate, a, b) => {
                for side in [a, b] {
                    if is_arithmetic(predicate) {
                        self.arithmetic(&side.value);
                    }
                    let reading = read::text(&side.value, self.known(), false);
                    for word in self.take(reading) {
                        self.add(PartKind::Names(word));
                    }
                }
            }
        }
    }
}

fn is_arithmetic(predicate: &ast::BinaryPredicate) -> bool {
    use ast::BinaryPredicate as B;
    matches!(
        predicate,
        B::ArithmeticEqualTo
            | B::ArithmeticNotEqualTo
            | B::ArithmeticLessThan
            | B::ArithmeticLessThanOrEqualTo
            | B::ArithmeticGreaterThan
            | B::ArithmeticGreaterThanOrEqualTo
    )
}

pub(super) fn merge(into: &mut Vec<PathBuf>, more: &[PathBuf]) {
    for path in more {
        if !into.contains(path) {
            into.push(path.clone());
        }
    }
}
