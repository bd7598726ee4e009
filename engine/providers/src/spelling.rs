//! Spelling: names and ids as every wire allows them, because one that a server refuses spoils every later request.

use std::borrow::Cow;

/// The longest name of a function that both wires allow, in bytes.
const NAME_BYTES: usize = 64;

/// An id with letters, digits, `_` and `-` only, as the Messages wire demands.
pub(crate) fn id(id: &str) -> Cow<'_, str> {
    if id.chars().all(is_allowed) {
        return Cow::Borrowed(id);
    }
    id.chars().map(allowed).collect()
}

/// A tool's name as it may be sent back, whatever the model called it.
pub(crate) fn name(name: &str) -> String {
    let spelled: String = name.chars().take(NAME_BYTES).map(allowed).collect();
    if spelled.is_empty() {
        "_".to_owned()
    } else {
        spelled
    }
}

fn allowed(c: char) -> char {
    if is_allowed(c) { c } else { '_' }
}

const fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}
