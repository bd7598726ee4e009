//! Whether a check looks at nothing: constants, or a thing and itself.

/// Words that stand for a value by themselves.
const CONSTANTS: [&str; 12] = [
    "true",
    "false",
    "True",
    "False",
    "None",
    "null",
    "undefined",
    "nil",
    "not",
    "and",
    "or",
    "is",
];

/// Whether a check of these arguments can only come out one way. `first` are the arguments that are compared.
pub(super) fn is_hollow(arguments: &str, compared: usize) -> bool {
    let parts: Vec<&str> = parts(arguments).into_iter().take(compared).collect();
    match parts.as_slice() {
        [] => false,
        [one] => is_constant(one) || sides(one).is_some_and(|(a, b)| a == b),
        [a, b, ..] => a == b || (is_constant(a) && is_constant(b)),
    }
}

/// Both sides of an `==`, if there is just one.
fn sides(text: &str) -> Option<(&str, &str)> {
    let (left, right) = text.split_once("==")?;
    let (left, right) = (left.trim(), right.trim_start_matches('=').trim());
    (!left.is_empty() && !right.contains("==")).then_some((left, right))
}

/// The arguments between commas that stand in no brackets and no string.
pub(super) fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_i32, 0);
    let mut quote: Option<char> = None;
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(_), '\\') => is_escaped = true,
            (Some(open), _) => quote = quote.filter(|_| c != open),
            (None, '"' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(text[from..at].trim());
                from = at + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(text[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether a text names nothing that could have a value of its own.
fn is_constant(text: &str) -> bool {
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut is_escaped = false;
    let is_known = |word: &str| {
        let begins = word.chars().next();
        begins.is_none_or(|c| c.is_ascii_digit()) || CONSTANTS.contains(&word)
    };
    for c in text.chars() {
        match quote {
            Some(_) if is_escaped => is_escaped = false,
            Some(_) if c == '\\' => is_escaped = true,
            Some(open) => quote = quote.filter(|_| c != open),
            None if c.is_alphanumeric() || c == '_' => word.push(c),
            None => {
                if !is_known(&word) {
                    return false;
                }
                word.clear();
                quote = Some(c).filter(|c| matches!(c, '"' | '\'' | '`'));
            }
        }
    }
    is_known(&word)
}

/// How many things the first list in a text holds; 1 if there is none.
pub(super) fn listed(text: &str) -> u32 {
    let Some(from) = text.find('[') else {
        return 1;
    };
    let inner = &text[from + 1..];
    let mut depth = 0_i32;
    let end = inner.char_indices().find(|(_, c)| {
        depth += i32::from(matches!(c, '[' | '(' | '{')) - i32::from(matches!(c, ']' | ')' | '}'));
        depth < 0
    });
    let inner = &inner[..end.map_or(inner.len(), |(at, _)| at)];
    u32::try_from(parts(inner).len()).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_and_a_thing_and_itself_check_nothing() {
        for (arguments, compared, want) in [
            ("true", 1, true),
            ("1 == 1", 1, true),
            ("!false", 1, true),
            ("x == x", 1, true),
            ("x == y", 1, false),
            ("x", 1, false),
            ("f(1)", 1, false),
            ("true, \"said {x}\"", 1, true),
            ("1, 1", 2, true),
            ("a.b(c), a.b(c)", 2, true),
            ("sum(1, 2), 3", 2, false),
            ("\"a, b\", \"a, b\"", 2, true),
            ("\"x\", name", 2, false),
            ("", 1, false),
        ] {
            assert_eq!(is_hollow(arguments, compared), want, "{arguments}");
        }
    }

    #[test]
    fn the_things_of_a_list_are_counted_through_brackets_and_strings() {
        for (text, want) in [
            ("", 1),
            ("[]", 1),
            ("parametrize('x', [1, 2, 3])", 3),
            ("[(1, 2), (3, 4)]", 2),
            ("[\"a, b\", c,]", 2),
        ] {
            assert_eq!(listed(text), want, "{text}");
        }
    }
}
