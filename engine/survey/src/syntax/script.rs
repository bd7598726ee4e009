//! TypeScript and JavaScript: `import`, `export from`, `require`, definitions.

use tree_sitter::Node;

use super::{Form, Tag, Walk, unquoted};

pub(super) fn tag(kind: &str) -> Tag {
    match kind {
        "class_declaration"
        | "abstract_class_declaration"
        | "interface_declaration"
        | "enum_declaration"
        | "type_alias_declaration" => Tag::Defines,
        "function_declaration" | "generator_function_declaration" | "function_signature" => {
            Tag::Function
        }
        "variable_declarator" => Tag::Variable,
        "import_statement" | "export_statement" | "import_require_clause" => Tag::Imports,
        "call_expression" => Tag::Call,
        _ => Tag::Nothing,
    }
}

pub(super) fn imports(walk: &mut Walk<'_>, node: Node<'_>) -> bool {
    let passes = node.kind() == "export_statement";
    let form = if passes { Form::Pass } else { Form::Use };
    if let Some(path) = walk.field(node, "source").and_then(unquoted) {
        walk.keep(path, "", form);
    }
    true
}

/// `require("./a")` and `import("./a")`.
pub(super) fn call(walk: &mut Walk<'_>, node: Node<'_>) -> bool {
    let function = node.child_by_field_name("function");
    let loads = function.is_some_and(|f| {
        f.kind() == "import" || matches!(walk.text(f), "require" | "require.resolve")
    });
    if loads {
        let arguments = node.child_by_field_name("arguments");
        let first = arguments
            .and_then(|all| all.named_child(0))
            .map(|first| walk.text(first));
        if let Some(path) = first.and_then(unquoted) {
            walk.keep(path, "", Form::Use);
        }
    }
    true
}
