//! Rule lists of flags: `Bash(git log:*),Read` is two rules.

use crate::failure::Failure;

/// Splits at commas and spaces that stand outside parentheses.
///
/// # Errors
/// A failure that names `flag` when a parenthesis has no partner.
pub fn split(flag: &str, lists: &[String]) -> Result<Vec<String>, Failure> {
    let mut rules = Vec::new();
    for list in lists {
        split_one(flag, list, &mut rules)?;
    }
    Ok(rules)
}

fn split_one(flag: &str, list: &str, rules: &mut Vec<String>) -> Result<(), Failure> {
    let mut rule = String::new();
    let mut depth = 0_u32;
    for c in list.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return Err(unpaired(flag, list, "a `)` has no `(` before it")),
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 && (c == ',' || c.is_whitespace()) {
            push(&mut rule, rules);
        } else {
            rule.push(c);
        }
    }
    if depth > 0 {
        return Err(unpaired(flag, list, "a `(` is not closed"));
    }
    push(&mut rule, rules);
    Ok(())
}

fn push(rule: &mut String, rules: &mut Vec<String>) {
    if !rule.is_empty() {
        rules.push(std::mem::take(rule));
    }
}

fn unpaired(flag: &str, list: &str, what: &str) -> Failure {
    Failure::usage(
        format_args!("{flag}: {list:?}: {what}"),
        format_args!("write rules like {flag} \"Bash(git log:*),Read\""),
    )
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn rules_part_at_commas_and_spaces_outside_parentheses() {
        let table: [(&[&str], &[&str]); 6] = [
            (&["Bash(git log:*),Read"], &["Bash(git log:*)", "Read"]),
            (&["Read Edit", "Write"], &["Read", "Edit", "Write"]),
            (&[" Read ,, Edit "], &["Read", "Edit"]),
            (&["Bash(a, (b c):*)"], &["Bash(a, (b c):*)"]),
            (&[""], &[]),
            (&["Read(./src/**)\nEdit"], &["Read(./src/**)", "Edit"]),
        ];
        for (given, then) in table {
            let given: Vec<String> = given.iter().map(|s| (*s).to_owned()).collect();
            assert_eq!(split("--allowedTools", &given).unwrap(), then, "{given:?}");
        }
    }

    #[test]
    fn an_unpaired_parenthesis_is_refused_by_name() {
        for (given, then) in [
            (
                "Bash(git",
                "--allowedTools: \"Bash(git\": a `(` is not closed",
            ),
            (
                "Bash)",
                "--allowedTools: \"Bash)\": a `)` has no `(` before it",
            ),
        ] {
            let failure = split("--allowedTools", &[given.to_owned()]).unwrap_err();
            assert_eq!(failure.message, then);
        }
    }
}
