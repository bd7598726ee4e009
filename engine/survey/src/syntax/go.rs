//! Go: `import`, definitions.

use tree_sitter::Node;

use super::{Form, Tag, Walk, unquoted};

pub(super) fn tag(kind: &str) -> Tag {
    match kind {
        "type_spec" | "type_alias" => Tag::Defines,
        "function_declaration" | "method_declaration" => Tag::Function,
        "const_spec" | "var_spec" => Tag::Variable,
        "import_spec" => Tag::Imports,
        _ => Tag::Nothing,
    }
}

pub(super) fn imports(walk: &mut Walk<'_>, node: Node<'_>) -> bool {
    if let Some(path) = walk.field(node, "path").and_then(unquoted) {
        walk.keep(path, "", Form::Use);
    }
    false
}
