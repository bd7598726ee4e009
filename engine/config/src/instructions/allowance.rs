//! How much instruction text a model is given, and how the rest is cut.

use super::{InstructionOrigin, Instructions, Note};

/// The most that is taken of one instruction file, in bytes.
pub const MAX_INSTRUCTION_BYTES: usize = 32 * 1024;

/// The most that all instruction files of one reading hold together, in bytes.
pub const MAX_INSTRUCTIONS_BYTES: usize = 64 * 1024;

/// What is left of the allowance below this is not worth a fragment of a file.
const SMALLEST_FRAGMENT: usize = 256;

/// The last line of a text that was cut.
const CUT_MARK: &str = "\n[cut here: the file is longer than what is read of it]";

/// What a note says of a file that was cut.
pub(super) fn cut_message(bytes: usize) -> String {
    format!("cut to {bytes} bytes")
}

/// The beginning of a text, whole lines if there are any, and a last line that says so: at most `bytes` together.
pub(super) fn cut(text: &str, bytes: usize) -> String {
    let mut end = bytes.saturating_sub(CUT_MARK.len()).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let end = text[..end].rfind('\n').map_or(end, |newline| newline + 1);
    let kept = text[..end].trim_end();
    format!("{kept}{CUT_MARK}")
}

/// Deals the common allowance out: the user's own files first, then the closest, so that the far ones are cut.
pub(super) fn cut_to_total(found: &mut Instructions) {
    let order = by_closeness(found);
    let mut left = MAX_INSTRUCTIONS_BYTES;
    let mut dropped = Vec::new();
    for at in order {
        let file = &mut found.files[at];
        let wanted = file.text.len();
        if wanted > left {
            let message = if left < SMALLEST_FRAGMENT {
                dropped.push(at);
                format!(
                    "left out, the instructions are longer than {MAX_INSTRUCTIONS_BYTES} bytes together"
                )
            } else {
                file.text = cut(&file.text, left);
                format!(
                    "{}, the instructions are longer than {MAX_INSTRUCTIONS_BYTES} bytes together",
                    cut_message(left)
                )
            };
            found.notes.push(Note {
                path: file.path.clone(),
                message,
            });
        }
        left = left.saturating_sub(wanted);
    }
    let mut at = 0;
    found.files.retain(|_| {
        at += 1;
        !dropped.contains(&(at - 1))
    });
}

/// The files in the order they deserve their place; an import counts with the file it follows, and after it.
fn by_closeness(found: &Instructions) -> Vec<usize> {
    let mut groups: Vec<(bool, Vec<usize>)> = Vec::new();
    for (at, file) in found.files.iter().enumerate() {
        match (&file.origin, groups.last_mut()) {
            (InstructionOrigin::Import { .. }, Some((_, group))) => group.push(at),
            (origin, _) => groups.push((*origin == InstructionOrigin::User, vec![at])),
        }
    }
    let (user, project): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(is_user, _)| *is_user);
    user.into_iter()
        .chain(project.into_iter().rev())
        .flat_map(|(_, group)| group)
        .collect()
}
