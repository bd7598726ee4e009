//! Reads the functions of a file: which are tests, and how much each checks.

use tree_sitter::{Node, Tree};

use super::{go, python, rust, script};
use crate::{Language, Limits, roles, syntax};

/// How many siblings before a node are remembered: attributes stand there.
const REMEMBERED: usize = 40;

/// The most calls of one function that are kept.
const MOST_CALLS: usize = 500;

/// What is nested deeper is not looked at: each level is read once more for every level around it.
const DEEPEST: usize = 500;

/// The longest name, with those of the groups around it, in bytes.
const LONGEST_NAME: usize = 1_000;

/// A function and what it checks.
#[derive(Debug, Clone, Default)]
pub(super) struct Function {
    /// Its name with those of the groups it stands in, `::` between them; of a long one the end.
    pub name: String,
    pub is_test: bool,
    /// Whether it stands in a file or a module of tests.
    pub is_among_tests: bool,
    /// Whether it is not run, or may fail.
    pub is_skipped: bool,
    /// Whether it has others not run.
    pub is_alone: bool,
    /// Whether its body holds nothing.
    pub is_empty: bool,
    /// Checks of something.
    pub checks: u32,
    /// Checks of nothing.
    pub hollow: u32,
    /// With how many cases its checks are made, as far as they are written down; 0 counts as 1.
    pub cases: u32,
    /// What it calls, by the last name.
    pub calls: Vec<String>,
    /// The longest list in it.
    pub longest: u32,
    /// Whether it goes through something.
    pub loops: bool,
}

impl Function {
    /// Its own name.
    pub(super) fn leaf(&self) -> &str {
        self.name.rsplit("::").next().unwrap_or_default()
    }
}

/// What begins with a node.
pub(super) enum Opened {
    Function(Box<Function>),
    /// Tests that belong together.
    Group {
        name: String,
        is_skipped: bool,
        is_alone: bool,
    },
}

/// What a node means for the function it stands in.
pub(super) enum Mark {
    Check,
    Hollow,
    Skip,
    Calls(String),
    List(u32),
    Loop,
}

/// A place in a file.
pub(super) struct Spot<'a, 't> {
    pub path: &'a str,
    pub text: &'a str,
    pub node: Node<'t>,
    /// The siblings before it, the nearest last.
    pub before: &'a [Node<'t>],
    /// What it stands in, the outermost first: the last node of each row.
    pub around: &'a [Vec<Node<'t>>],
}

impl<'a, 't> Spot<'a, 't> {
    pub(super) fn text_of(&self, node: Node<'t>) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    pub(super) fn own(&self) -> &'a str {
        self.text_of(self.node)
    }

    pub(super) fn field(&self, name: &str) -> Option<Node<'t>> {
        self.node.child_by_field_name(name)
    }

    pub(super) fn field_text(&self, name: &str) -> &'a str {
        self.field(name).map_or("", |node| self.text_of(node))
    }

    /// What it stands in, the innermost first.
    pub(super) fn around(&self) -> impl Iterator<Item = Node<'t>> {
        let rows = self.around.iter().rev();
        rows.filter_map(|row| row.last().copied())
    }

    /// The siblings right before it of one kind, comments between them aside.
    pub(super) fn leading(&self, kind: &str) -> Vec<&'a str> {
        let near = self.before.iter().rev();
        let near = near.take_while(|node| node.kind() == kind || node.kind().contains("comment"));
        let own = near.filter(|node| node.kind() == kind);
        own.map(|node| self.text_of(*node)).collect()
    }
}

/// The functions of a file; `None` if it is too large or too tangled to be parsed.
pub(super) fn functions(
    language: Language,
    (path, text): (&str, &str),
    limits: Limits,
) -> Option<Vec<Function>> {
    if text.len() > limits.parse {
        return None;
    }
    let tree = syntax::tree(language, text, limits)?;
    let mut walk = Walk {
        language,
        path,
        text,
        open: Vec::new(),
        done: Vec::new(),
        is_off: is_off(language, text),
    };
    walk.all(&tree);
    Some(walk.done)
}

/// Whether a whole file is not run.
fn is_off(language: Language, text: &str) -> bool {
    match language {
        Language::Go => text
            .lines()
            .take(40)
            .any(|line| line.trim() == "//go:build ignore"),
        Language::Python => {
            let marks = |line: &str| line.starts_with("pytestmark") && python::is_skip(line);
            text.lines().any(marks)
        }
        Language::Rust | Language::Script => false,
    }
}

/// Something open around the place of the walk, and at what depth it began.
struct Frame {
    depth: usize,
    opened: Opened,
}

/// A walk over a syntax tree, without recursion.
struct Walk<'a> {
    language: Language,
    path: &'a str,
    text: &'a str,
    open: Vec<Frame>,
    done: Vec<Function>,
    is_off: bool,
}

impl Walk<'_> {
    fn all(&mut self, tree: &Tree) {
        let mut cursor = tree.walk();
        let mut rows: Vec<Vec<Node<'_>>> = vec![Vec::new()];
        loop {
            let node = cursor.node();
            let depth = rows.len() - 1;
            self.close(depth);
            self.visit(node, &rows);
            if rows[depth].len() >= REMEMBERED {
                rows[depth].remove(0);
            }
            rows[depth].push(node);
            if depth < DEEPEST && cursor.goto_first_child() {
                rows.push(Vec::new());
                continue;
            }
            while !cursor.goto_next_sibling() {
                rows.pop();
                if !cursor.goto_parent() {
                    self.close(0);
                    return;
                }
            }
        }
    }

    /// Ends what began at this depth or deeper.
    fn close(&mut self, depth: usize) {
        while let Some(frame) = self.open.pop_if(|frame| frame.depth >= depth) {
            if let Opened::Function(mut function) = frame.opened {
                if function.loops {
                    function.cases = function.cases.max(function.longest);
                }
                self.done.push(*function);
            }
        }
    }

    fn visit(&mut self, node: Node<'_>, rows: &[Vec<Node<'_>>]) {
        let (before, around) = rows
            .split_last()
            .map_or((&[][..], rows), |(own, around)| (own, around));
        let depth = around.len();
        let spot = Spot {
            path: self.path,
            text: self.text,
            node,
            before,
            around,
        };
        let (opened, mark) = match self.language {
            Language::Rust => (rust::open(&spot), rust::mark(&spot)),
            Language::Python => (python::open(&spot), python::mark(&spot)),
            Language::Script => (script::open(&spot), script::mark(&spot)),
            Language::Go => (go::open(&spot), go::mark(&spot)),
        };
        if let Some(mark) = mark {
            self.note(mark);
        }
        if let Some(mut opened) = opened {
            self.place(&mut opened);
            self.open.push(Frame { depth, opened });
        }
    }

    /// Adds to what is opened what the groups around it say.
    fn place(&self, opened: &mut Opened) {
        let Opened::Function(function) = opened else {
            return;
        };
        let mut names = Vec::new();
        function.is_skipped |= self.is_off;
        function.is_among_tests = roles::is_test(self.language, self.path);
        for frame in &self.open {
            match &frame.opened {
                Opened::Group {
                    name,
                    is_skipped,
                    is_alone,
                } => {
                    names.push(name.as_str());
                    function.is_among_tests |= matches!(name.as_str(), "tests" | "test");
                    function.is_skipped |= is_skipped;
                    function.is_alone |= is_alone;
                }
                Opened::Function(outer) => names.push(outer.leaf()),
            }
        }
        names.push(&function.name);
        function.name = joined(&names);
    }

    /// Counts for the innermost function.
    fn note(&mut self, mark: Mark) {
        let functions = self.open.iter_mut().rev();
        let innermost = functions.filter_map(|frame| match &mut frame.opened {
            Opened::Function(function) => Some(function),
            Opened::Group { .. } => None,
        });
        let Some(function) = innermost.take(1).next() else {
            return;
        };
        match mark {
            Mark::Check => function.checks += 1,
            Mark::Hollow => function.hollow += 1,
            Mark::Skip => function.is_skipped = true,
            Mark::Calls(name) if function.calls.len() < MOST_CALLS => function.calls.push(name),
            Mark::Calls(_) => {}
            Mark::List(items) => function.longest = function.longest.max(items),
            Mark::Loop => function.loops = true,
        }
    }
}

/// Names within one another as one, the innermost last and never left out.
fn joined(names: &[&str]) -> String {
    let (mut kept, mut room) = (Vec::new(), LONGEST_NAME);
    for name in names.iter().rev() {
        let fitting = &name[..name.floor_char_boundary(room)];
        if fitting.len() < name.len() && !kept.is_empty() {
            break;
        }
        kept.push(fitting);
        room = room.saturating_sub(fitting.len() + "::".len());
    }
    kept.reverse();
    kept.join("::")
}

/// The last name of a path such as `a::b`, `a.b`.
pub(super) fn last(path: &str) -> &str {
    path.rsplit(['.', ':']).next().unwrap_or_default().trim()
}

/// How many named parts a node has.
pub(super) fn parts_of(node: Node<'_>) -> u32 {
    u32::try_from(node.named_child_count()).unwrap_or(u32::MAX)
}
