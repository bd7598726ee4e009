//! A file taken whole into memory to be changed, and the rule that it was read before.

use std::fs;
use std::io;
use std::path::Path;

use protocol::BlobId;

use crate::context::ReadContext;
use crate::file::nearest::missing;

/// Larger files are not edited: they are the work of commands.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// A file's bytes and their content id.
pub(crate) struct Whole {
    pub(crate) bytes: Vec<u8>,
    pub(crate) id: BlobId,
}

/// Takes the file at `path`; `None` if there is none.
///
/// # Errors
/// A sentence for the model: a folder, not a regular file, too large, read-only, or the system's own words.
pub(crate) fn load(path: &Path) -> Result<Option<Whole>, String> {
    let shown = path.display();
    let told = |error: io::Error| format!("could not read {shown}: {error}");
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(told(error)),
    };
    if meta.is_dir() {
        return Err(format!("{shown} is a folder, not a file."));
    }
    if !meta.is_file() {
        return Err(format!("{shown} is not a regular file."));
    }
    if meta.len() > MOST_BYTES {
        return Err(format!(
            "{shown} has {} bytes, more than the {MOST_BYTES} this tool changes; use a command.",
            meta.len()
        ));
    }
    if meta.permissions().readonly() {
        return Err(format!(
            "{shown} is read-only; nothing was written. Make it writable first (chmod u+w) if that is wanted."
        ));
    }
    let bytes = fs::read(path).map_err(told)?;
    let id = BlobId::of(&bytes);
    Ok(Some(Whole { bytes, id }))
}

/// Refuses a file this agent never read, or that is not what it read.
///
/// # Errors
/// A sentence for the model that says which of the two.
pub(crate) fn known(path: &Path, id: BlobId, ctx: &ReadContext) -> Result<(), String> {
    let shown = path.display();
    match ctx.seen.get(path) {
        None => Err(format!(
            "{shown} exists and you have never read it in this session: read it first."
        )),
        Some(seen) if *seen != id => Err(format!(
            "{shown} changed on disk since you read it: read it again before you change it."
        )),
        Some(_) => Ok(()),
    }
}

/// The text of a file to be edited.
///
/// # Errors
/// A sentence for the model: missing, or not UTF-8.
pub(crate) fn text<'a>(path: &Path, whole: Option<&'a Whole>) -> Result<&'a str, String> {
    let Some(whole) = whole else {
        return Err(format!(
            "{} To create it use write, or an empty old_string.",
            missing(path)
        ));
    };
    std::str::from_utf8(&whole.bytes).map_err(|error| {
        format!(
            "{} is not UTF-8 text (byte {}): change it with a command.",
            path.display(),
            error.valid_up_to()
        )
    })
}
