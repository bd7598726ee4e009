//! The files a journal consists of: their names, their order, their sizes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{About, Result};

/// A segment that has reached this many bytes is followed by a new one.
pub(crate) const ROLL_BYTES: u64 = 64 * 1024 * 1024;

/// The path of segment `number`, counted from 1.
pub(crate) fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("journal-{number:05}.jsonl"))
}

/// The numbers of the segments in `folder`, ascending.
pub(crate) fn numbers(folder: &Path) -> Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).about("list the folder", folder)? {
        let entry = entry.about("list the folder", folder)?;
        numbers.extend(entry.file_name().to_str().and_then(number_of));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The path for the `k`-th set-aside piece of segment `number`, the first that is free.
pub(crate) fn free_torn_path(folder: &Path, number: u32) -> PathBuf {
    let nth = |k: u32| folder.join(format!("journal-{number:05}.torn-{k}"));
    let taken = (1..u32::MAX).take_while(|k| nth(*k).exists()).count();
    nth(taken as u32 + 1)
}

/// The length of a segment in bytes; 0 if it is not there.
pub(crate) fn length(folder: &Path, number: u32) -> Result<u64> {
    let path = path(folder, number);
    match fs::metadata(&path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error).about("look at", &path),
    }
}

fn number_of(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("journal-")?.strip_suffix(".jsonl")?;
    (digits.len() >= 5 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())?
        .filter(|number| *number > 0)
}
