//! Amounts and names as people read them.

use views::{BudgetLine, PlanChange};

/// How long, in at most two units.
pub fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0 if ms > 0 => format!("{ms}ms"),
        0..60 => match ms % 1_000 / 100 {
            0 => format!("{seconds}s"),
            tenths => format!("{seconds}.{tenths}s"),
        },
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// How long ago, in the largest unit that fits.
pub fn age(ms: u64) -> String {
    let minutes = ms / 60_000;
    match minutes {
        0 => format!("{}s ago", ms / 1_000),
        1..60 => format!("{minutes}m ago"),
        60..2_880 => format!("{}h ago", minutes / 60),
        _ => format!("{}d ago", minutes / 1_440),
    }
}

/// A count of tokens in three or four characters, rounded.
pub fn tokens(count: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = count.saturating_add(unit / 20) / (unit / 10);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match count {
        0..1_000 => count.to_string(),
        1_000..9_950 => format!("{}k", tenths(1_000)),
        9_950..999_500 => format!("{}k", (count + 500) / 1_000),
        _ => format!("{}M", tenths(1_000_000)),
    }
}

/// Dollars; a price that is not known is not zero.
pub fn money(usd: Option<f64>) -> String {
    match usd {
        None => "$?".to_owned(),
        Some(0.0) => "$0".to_owned(),
        Some(usd) if usd < 0.01 => format!("${usd:.4}"),
        Some(usd) => format!("${usd:.2}"),
    }
}

/// Dollars in the middle of a sentence: where they are not known, whose price is not.
pub fn cost(usd: Option<f64>, unpriced: &[String]) -> String {
    match (usd, unpriced) {
        (Some(_), _) => money(usd),
        (None, []) => "price not known".to_owned(),
        (None, models) => format!("no price known for {}", models.join(", ")),
    }
}

/// `1 node`, `2 nodes`.
pub fn count(many: usize, what: &str) -> String {
    match many {
        1 => format!("1 {what}"),
        _ => format!("{many} {what}s"),
    }
}

/// The beginning of a text, at most `most` characters of it, on one line, with nothing that could redraw the terminal.
pub fn brief(text: &str, most: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    cut(&words.join(" "), most)
}

/// A line with its blanks as they stand, which may show what stands under what; at most so many characters of it.
pub fn cut(line: &str, most: usize) -> String {
    let plain = line.replace(char::is_control, " ");
    let plain = plain.trim_end();
    if plain.chars().count() <= most {
        return plain.to_owned();
    }
    let head: String = plain.chars().take(most.saturating_sub(3)).collect();
    format!("{}...", head.trim_end())
}

/// How many columns of a terminal a character takes: East Asian ones and pictures take two, marks on letters none.
pub const fn columns(c: char) -> usize {
    match c as u32 {
        0x300..=0x36F | 0x200B..=0x200F | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// How many columns a text takes.
pub fn breadth(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// A text of several lines with nothing in it that could redraw the terminal.
pub fn safe(text: &str) -> String {
    let plain = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.chars().map(plain).collect()
}

/// A change of the plan: why, and a line for each node it concerns.
pub fn change(change: &PlanChange) -> String {
    let lines = change
        .lines
        .iter()
        .map(|line| format!("  {}", brief(line, 300)));
    let why = brief(&change.why, 300);
    [why]
        .into_iter()
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A list of names that says how many more there are.
pub fn list(names: &[&str], most: usize) -> String {
    let shown = names.iter().take(most).copied().collect::<Vec<&str>>();
    match names.len().saturating_sub(most) {
        0 if names.is_empty() => "-".to_owned(),
        0 => shown.join(", "),
        more => format!("{} +{more}", shown.join(", ")),
    }
}

/// `, 81 % of them spent`, where there is something to compare.
pub fn share(spent: u64, of: u64) -> String {
    match (spent.saturating_mul(100)).checked_div(of) {
        Some(percent) => format!(" ({percent} % of them used)"),
        None => String::new(),
    }
}

/// What of the limits is used, of those there are.
pub fn budget(budget: &BudgetLine) -> Option<String> {
    // Not rounded: whether a limit holds is in the last tokens.
    let tokens = budget.tokens;
    let tokens = tokens.map(|limit| format!("{} of {limit} tokens", budget.used_tokens));
    let (used, limit) = (money(budget.used_usd), budget.usd);
    let money = limit.map(|limit| format!("{used} of {}", money(Some(limit))));
    let parts: Vec<String> = tokens.into_iter().chain(money).collect();
    (!parts.is_empty()).then(|| format!("budget: {} used", parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_told_beside_what_is_used_of_it() {
        let tokens = BudgetLine {
            tokens: Some(40_000),
            used_tokens: 39_999,
            used_usd: None,
            ..BudgetLine::default()
        };
        let both = BudgetLine {
            usd: Some(5.0),
            ..tokens
        };
        for (line, then) in [
            (BudgetLine::default(), None),
            (tokens, Some("budget: 39999 of 40000 tokens used")),
            (
                both,
                Some("budget: 39999 of 40000 tokens, $? of $5.00 used"),
            ),
        ] {
            assert_eq!(super::budget(&line).as_deref(), then);
        }
    }

    #[test]
    fn amounts_are_short_and_never_say_more_than_is_known() {
        let spans = [
            (0, "0s"),
            (999, "999ms"),
            (1_000, "1s"),
            (1_540, "1.5s"),
            (59_999, "59.9s"),
            (60_000, "1m00s"),
            (3_600_000, "1h00m"),
        ];
        for (ms, then) in spans {
            assert_eq!(span(ms), then);
        }
        for (ms, then) in [
            (59_999, "59s ago"),
            (60_000, "1m ago"),
            (47 * 3_600_000, "47h ago"),
            (48 * 3_600_000, "2d ago"),
        ] {
            assert_eq!(age(ms), then);
        }
        for (n, then) in [
            (0, "0"),
            (999, "999"),
            (1_234, "1.2k"),
            (9_949, "9.9k"),
            (9_950, "10k"),
            (15_813, "16k"),
            (999_499, "999k"),
            (999_500, "1.0M"),
            (1_050_000, "1.1M"),
        ] {
            assert_eq!(tokens(n), then);
        }
        let models = ["a".to_owned(), "b".to_owned()];
        assert_eq!(cost(None, &models), "no price known for a, b");
        assert_eq!(cost(None, &[]), "price not known");
        assert_eq!(cost(Some(0.5), &models), "$0.50");
        for (usd, then) in [
            (None, "$?"),
            (Some(0.0), "$0"),
            (Some(0.00123), "$0.0012"),
            (Some(1.239), "$1.24"),
        ] {
            assert_eq!(money(usd), then);
        }
    }

    #[test]
    fn a_text_is_cut_at_a_character_and_stays_on_its_line() {
        assert_eq!(brief("a\nb\tc", 10), "a b c");
        assert_eq!(brief("äöü and more", 8), "äöü a...");
        assert_eq!(brief("\u{1b}[2Jx", 10), "[2Jx");
        assert_eq!(list(&["a", "b", "c"], 2), "a, b +1");
        assert_eq!(list(&[], 2), "-");
        assert_eq!(
            (breadth("aé"), breadth("日本"), breadth("e\u{301}")),
            (2, 4, 1)
        );
        assert_eq!(safe("a\u{1b}[2J\nb"), "a [2J\nb");
    }
}
