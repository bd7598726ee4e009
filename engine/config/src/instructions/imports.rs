//! Finding `@path` in instruction text: at the start of a word, outside code.

/// The paths a text names, in order, each once.
pub(super) fn targets(text: &str) -> Vec<String> {
    let mut targets: Vec<String> = Vec::new();
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let mark = fence_mark(line);
        match (fence, mark) {
            // A fence ends with the mark it began with, at least as long, and nothing behind it.
            (Some(open), Some(mark)) if mark.starts_with(open) && line.trim() == mark => {
                fence = None;
            }
            (None, Some(_)) => fence = mark,
            (None, None) => in_line(line, &mut targets),
            (Some(_), _) => {}
        }
    }
    targets
}

/// The run of backticks or tildes that opens or closes a fence.
fn fence_mark(line: &str) -> Option<&str> {
    let line = line.trim_start();
    ['`', '~'].into_iter().find_map(|mark| {
        let run = line.len() - line.trim_start_matches(mark).len();
        // Backticks further on make it a code span, not a fence.
        let is_fence = run >= 3 && !(mark == '`' && line[run..].contains('`'));
        is_fence.then(|| &line[..run])
    })
}

fn in_line(line: &str, targets: &mut Vec<String>) {
    let mut rest = line;
    let mut at_word_start = true;
    while let Some(next) = rest.chars().next() {
        if next == '`' {
            rest = behind_code(rest);
            at_word_start = false;
            continue;
        }
        if next == '@' && at_word_start {
            let word = rest
                .split(|c: char| c.is_whitespace() || c == '`')
                .next()
                .unwrap_or(rest);
            let path =
                word[1..].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'']);
            if !path.is_empty() && !targets.iter().any(|t| t == path) {
                targets.push(path.to_owned());
            }
            rest = &rest[word.len()..];
            continue;
        }
        at_word_start = next.is_whitespace() || matches!(next, '(' | '[' | '"' | '\'');
        rest = &rest[next.len_utf8()..];
    }
}

/// The text behind a code span; an opening without its closing is plain text.
fn behind_code(text: &str) -> &str {
    let inside = text.trim_start_matches('`');
    let ticks = text.len() - inside.len();
    let mut from = 0;
    while let Some(found) = inside[from..].find('`') {
        let close = from + found;
        let run = inside[close..].len() - inside[close..].trim_start_matches('`').len();
        if run == ticks {
            return &inside[close + run..];
        }
        from = close + run;
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::targets;

    #[test]
    fn a_path_is_named_at_the_start_of_a_word_outside_code() {
        let table: &[(&str, &[&str])] = &[
            ("@a.md", &["a.md"]),
            ("See @docs/a.md for @~/b.md.", &["docs/a.md", "~/b.md"]),
            ("(@a.md), \"@b.md\"; @a.md", &["a.md", "b.md"]),
            ("mail me@home.md and x@y", &[]),
            ("`@a.md` and ``x ` @b.md`` then @c.md", &["c.md"]),
            ("an open ` tick @a.md", &["a.md"]),
            ("@a`@b.md`", &["a"]),
            ("```\n@a.md\n```\n@b.md", &["b.md"]),
            ("~~~~ text\n@a.md\n~~~\n@b.md\n~~~~\n@c.md", &["c.md"]),
            ("```sh\n@a.md", &[]),
            ("```@a.md``` is code\n@b.md", &["b.md"]),
            ("@ @. @@x", &["@x"]),
            ("- @../up.md\n- @/abs.md", &["../up.md", "/abs.md"]),
            ("@größe.md,", &["größe.md"]),
        ];
        for (text, expected) in table {
            assert_eq!(targets(text), *expected, "{text}");
        }
    }
}
