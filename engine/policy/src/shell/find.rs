//! `find`: the one searching command that runs, writes and deletes.

use super::word::Word;
use super::wrapper::{Inner, Peeled};
use super::{Run, Starts};

/// Expressions that start a command.
const STARTING: [&str; 4] = ["-exec", "-execdir", "-ok", "-okdir"];

/// Expressions that change files.
const CHANGING: [&str; 5] = ["-delete", "-fprint", "-fprint0", "-fprintf", "-fls"];

/// The commands a `find` starts; `None` if it starts none.
pub(super) fn peel(run: &Run) -> Option<Peeled> {
    let mut inner = Vec::new();
    let mut at = 1;
    while at < run.words.len() {
        at += 1;
        if !run.words[at - 1]
            .value()
            .is_some_and(|word| STARTING.contains(&word.as_str()))
        {
            continue;
        }
        let ends = |word: &Word| matches!(word.value().as_deref(), Some(";" | "+"));
        let length = run.words[at..].iter().position(ends);
        let end = at + length.unwrap_or(run.words.len() - at);
        let words = run.words[at..end].iter().map(fill).collect();
        let more = Vec::new();
        inner.push(Inner::Words { words, at, more });
        at = end;
    }
    if inner.is_empty() {
        return None;
    }
    let starts = if changes(run) {
        Starts::OthersOtherwise
    } else {
        Starts::Others
    };
    Some(Peeled {
        starts,
        same_shell: false,
        inner,
    })
}

/// Whether it deletes or writes files by itself.
pub(super) fn changes(run: &Run) -> bool {
    run.arguments().iter().any(|word| {
        // A word not known before it runs may be any expression.
        word.value()
            .is_none_or(|word| CHANGING.contains(&word.as_str()) || word == "-files0-from")
    })
}

/// `{}` stands for whatever was found.
fn fill(word: &Word) -> Word {
    if word.shown().contains("{}") {
        Word::fed()
    } else {
        word.clone()
    }
}
