//! Reads a journal record by record, without a lock, holding one line at a time.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;

use protocol::{RECORD_VERSION, Record, Seq, SessionId};

use super::cut::{Cut, Damage};
use super::line::{self, MAX_LINE_BYTES, Undecodable};
use super::segment;
use crate::blobs::{Blobs, LostBlob};
use crate::error::{About, Result, StoreError};
use crate::folder::DataFolder;

/// A place between two records of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The segment, counted from 1.
    pub segment: u32,
    /// The byte in that segment where the next line begins.
    pub byte: u64,
    /// The record expected there.
    pub next: Seq,
}

impl Position {
    /// Before the first record.
    pub const START: Self = Self {
        segment: 1,
        byte: 0,
        next: Seq(1),
    };
}

/// A journal being read. It changes nothing, so it may run beside the process that appends; after it came to
/// the end it goes on by itself when more was appended.
#[derive(Debug)]
pub struct Reader {
    folder: PathBuf,
    session: SessionId,
    blobs: Blobs,
    inline: bool,
    file: Option<BufReader<File>>,
    at: Position,
    line: Vec<u8>,
    cut: Option<Cut>,
    lost: Vec<LostBlob>,
    failed: bool,
}

/// What the next line of a segment is.
enum Found {
    Line,
    End,
    Damage(Damage),
}

impl Reader {
    /// Reads `session` from its first record.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is no such session.
    pub fn open(data: &DataFolder, session: SessionId) -> Result<Self> {
        Self::follow(data, session, Position::START)
    }

    /// Reads on from a place an earlier reader of the same journal came to.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is no such session.
    pub fn follow(data: &DataFolder, session: SessionId, at: Position) -> Result<Self> {
        let folder = data.session(session);
        if !folder.is_dir() {
            return Err(StoreError::Missing { session });
        }
        Ok(Self::of_folder(folder, session, data.blobs(), at))
    }

    pub(crate) const fn of_folder(
        folder: PathBuf,
        session: SessionId,
        blobs: Blobs,
        at: Position,
    ) -> Self {
        Self {
            folder,
            session,
            blobs,
            inline: true,
            file: None,
            at,
            line: Vec::new(),
            cut: None,
            lost: Vec::new(),
            failed: false,
        }
    }

    /// Leaves bulky texts where they are: records then hold their content ids.
    #[must_use]
    pub const fn without_bulk(mut self) -> Self {
        self.inline = false;
        self
    }

    /// The place before the next record.
    pub const fn position(&self) -> Position {
        self.at
    }

    /// Why the last read ended, if not at a whole end. In a journal another process appends to, a torn end may
    /// simply not be written to its end yet.
    pub const fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }

    /// The blobs that records read so far name and the disk cannot give; their texts stayed stored.
    pub fn lost(&self) -> &[LostBlob] {
        &self.lost
    }

    /// The next record; `None` at the end of what is whole (see [`Reader::cut`]). May be called again later.
    ///
    /// # Errors
    /// The disk's; [`StoreError::Newer`] and [`StoreError::Foreign`] for a whole record this build cannot use.
    pub fn next_record(&mut self) -> Result<Option<Record>> {
        let Some(bytes) = self.next_line()? else {
            return Ok(None);
        };
        let mut record = line::decode(&self.line[line::FRAME_BYTES..])
            .map_err(|error| self.undecodable(error))?;
        if record.session != self.session {
            let detail = format!("it belongs to session {}", record.session);
            return Err(self.undecodable(Undecodable::Foreign(record.v, detail)));
        }
        if !self.passed(record.seq, bytes)? {
            return Ok(None);
        }
        if self.inline {
            self.internalise(&mut record);
        }
        Ok(Some(record))
    }

    /// Passes over the records before `seq` without understanding them.
    ///
    /// # Errors
    /// As [`Reader::next_record`].
    pub fn skip_to(&mut self, seq: Seq) -> Result<()> {
        while self.at.next < seq {
            let Some(bytes) = self.next_line()? else {
                return Ok(());
            };
            let envelope = line::envelope(&self.line[line::FRAME_BYTES..])
                .map_err(|error| self.undecodable(error))?;
            if envelope.v > RECORD_VERSION {
                return Err(self.undecodable(Undecodable::Newer(envelope.v)));
            }
            if !self.passed(envelope.seq.unwrap_or_default(), bytes)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Reads the next line, checks its sum, and gives its length on disk. The reader has not passed it yet.
    fn next_line(&mut self) -> Result<Option<u64>> {
        self.cut = None;
        loop {
            if !self.open_segment()? {
                return Ok(None);
            }
            let path = segment::path(&self.folder, self.at.segment);
            let Some(file) = self.file.as_mut() else {
                return Ok(None);
            };
            match find_line(file, &mut self.line).about("read", &path)? {
                Found::Line => return Ok(Some(self.line.len() as u64 + 1)),
                Found::End if self.next_segment()? => {}
                Found::End => return Ok(None),
                Found::Damage(reason) => {
                    self.stop(reason)?;
                    return Ok(None);
                }
            }
        }
    }

    /// Passes the line just read if it is the expected record; otherwise the journal is damaged here.
    fn passed(&mut self, found: Seq, bytes: u64) -> Result<bool> {
        let expected = self.at.next;
        if found != expected {
            self.stop(Damage::Sequence { expected, found })?;
            return Ok(false);
        }
        self.at.byte += bytes;
        self.at.next = expected.next();
        Ok(true)
    }

    /// Notes the damage and stands before it, so that a later read looks at it afresh.
    fn stop(&mut self, reason: Damage) -> Result<()> {
        self.file = None;
        self.cut = Some(Cut::measure(&self.folder, self.at, reason)?);
        Ok(())
    }

    fn open_segment(&mut self) -> Result<bool> {
        if self.file.is_some() {
            return Ok(true);
        }
        if self.at.byte == 0 {
            let all = segment::numbers(&self.folder)?;
            let Some(first) = all.into_iter().find(|n| *n >= self.at.segment) else {
                return Ok(false);
            };
            self.at.segment = first;
        }
        let path = segment::path(&self.folder, self.at.segment);
        let mut file = File::open(&path).about("open", &path)?;
        file.seek(SeekFrom::Start(self.at.byte))
            .about("read", &path)?;
        self.file = Some(BufReader::with_capacity(64 * 1024, file));
        Ok(true)
    }

    /// At a segment's end: whether there is more to read, here or in a later segment.
    fn next_segment(&mut self) -> Result<bool> {
        let all = segment::numbers(&self.folder)?;
        let Some(next) = all.into_iter().find(|n| *n > self.at.segment) else {
            return Ok(false);
        };
        // The writer may have appended here and rolled between our reaching the end and our seeing the roll.
        let length = segment::length(&self.folder, self.at.segment)?;
        if length > self.at.byte {
            return Ok(true);
        }
        self.file = None;
        self.at.segment = next;
        self.at.byte = 0;
        Ok(true)
    }

    fn internalise(&mut self, record: &mut Record) {
        for text in record.event.texts_mut() {
            text.internalise(&mut |blob| match self.blobs.get(blob) {
                Ok(bytes) => String::from_utf8(bytes).ok(),
                Err(lost) => {
                    self.lost.push(lost);
                    None
                }
            });
        }
    }

    fn undecodable(&mut self, error: Undecodable) -> StoreError {
        // Dropped so that a retry begins at the same line again.
        self.file = None;
        let (session, seq) = (self.session, self.at.next);
        match error {
            Undecodable::Newer(found) => StoreError::Newer {
                session,
                seq,
                found,
                known: RECORD_VERSION,
            },
            Undecodable::Foreign(v, detail) => StoreError::Foreign {
                session,
                seq,
                v,
                detail,
            },
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Record>;

    /// Ends after an error; goes on after an end when more was appended.
    fn next(&mut self) -> Option<Result<Record>> {
        if self.failed {
            return None;
        }
        let next = self.next_record().transpose();
        self.failed = matches!(next, Some(Err(_)));
        next
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
        let reason = if line.len() > MAX_LINE_BYTES {
            Damage::TooLong
        } else {
            Damage::Torn
        };
        return Ok(Found::Damage(reason));
    }
    Ok(match line::unframe(line) {
        Some(_) => Found::Line,
        None => Found::Damage(Damage::Checksum),
    })
}

/// What lies in a journal from a record on.
#[derive(Debug)]
pub struct ReadReport {
    /// The whole records, in order.
    pub records: Vec<Record>,
    /// Why there are no more, if the end is not whole.
    pub cut: Option<Cut>,
    /// The blobs that could not be given; the texts that name them stayed stored.
    pub lost: Vec<LostBlob>,
}

/// Reads the records of a session from `from` on; takes no lock and changes nothing.
///
/// # Errors
/// As [`Reader::open`] and [`Reader::next_record`].
pub fn read(data: &DataFolder, session: SessionId, from: Seq) -> Result<ReadReport> {
    let mut reader = Reader::open(data, session)?;
    reader.skip_to(from)?;
    collect(reader)
}

/// Everything from where `reader` stands.
pub(crate) fn collect(mut reader: Reader) -> Result<ReadReport> {
    let mut records = Vec::new();
    while let Some(record) = reader.next_record()? {
        records.push(record);
    }
    Ok(ReadReport {
        records,
        cut: reader.cut,
        lost: reader.lost,
    })
}
