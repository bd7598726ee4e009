//! Source as words: the flat tokens of a file and the paths it names, macro bodies included, comments left out.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// One token: an identifier, `::`, one character of punctuation, a delimiter, or `"` for any literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The token's text.
    pub text: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// Whether it is compiled only for tests.
    pub test: bool,
}

/// A path the source names, with its `use` groups expanded and its `use .. as` renames undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The path's segments, without generics.
    pub path: Vec<String>,
    /// The token that follows: `(` is a call, `!` a macro.
    pub next: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// Whether it is compiled only for tests.
    pub test: bool,
}

impl Mention {
    /// Whether the segments of `part` (`"env::var"`) stand in this path side by side.
    pub fn holds(&self, part: &str) -> bool {
        let part: Vec<&str> = part.split("::").collect();
        self.path.windows(part.len()).any(|w| w == part.as_slice())
    }
}

/// The words of a token stream, in order. `test` says that the whole file is compiled only for tests.
pub fn words(stream: TokenStream, test: bool) -> Vec<Word> {
    let mut out = Vec::new();
    flatten(stream, test, &mut out);
    out
}

fn flatten(stream: TokenStream, mut test: bool, out: &mut Vec<Word>) {
    let mut pending = false;
    let mut tokens = stream.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let line = token.span().start().line;
        let here = test || pending;
        let mut push = |text: String| {
            out.push(Word {
                text,
                line,
                test: here,
            });
        };
        match token {
            TokenTree::Ident(ident) => push(ident.to_string()),
            TokenTree::Literal(_) => push("\"".to_owned()),
            TokenTree::Punct(punct) => {
                let text = punct.as_char();
                let double = text == ':'
                    && matches!(tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == ':');
                if double && punct.spacing() == proc_macro2::Spacing::Joint {
                    tokens.next();
                    push("::".to_owned());
                } else {
                    push(text.to_string());
                }
                pending &= text != ';';
            }
            TokenTree::Group(group) => {
                if is_attribute(out) && gates_tests(&group) {
                    // An inner attribute speaks for everything that follows, an outer one for the next item.
                    test |= out.last().is_some_and(|w| w.text == "!");
                    pending = true;
                }
                pending &= group.delimiter() != Delimiter::Brace;
                enclose(&group, here, out);
            }
        }
    }
}

/// Whether the words so far end in `#` or `#!`, so that a bracket which follows is an attribute.
fn is_attribute(out: &[Word]) -> bool {
    let mut last = out.iter().rev().map(|w| w.text.as_str());
    match last.next() {
        Some("!") => last.next() == Some("#"),
        word => word == Some("#"),
    }
}

/// Whether an attribute marks test code: `#[test]`, `#[tokio::test]`, `#[cfg(test)]`, `#[cfg(all(test, ..))]`.
fn gates_tests(attribute: &Group) -> bool {
    let inside = words(attribute.stream(), false);
    let named = |name: &str| inside.iter().any(|w| w.text == name);
    let path = inside
        .iter()
        .take_while(|w| w.text != "(")
        .filter(|w| w.text != "::");
    match inside.first().map(|w| w.text.as_str()) {
        Some("cfg") => named("test") && !named("not"),
        _ => path.last().is_some_and(|w| w.text == "test"),
    }
}

fn enclose(group: &Group, test: bool, out: &mut Vec<Word>) {
    let (open, close) = match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => return flatten(group.stream(), test, out),
    };
    out.push(Word {
        text: open.to_owned(),
        line: group.span_open().start().line,
        test,
    });
    flatten(group.stream(), test, out);
    out.push(Word {
        text: close.to_owned(),
        line: group.span_close().start().line,
        test,
    });
}

/// Every path in the words. A method or field name (after a dot) is not a path.
pub fn mentions(words: &[Word]) -> Vec<Mention> {
    let mut reader = Reader {
        words,
        found: Vec::new(),
        renames: BTreeMap::new(),
    };
    let (mut at, mut importing) = (0, false);
    while at < words.len() {
        match words[at].text.as_str() {
            "use" => importing = true,
            ";" => importing = false,
            _ => {}
        }
        if reader.is_name(at) && !reader.is_member(at) {
            at = reader.path(at, &[], importing);
        } else {
            at += 1;
        }
    }
    let Reader {
        mut found, renames, ..
    } = reader;
    for mention in &mut found {
        if let Some(original) = renames.get(&mention.path[0]) {
            mention.path.splice(..1, original.iter().cloned());
        }
    }
    found
}

struct Reader<'a> {
    words: &'a [Word],
    found: Vec<Mention>,
    renames: BTreeMap<String, Vec<String>>,
}

impl Reader<'_> {
    fn text(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |w| w.text.as_str())
    }

    fn is_name(&self, at: usize) -> bool {
        self.text(at)
            .starts_with(|c: char| c.is_alphabetic() || c == '_')
    }

    fn is_member(&self, at: usize) -> bool {
        at > 0 && self.text(at - 1) == "." && !(at > 1 && self.text(at - 2) == ".")
    }

    /// Reads one path that starts at `at` below `prefix`; returns where reading goes on.
    fn path(&mut self, mut at: usize, prefix: &[String], importing: bool) -> usize {
        let start = &self.words[at];
        // `use env::{self}` names `env`.
        let own = prefix.is_empty() || start.text != "self";
        let mut path = if own {
            [prefix, std::slice::from_ref(&start.text)].concat()
        } else {
            prefix.to_vec()
        };
        at += 1;
        while self.text(at) == "::" && self.is_name(at + 1) {
            path.push(self.text(at + 1).to_owned());
            at += 2;
        }
        if importing && self.text(at) == "::" && self.text(at + 1) == "{" {
            return self.group(at + 2, &path);
        }
        if importing && self.text(at) == "as" {
            self.renames
                .insert(self.text(at + 1).to_owned(), path.clone());
            at += 2;
        }
        let next = self.text(at).to_owned();
        self.found.push(Mention {
            path,
            next,
            line: start.line,
            test: start.test,
        });
        at
    }

    /// Reads the members of a `use` group up to its closing brace.
    fn group(&mut self, mut at: usize, prefix: &[String]) -> usize {
        while at < self.words.len() && self.text(at) != "}" {
            at = if self.is_name(at) {
                self.path(at, prefix, true)
            } else {
                at + 1
            };
        }
        at + 1
    }
}

fn read(text: &str) -> Vec<Mention> {
    mentions(&words(text.parse().unwrap(), false))
}

#[test]
fn a_path_is_seen_through_groups_renames_and_macros() {
    for text in [
        "use std::env::var;",
        "use std::{fs, env::{args, var}};",
        "fn f() { std::env::var(\"A\"); }",
        "use std::env; fn f() { select! { _ = g() => env::var(\"A\") } }",
        "use std::env as e; fn f() { e::var(\"A\"); }",
        "fn f() { 0..env::var(\"A\") }",
    ] {
        assert!(read(text).iter().any(|m| m.holds("env::var")), "{text}");
    }
}

#[test]
fn comments_strings_methods_and_longer_names_are_not_the_path() {
    for text in [
        "// env::var\n/// env::var\nfn f() {}",
        "fn f() { g(\"env::var\") }",
        "fn f() { x.env::<var>() }",
        "fn f() { my_env::var(); env::variable() }",
    ] {
        assert!(!read(text).iter().any(|m| m.holds("env::var")), "{text}");
    }
}

#[test]
fn only_what_is_compiled_for_tests_counts_as_test() {
    let text =
        "fn a() {} #[cfg(test)] mod t { fn b() {} } #[test] #[ignore] fn c() { d() } fn e() {}
                #[cfg(not(test))] fn g() {} #[tokio::test(start_paused = true)] async fn h() {}
                #[cfg(test)] use i::j; fn k() {}";
    let tested = |name: &str| {
        read(text)
            .iter()
            .any(|m| m.path.last().unwrap() == name && m.test)
    };
    let names = ["a", "b", "c", "d", "e", "g", "h", "j", "k"];
    let seen: Vec<&str> = names.into_iter().filter(|name| tested(name)).collect();
    assert_eq!(seen, ["b", "c", "d", "h", "j"]);
}
