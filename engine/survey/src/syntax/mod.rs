//! What a source file defines and imports, read from its syntax tree.

mod go;
mod python;
mod rust;
mod script;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::OnceLock;

use tree_sitter::{Node, ParseOptions, Parser, Tree, TreeCursor};

use crate::{Flaw, Language, Limits};

/// The most imports of one file that are followed.
const MOST_IMPORTS: usize = 2_000;
/// The longest name or path that is kept, in bytes.
const LONGEST: usize = 256;
/// Steps any file may take, however small.
const FREE_STEPS: u64 = 20_000;
/// The parser asks whether to go on once in so many of its steps.
const STEPS_A_CALL: u64 = 100;

/// What was seen in a file.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Names it defines outside function bodies, each once.
    pub symbols: Vec<String>,
    /// What it imports.
    pub imports: BTreeSet<Import>,
    /// Whether it holds tests.
    pub tests: bool,
}

/// One import.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    /// What is imported, as the language writes it: `a::b`, `..a.b`, `./a`, `example.org/a`.
    pub path: String,
    /// The name it gets, or that is taken from it; `*` for all.
    pub name: String,
    /// The modules inside the file in which it stands, with `::` between them.
    pub within: String,
    /// How it is imported.
    pub form: Form,
}

/// How something is imported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// For use in the file.
    #[default]
    Use,
    /// To be passed on under its name.
    Pass,
    /// Named by its path where it is used.
    Mention,
    /// Declared as a part.
    Module,
}

impl Seen {
    /// The imports as people would write them, each once, sorted.
    pub fn written(&self, most: usize) -> Vec<String> {
        let own = self
            .imports
            .iter()
            .filter(|import| matches!(import.form, Form::Use | Form::Pass));
        let paths: BTreeSet<&str> = own.map(|import| import.path.as_str()).collect();
        paths.into_iter().take(most).map(str::to_owned).collect()
    }
}

/// What a kind of node means to the survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    /// Nothing.
    Nothing,
    /// Defines what its `name` says.
    Defines,
    /// Defines what its `name` says, and what its body defines is nobody else's business.
    Function,
    /// Declares variables: a definition at the top of the file only.
    Variable,
    /// Imports something.
    Imports,
    /// A module inside the file, or one that is declared.
    Module,
    /// A path where something is used.
    Path,
    /// An attribute.
    Attribute,
    /// A call, which may import.
    Call,
}

/// A language's grammar and what its kinds of nodes mean.
struct Grammar {
    language: tree_sitter::Language,
    tags: Vec<Tag>,
}

impl Grammar {
    fn of(language: Language) -> &'static Self {
        static ALL: [OnceLock<Grammar>; 4] = [const { OnceLock::new() }; 4];
        let (place, make): (usize, fn() -> Self) = match language {
            Language::Rust => (0, || {
                Self::new(tree_sitter_rust::LANGUAGE.into(), rust::tag)
            }),
            Language::Python => (1, || {
                Self::new(tree_sitter_python::LANGUAGE.into(), python::tag)
            }),
            // The one grammar reads both languages; casts in angle brackets alone look like elements to it.
            Language::Script => (2, || {
                Self::new(tree_sitter_typescript::LANGUAGE_TSX.into(), script::tag)
            }),
            Language::Go => (3, || Self::new(tree_sitter_go::LANGUAGE.into(), go::tag)),
        };
        ALL[place].get_or_init(make)
    }

    fn new(language: tree_sitter::Language, tag: fn(&str) -> Tag) -> Self {
        let kinds = u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
        let named = |id: u16| {
            language
                .node_kind_for_id(id)
                .filter(|_| language.node_kind_is_named(id))
        };
        let tags = (0..kinds)
            .map(|id| named(id).map_or(Tag::Nothing, tag))
            .collect();
        Self { language, tags }
    }

    fn tag(&self, node: Node<'_>) -> Tag {
        let tag = self.tags.get(usize::from(node.kind_id()));
        tag.copied().unwrap_or(Tag::Nothing)
    }
}

/// Reads a file of a language. What is kept is bounded, and so is the time: by steps, not by a clock.
pub(crate) fn see(language: Language, text: &str, limits: Limits) -> (Seen, Option<Flaw>) {
    let grammar = Grammar::of(language);
    let Some(tree) = parse(grammar, text, limits) else {
        return (Seen::default(), Some(Flaw::Tangled));
    };
    let mut walk = Walk {
        grammar,
        language,
        text,
        seen: Seen::default(),
        known: BTreeSet::new(),
        most: limits.names,
        depth: 0,
        modules: Vec::new(),
        body: None,
        placed: None,
    };
    walk.all(&tree);
    let broken = tree.root_node().has_error();
    (walk.seen, broken.then_some(Flaw::Broken))
}

/// The syntax tree of a text; `None` if it takes too many steps.
pub(crate) fn tree(language: Language, text: &str, limits: Limits) -> Option<Tree> {
    parse(Grammar::of(language), text, limits)
}

fn parse(grammar: &Grammar, text: &str, limits: Limits) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&grammar.language).ok()?;
    let steps = FREE_STEPS + limits.steps_per_byte.saturating_mul(text.len() as u64);
    let mut calls = steps / STEPS_A_CALL;
    let mut go_on = |_: &tree_sitter::ParseState| match calls.checked_sub(1) {
        Some(left) => {
            calls = left;
            ControlFlow::Continue(())
        }
        None => ControlFlow::Break(()),
    };
    let bytes = text.as_bytes();
    let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
    let options = ParseOptions::new().progress_callback(&mut go_on);
    parser.parse_with_options(&mut read, None, Some(options))
}

/// A walk over a syntax tree, without recursion: sources may be nested as deeply as they like.
struct Walk<'a> {
    grammar: &'static Grammar,
    language: Language,
    text: &'a str,
    seen: Seen,
    known: BTreeSet<&'a str>,
    most: usize,
    depth: usize,
    /// The modules the walk is in, and at what depth each began.
    modules: Vec<(usize, &'a str)>,
    /// At what depth the outermost function began that the walk is in.
    body: Option<usize>,
    /// The file that an attribute just before names for a module.
    placed: Option<&'a str>,
}

impl<'a> Walk<'a> {
    fn all(&mut self, tree: &Tree) {
        let mut cursor = tree.walk();
        loop {
            let inside = self.visit(cursor.node());
            if inside && cursor.goto_first_child() {
                self.depth += 1;
            } else if !self.next(&mut cursor) {
                return;
            }
        }
    }

    fn next(&mut self, cursor: &mut TreeCursor<'_>) -> bool {
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return false;
            }
            self.depth -= 1;
        }
        while self
            .modules
            .last()
            .is_some_and(|(depth, _)| *depth >= self.depth)
        {
            self.modules.pop();
        }
        self.body = self.body.filter(|depth| *depth < self.depth);
        true
    }

    /// Looks at one node; whether to look inside it too.
    fn visit(&mut self, node: Node<'_>) -> bool {
        let placed = self.placed.take();
        match self.grammar.tag(node) {
            Tag::Nothing => true,
            Tag::Defines => self.define(node),
            Tag::Function => {
                self.define(node);
                self.body.get_or_insert(self.depth);
                true
            }
            // The file, perhaps an export, the declaration, the variable.
            Tag::Variable if self.depth <= 3 => self.define(node),
            Tag::Variable => true,
            Tag::Imports => self.imports(node),
            Tag::Module => rust::module(self, node, placed),
            Tag::Path => rust::mention(self, node),
            Tag::Attribute => rust::attribute(self, node),
            Tag::Call => script::call(self, node),
        }
    }

    fn imports(&mut self, node: Node<'_>) -> bool {
        match self.language {
            Language::Rust => rust::imports(self, node),
            Language::Python => python::imports(self, node),
            Language::Script => script::imports(self, node),
            Language::Go => go::imports(self, node),
        }
    }

    fn define(&mut self, node: Node<'_>) -> bool {
        let name = node.child_by_field_name("name").map(|name| self.text(name));
        let name = name.filter(|name| is_name(name) && self.body.is_none());
        let room = self.seen.symbols.len() < self.most;
        if let Some(name) = name.filter(|name| room && self.known.insert(name)) {
            self.seen.symbols.push(name.to_owned());
        }
        true
    }

    fn text(&self, node: Node<'_>) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn field(&self, node: Node<'_>, field: &str) -> Option<&'a str> {
        node.child_by_field_name(field)
            .map(|child| self.text(child))
    }

    /// Keeps an import, with the modules the walk is in.
    fn keep(&mut self, path: &str, name: &str, form: Form) {
        let fits = !path.is_empty() && path.len() <= LONGEST && name.len() <= LONGEST;
        if fits && self.seen.imports.len() < MOST_IMPORTS {
            let within: Vec<&str> = self.modules.iter().map(|(_, name)| *name).collect();
            self.seen.imports.insert(Import {
                path: path.to_owned(),
                name: name.to_owned(),
                within: within.join("::"),
                form,
            });
        }
    }
}

/// Whether a text is one name of a program.
fn is_name(text: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    !text.is_empty() && text.len() <= LONGEST && text.chars().all(letter)
}

/// What a string literal holds, if it is a plain one.
fn unquoted(literal: &str) -> Option<&str> {
    let mut chars = literal.chars();
    let quote = chars.next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let inner = literal[quote.len_utf8()..].strip_suffix(quote)?;
    let plain = |c: char| !c.is_control() && !matches!(c, '\\' | '"' | '\'' | '`' | '$');
    (!inner.is_empty() && inner.chars().all(plain)).then_some(inner)
}
