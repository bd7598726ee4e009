//! The escapes of `$'...'` words.

/// The text an ANSI-C quoted word means; `None` where its bytes are not plain text.
pub(super) fn decode(quoted: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = quoted;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            text.push(c);
            continue;
        }
        let escape = rest.chars().next()?;
        rest = &rest[escape.len_utf8()..];
        let (meant, left) = escaped(escape, rest)?;
        // A zero byte ends the word early; what follows is then something else than it seems.
        if meant == '\0' {
            return None;
        }
        text.push(meant);
        rest = left;
    }
    Some(text)
}

fn escaped(escape: char, rest: &str) -> Option<(char, &str)> {
    let simple = match escape {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'e' | 'E' => '\u{1b}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' | '\'' | '"' | '?' => escape,
        'x' => return number(rest, 16, 2).filter(|(c, _)| c.is_ascii()),
        'u' => return number(rest, 16, 4),
        'U' => return number(rest, 16, 8),
        '0'..='7' => return octal(escape, rest),
        // An unknown escape keeps its back-slash, and `\c` takes a control character: not followed.
        _ => return None,
    };
    Some((simple, rest))
}

fn octal(first: char, rest: &str) -> Option<(char, &str)> {
    let more = rest.chars().take(2).take_while(|c| c.is_digit(8)).count();
    let digits = format!("{first}{}", &rest[..more]);
    let value = u32::from_str_radix(&digits, 8).ok()?;
    let c = char::from_u32(value).filter(char::is_ascii)?;
    Some((c, &rest[more..]))
}

fn number(rest: &str, radix: u32, most: usize) -> Option<(char, &str)> {
    let length = rest
        .chars()
        .take(most)
        .take_while(|c| c.is_digit(radix))
        .count();
    let value = u32::from_str_radix(rest.get(..length)?, radix).ok()?;
    Some((char::from_u32(value)?, &rest[length..]))
}
