//! Rust: `use`, `mod`, paths, definitions.

use tree_sitter::Node;

use super::{Form, LONGEST, Tag, Walk};

/// The deepest braces in a `use` and the most paths of one that are followed.
const DEEPEST: usize = 16;
const MOST_PATHS: usize = 500;
/// The longest `use` that is read, in bytes.
const LONGEST_USE: usize = 32 * 1024;

pub(super) fn tag(kind: &str) -> Tag {
    match kind {
        "struct_item" | "enum_item" | "union_item" | "trait_item" | "type_item" | "const_item"
        | "static_item" | "macro_definition" => Tag::Defines,
        "function_item" | "function_signature_item" => Tag::Function,
        "use_declaration" | "extern_crate_declaration" => Tag::Imports,
        "mod_item" => Tag::Module,
        "scoped_identifier" | "scoped_type_identifier" => Tag::Path,
        "attribute_item" | "inner_attribute_item" => Tag::Attribute,
        _ => Tag::Nothing,
    }
}

pub(super) fn imports(walk: &mut Walk<'_>, node: Node<'_>) -> bool {
    let passes = node
        .named_child(0)
        .is_some_and(|first| first.kind() == "visibility_modifier");
    let form = if passes { Form::Pass } else { Form::Use };
    match walk.field(node, "argument") {
        Some(tree) if tree.len() > LONGEST_USE => {}
        Some(tree) => {
            for (path, name) in paths(tree) {
                walk.keep(&path, &name, form);
            }
        }
        None => {
            let name = walk.field(node, "name").unwrap_or_default();
            walk.keep(name, name, form);
        }
    }
    false
}

/// A module: one with a body is walked through, one without is a file.
pub(super) fn module<'a>(walk: &mut Walk<'a>, node: Node<'_>, placed: Option<&str>) -> bool {
    let Some(name) = walk
        .field(node, "name")
        .filter(|name| name.len() <= LONGEST)
    else {
        return true;
    };
    let name = name.strip_prefix("r#").unwrap_or(name);
    if node.child_by_field_name("body").is_some() {
        walk.modules.push((walk.depth, name));
        return true;
    }
    // A path that is the name alone means the usual place.
    walk.keep(placed.unwrap_or(name), name, Form::Module);
    false
}

/// The file that `#[path = "..."]` names; it ends in `.rs`, so it is never taken for a module's name.
fn placed(attribute: &str) -> Option<&str> {
    let value = attribute
        .strip_prefix("#[")?
        .trim_start()
        .strip_prefix("path")?;
    let value = value
        .trim_start()
        .strip_prefix('=')?
        .trim()
        .strip_suffix(']')?;
    super::unquoted(value.trim()).filter(|path| path.ends_with(".rs"))
}

/// A path where something is used, such as `crate::a::b()`.
pub(super) fn mention(walk: &mut Walk<'_>, node: Node<'_>) -> bool {
    let whole = walk.text(node);
    // Each of many nested paths would be read again from its start.
    if whole.len() > LONGEST * 4 {
        return true;
    }
    let text = whole
        .split('<')
        .next()
        .unwrap_or_default()
        .trim_end_matches(':');
    let first = text.split("::").next().unwrap_or_default();
    // Types and the standard library lead to no file.
    let module = first.starts_with(|c: char| c.is_lowercase()) && !matches!(first, "std" | "alloc");
    if module && text.contains("::") && !text.contains(char::is_whitespace) {
        walk.keep(text, "", Form::Mention);
    }
    // Only in generic arguments could there be another.
    whole.contains('<')
}

pub(super) fn attribute(walk: &mut Walk<'_>, node: Node<'_>) -> bool {
    let text = walk.text(node);
    if text.len() <= LONGEST {
        walk.seen.tests |=
            text == "#[test]" || text.contains("cfg(test)") || text.ends_with("::test]");
        walk.placed = placed(text);
    }
    false
}

/// The paths of a `use`, and the name each gets: `a::{b as c, d::*}` is `a::b` as `c` and `a::d` as `*`.
fn paths(tree: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    // The prefixes of the braces that are open, and the path that is being read.
    let mut open: Vec<String> = Vec::new();
    let mut path = String::new();
    for c in without_comments(tree).chars() {
        match c {
            '{' if open.len() < DEEPEST => open.push(std::mem::take(&mut path)),
            '{' => return found,
            ',' | '}' => {
                finish(&open, &std::mem::take(&mut path), &mut found);
                if c == '}' {
                    open.pop();
                }
            }
            c => path.push(c),
        }
        if found.len() >= MOST_PATHS || path.len() > LONGEST {
            return found;
        }
    }
    finish(&open, &path, &mut found);
    found
}

fn finish(open: &[String], path: &str, found: &mut Vec<(String, String)>) {
    let (path, alias) = match path.split_once(" as ") {
        Some((path, alias)) => (path, Some(alias.trim())),
        None => (path, None),
    };
    if path.trim().is_empty() {
        return;
    }
    let whole: String = open.iter().map(String::as_str).chain([path]).collect();
    let names = whole
        .split("::")
        .map(|name| name.trim().trim_start_matches("r#"));
    let mut names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let last = names.last().copied().unwrap_or_default();
    let all = last == "*";
    // `a::{self}` is `a` itself.
    if all || (last == "self" && names.len() > 1) {
        names.pop();
    }
    let own = names.last().copied().unwrap_or_default();
    let name = if all { "*" } else { alias.unwrap_or(own) };
    found.push((names.join("::"), name.to_owned()));
}

fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('/') {
        kept.push_str(&rest[..at]);
        let end = if rest[at..].starts_with("//") {
            "\n"
        } else {
            "*/"
        };
        rest = rest[at..].split_once(end).map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept.replace(['\n', '\r', '\t'], " ")
}
