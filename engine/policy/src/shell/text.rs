//! What makes a command's text unfit to be read at all: invisible characters, size, depth.

/// Longer commands are not analysed; a person decides.
const MAX_BYTES: usize = 128 * 1024;

/// Brackets nested deeper are not analysed: the parser descends once per level.
const MAX_DEPTH: usize = 24;

/// Characters that show nothing, or show text in another order than the shell reads it.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Why a command's text cannot be trusted to mean what it shows, if so.
pub(super) fn unfit(command: &str) -> Option<String> {
    if command.len() > MAX_BYTES {
        return Some(format!("the command is longer than {MAX_BYTES} bytes"));
    }
    if let Some(c) = command.chars().find(|c| is_suspicious(*c)) {
        return Some(format!(
            "the command holds the character U+{:04X}, which does not show what it does",
            u32::from(c)
        ));
    }
    (depth(command) > MAX_DEPTH).then(|| "the command is nested too deeply to follow".to_owned())
}

fn is_suspicious(c: char) -> bool {
    let control = c.is_control() && !matches!(c, '\n' | '\t');
    // The shell splits words at ASCII blanks only; others look like blanks and are not.
    let odd_blank = c.is_whitespace() && !c.is_ascii();
    control || odd_blank || is_invisible(c)
}

/// The deepest nesting of brackets and keywords, counted without regard to quotes.
fn depth(command: &str) -> usize {
    let mut open = 0_usize;
    let mut deepest = 0;
    for c in command.chars() {
        match c {
            '(' | '{' => open += 1,
            ')' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    let words = command.split_whitespace();
    let keywords =
        words.filter(|word| matches!(*word, "if" | "while" | "until" | "for" | "case" | "!"));
    deepest.max(keywords.count() / 4)
}
