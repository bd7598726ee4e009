//! Walks over the lines of a journal, across its segments, and checks their sums.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;

use super::cut::Damage;
use super::line::{self, MAX_LINE_BYTES};
use super::segment;
use crate::error::{About, Result};

/// A walk over the lines of a journal, holding one at a time.
#[derive(Debug)]
pub(crate) struct Scan {
    folder: PathBuf,
    /// The segment the next line is in.
    pub(crate) segment: u32,
    /// The byte in that segment where the next line begins.
    pub(crate) byte: u64,
    file: Option<BufReader<File>>,
    line: Vec<u8>,
}

/// What stands where the scan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A line whose sum holds; [`Scan::json`] has it, [`Scan::pass`] goes behind it.
    Line,
    /// Nothing yet: the journal's end.
    End,
    /// Something else.
    Damage(Damage),
}

impl Scan {
    pub(crate) const fn new(folder: PathBuf, segment: u32, byte: u64) -> Self {
        Self {
            folder,
            segment,
            byte,
            file: None,
            line: Vec::new(),
        }
    }

    /// Reads the next line without going behind it.
    pub(crate) fn look(&mut self) -> Result<Found> {
        loop {
            if !self.open()? {
                return Ok(Found::End);
            }
            let path = segment::path(&self.folder, self.segment);
            let Some(file) = self.file.as_mut() else {
                return Ok(Found::End);
            };
            match find_line(file, &mut self.line) {
                Ok(Found::End) if self.next_segment()? => {}
                Ok(Found::Damage(damage)) => {
                    self.forget();
                    return Ok(Found::Damage(damage));
                }
                Ok(found) => return Ok(found),
                Err(error) => {
                    self.forget();
                    return Err(error).about("read", &path);
                }
            }
        }
    }

    /// The JSON of the line just looked at.
    pub(crate) fn json(&self) -> &[u8] {
        self.line.get(line::FRAME_BYTES..).unwrap_or_default()
    }

    /// Goes behind the line just looked at.
    pub(crate) const fn pass(&mut self) {
        self.byte += self.line.len() as u64 + 1;
    }

    /// Lets the next look read from the disk again, from the place where the scan stands.
    pub(crate) fn forget(&mut self) {
        self.file = None;
    }

    /// Opens the segment the scan stands in; at the beginning of one that is missing, the first one behind it.
    fn open(&mut self) -> Result<bool> {
        if self.file.is_some() {
            return Ok(true);
        }
        if self.byte == 0 {
            let all = segment::numbers(&self.folder)?;
            let Some(first) = all.into_iter().find(|n| *n >= self.segment) else {
                return Ok(false);
            };
            self.segment = first;
        }
        let path = segment::path(&self.folder, self.segment);
        let mut file = File::open(&path).about("open", &path)?;
        file.seek(SeekFrom::Start(self.byte)).about("read", &path)?;
        self.file = Some(BufReader::with_capacity(64 * 1024, file));
        Ok(true)
    }

    /// At a segment's end: whether there is more to read, here or in a later segment.
    fn next_segment(&mut self) -> Result<bool> {
        let all = segment::numbers(&self.folder)?;
        let Some(next) = all.into_iter().find(|n| *n > self.segment) else {
            return Ok(false);
        };
        // The writer may have appended here and rolled between our reaching the end and our seeing the roll.
        if segment::length(&self.folder, self.segment)? <= self.byte {
            self.file = None;
            self.segment = next;
            self.byte = 0;
        }
        Ok(true)
    }
}

/// Reads one line into `line`, without its newline.
fn find_line(file: &mut BufReader<File>, line: &mut Vec<u8>) -> io::Result<Found> {
    line.clear();
    file.take(MAX_LINE_BYTES as u64 + 1)
        .read_until(b'\n', line)?;
    if line.is_empty() {
        return Ok(Found::End);
    }
    if line.pop_if(|byte| *byte == b'\n').is_none() {
        let too_long = line.len() > MAX_LINE_BYTES;
        let damage = if too_long {
            Damage::TooLong
        } else {
            Damage::Torn
        };
        return Ok(Found::Damage(damage));
    }
    Ok(match line::unframe(line) {
        Some(_) => Found::Line,
        None => Found::Damage(Damage::Checksum),
    })
}
