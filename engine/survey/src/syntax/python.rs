//! Python: `import`, `from`, definitions.

use tree_sitter::Node;

use super::{Form, Tag, Walk};

pub(super) fn tag(kind: &str) -> Tag {
    match kind {
        "class_definition" => Tag::Defines,
        "function_definition" => Tag::Function,
        "import_statement" | "import_from_statement" => Tag::Imports,
        _ => Tag::Nothing,
    }
}

pub(super) fn imports(walk: &mut Walk<'_>, node: Node<'_>) -> bool {
    let module = walk.field(node, "module_name").map(compact);
    let mut cursor = node.walk();
    let names: Vec<Node<'_>> = node.children_by_field_name("name", &mut cursor).collect();
    for name in names {
        // `a.b as c`: what is imported stands in the field `name` again.
        let name = compact(walk.field(name, "name").unwrap_or_else(|| walk.text(name)));
        match &module {
            Some(module) => walk.keep(module, &name, Form::Use),
            None => walk.keep(&name, "", Form::Use),
        }
    }
    let mut cursor = node.walk();
    let all = node
        .named_children(&mut cursor)
        .any(|child| child.kind() == "wildcard_import");
    if let Some(module) = module.filter(|_| all) {
        walk.keep(&module, "*", Form::Use);
    }
    false
}

/// Python lets blanks stand between the names of a path.
fn compact(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != '\\')
        .collect()
}
