//! Reads a journal record by record, without a lock, holding one line at a time, or some MiB of a long one.

use std::path::PathBuf;
use std::sync::Arc;

use protocol::{RECORD_VERSION, Record, Seq, SessionId};

use super::ahead::{Stock, ahead};
use super::cut::{Cut, Damage};
use super::line::{self, Undecodable};
use super::scan::{Found, Scan};
use super::segment;
use crate::blobs::{Blobs, LostBlob};
use crate::error::{Result, StoreError};
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
    scan: Scan,
    next: Seq,
    cut: Option<Cut>,
    lost: Vec<LostBlob>,
    failed: bool,
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
        Ok(Self {
            scan: Scan::new(folder.clone(), at.segment, at.byte),
            folder,
            session,
            blobs: data.blobs(),
            inline: true,
            next: at.next,
            cut: None,
            lost: Vec::new(),
            failed: false,
        })
    }

    /// Leaves bulky texts where they are: records then hold their content ids.
    #[must_use]
    pub const fn without_bulk(mut self) -> Self {
        self.inline = false;
        self
    }

    /// The place before the next record.
    pub const fn at(&self) -> Position {
        Position {
            segment: self.scan.segment,
            byte: self.scan.byte,
            next: self.next,
        }
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
        if !self.look()? {
            return Ok(None);
        }
        let mut record = line::decode(self.scan.json()).map_err(|error| self.undecodable(error))?;
        if record.session != self.session {
            let detail = format!("it belongs to session {}", record.session);
            return Err(self.undecodable(Undecodable::Foreign(record.v, detail)));
        }
        if !self.passed(record.seq)? {
            return Ok(None);
        }
        if self.inline {
            self.blobs.internalise(&mut record, &mut self.lost);
        }
        Ok(Some(record))
    }

    /// Gives every record from here to the end of what is whole. Those of a long journal are understood ahead, several
    /// at once.
    ///
    /// # Errors
    /// As [`Reader::next_record`], after the records before it were given.
    pub fn each(&mut self, mut heed: impl FnMut(Arc<Record>)) -> Result<()> {
        let mut segment = None;
        loop {
            if segment.replace(self.scan.segment) != Some(self.scan.segment) {
                self.ahead(&mut heed);
            }
            match self.next_record()? {
                Some(record) => heed(Arc::new(record)),
                None => return Ok(()),
            }
        }
    }

    /// As far as records of this segment are where they belong.
    fn ahead(&mut self, heed: &mut impl FnMut(Arc<Record>)) {
        let path = segment::path(&self.folder, self.scan.segment);
        let stock = Stock {
            path: &path,
            from: self.scan.byte,
            blobs: self.inline.then_some(&self.blobs),
        };
        ahead(stock, &mut |line| {
            let mut record = line.record;
            let is_next = record.session == self.session && record.seq == self.next;
            if is_next {
                self.next = record.seq.next();
                self.scan.byte = line.end;
                self.lost.extend(line.lost);
                if line.is_bulky {
                    self.blobs
                        .internalise(Arc::make_mut(&mut record), &mut self.lost);
                }
                heed(record);
            }
            is_next
        });
        self.scan.forget();
    }

    /// Passes over the records before `seq` without understanding them.
    ///
    /// # Errors
    /// As [`Reader::next_record`].
    pub fn skip_to(&mut self, seq: Seq) -> Result<()> {
        while self.next < seq && self.look()? {
            let envelope =
                line::envelope(self.scan.json()).map_err(|error| self.undecodable(error))?;
            if envelope.v > RECORD_VERSION {
                return Err(self.undecodable(Undecodable::Newer(envelope.v)));
            }
            if !self.passed(envelope.seq.unwrap_or_default())? {
                break;
            }
        }
        Ok(())
    }

    /// Whether there is a next line. The reader has not passed it yet.
    fn look(&mut self) -> Result<bool> {
        self.cut = None;
        match self.scan.look()? {
            Found::Line => Ok(true),
            Found::End => Ok(false),
            Found::Damage(reason) => self.stop(reason).map(|()| false),
        }
    }

    /// Passes the line just looked at if it is the expected record; otherwise the journal is damaged here.
    fn passed(&mut self, found: Seq) -> Result<bool> {
        let expected = self.next;
        if found != expected {
            self.stop(Damage::Sequence { expected, found })?;
            return Ok(false);
        }
        self.scan.pass();
        self.next = expected.next();
        Ok(true)
    }

    /// Notes the damage and stands before it, so that a later read looks at it afresh.
    fn stop(&mut self, reason: Damage) -> Result<()> {
        self.scan.forget();
        self.cut = Some(Cut::measure(&self.folder, self.at(), reason)?);
        Ok(())
    }

    fn undecodable(&mut self, error: Undecodable) -> StoreError {
        self.scan.forget();
        let (session, seq) = (self.session, self.next);
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

impl ReadReport {
    /// Every record that was acknowledged before the read began, for whoever reads beside a living writer: a last line
    /// without an end is one that is being written.
    ///
    /// # Errors
    /// The [`Cut`], where the journal ends in anything else.
    pub fn acknowledged(self) -> std::result::Result<Vec<Record>, Cut> {
        match self.cut {
            Some(cut) if cut.reason != Damage::Torn => Err(cut),
            Some(_) | None => Ok(self.records),
        }
    }
}

/// Reads the records of a session from `from` on; takes no lock and changes nothing.
///
/// # Errors
/// As [`Reader::open`] and [`Reader::next_record`].
pub fn read(data: &DataFolder, session: SessionId, from: Seq) -> Result<ReadReport> {
    let mut reader = Reader::open(data, session)?;
    reader.skip_to(from)?;
    let mut records = Vec::new();
    reader.each(|record| records.push(Arc::unwrap_or_clone(record)))?;
    Ok(ReadReport {
        records,
        cut: reader.cut,
        lost: reader.lost,
    })
}
