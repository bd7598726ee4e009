//! The journal of one session: the truth, append-only, one checksummed record a line.

mod ahead;
mod cut;
pub(crate) mod line;
mod reader;
mod scan;
pub(crate) mod segment;
mod syncer;
mod writer;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use protocol::{BULK_BYTES, RECORD_VERSION, Record, Seq, SessionId};

pub use cut::{Cut, Damage};
pub use reader::{Position, ReadReport, Reader, read};
pub use syncer::Syncer;

use crate::blobs::{Blobs, LostBlob};
use crate::disk;
use crate::error::{About, Result, StoreError};
use crate::folder::DataFolder;
use crate::lock::{self, FileLock};
pub(crate) use writer::SegmentWriter;

/// A session's journal, open for appending by this process alone. All calls block on the disk.
#[derive(Debug)]
pub struct Journal {
    session: SessionId,
    folder: PathBuf,
    blobs: Blobs,
    writer: SegmentWriter,
    next: Seq,
    /// Held, never read; the kernel frees it when the process dies.
    _lock: FileLock,
}

/// What a journal held when it was opened.
#[derive(Debug)]
pub struct Recovered {
    /// Every whole record, in order.
    pub records: Vec<Record>,
    /// What was cut off its end and set aside, if it was not whole.
    pub cut: Option<Cut>,
    /// The blobs that could not be given; the texts that name them stayed stored.
    pub lost: Vec<LostBlob>,
}

/// What of a journal was not there any more when it was taken up.
#[derive(Debug, Default)]
pub struct Loss {
    /// What was cut off its end and set aside, if it was not whole.
    pub cut: Option<Cut>,
    /// The blobs that could not be given; the texts that name them stayed stored.
    pub lost: Vec<LostBlob>,
}

impl Journal {
    /// Begins the journal of a new session; its folder is durable when this returns.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is such a session already; the disk's.
    pub fn create(data: &DataFolder, session: SessionId) -> Result<Self> {
        disk::make_folders(&data.sessions())?;
        let folder = data.session(session);
        match disk::make_folder(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(StoreError::Exists { session });
            }
            other => other.about("create the folder", &folder)?,
        }
        let lock = lock::of_session(&folder, session)?;
        Self::at_end(data, session, lock, Seq(1))
    }

    /// Takes up a session: reads what is whole, sets aside what is not, and is ready to append.
    ///
    /// # Errors
    /// [`StoreError::Missing`]; [`StoreError::Locked`] while another process has it; [`StoreError::Newer`] and
    /// [`StoreError::Foreign`] for a whole record this build cannot use (nothing is changed then); the disk's.
    pub fn open(data: &DataFolder, session: SessionId) -> Result<(Self, Recovered)> {
        let mut records = Vec::new();
        let (journal, Loss { cut, lost }) = Self::take_up(data, session, |record| {
            records.push(Arc::unwrap_or_clone(record));
        })?;
        let recovered = Recovered { records, cut, lost };
        Ok((journal, recovered))
    }

    /// The same for who need not hold all records at once: each is given in order.
    ///
    /// # Errors
    /// As [`Journal::open`]; the records before the one that cannot be used were given then.
    pub fn take_up(
        data: &DataFolder,
        session: SessionId,
        heed: impl FnMut(Arc<Record>),
    ) -> Result<(Self, Loss)> {
        let folder = data.session(session);
        if !folder.is_dir() {
            return Err(StoreError::Missing { session });
        }
        let lock = lock::of_session(&folder, session)?;
        let mut reader = Reader::open(data, session)?;
        reader.each(heed)?;
        let cut = reader.cut().cloned();
        if let Some(cut) = &cut {
            cut.mend(&folder)?;
        }
        let journal = Self::at_end(data, session, lock, reader.at().next)?;
        let lost = reader.lost().to_vec();
        Ok((journal, Loss { cut, lost }))
    }

    fn at_end(data: &DataFolder, session: SessionId, lock: FileLock, next: Seq) -> Result<Self> {
        let folder = data.session(session);
        Ok(Self {
            session,
            blobs: data.blobs(),
            writer: SegmentWriter::open(&folder)?,
            folder,
            next,
            _lock: lock,
        })
    }

    /// Whose journal this is.
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// Where its segments lie.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// The place the next record must take.
    pub const fn next_seq(&self) -> Seq {
        self.next
    }

    /// Where the next record begins, or the one behind it if its segment is full.
    pub fn at(&self) -> Position {
        self.writer.at(self.next)
    }

    /// Writes a batch and waits for the disk: [`Journal::write`] and [`Journal::sync`].
    ///
    /// # Errors
    /// Those of both.
    pub fn append(&mut self, records: &[Record]) -> Result<()> {
        self.write(records)?;
        self.sync()
    }

    /// Writes a batch in one go: when this returns every record of it outlives this process, whatever ends it, and
    /// whoever reads the journal finds it; its bulky texts are durable. It outlives the machine only once the journal is
    /// synced. The caller's records stay as they are.
    ///
    /// # Errors
    /// [`StoreError::Illegal`] if the batch does not continue the journal (nothing is written); the disk's, after
    /// which the journal refuses to be written ([`StoreError::Poisoned`]) until it is opened again.
    pub fn write(&mut self, records: &[Record]) -> Result<()> {
        self.sound()?;
        let Some(last) = records.last() else {
            return Ok(());
        };
        self.check(records)?;
        let written = self
            .lines(records)
            .and_then(|lines| self.writer.write(&lines));
        match written {
            Ok(()) => self.next = last.seq.next(),
            Err(StoreError::Illegal { .. }) => {}
            Err(ref error) => self.writer.fail(error.to_string()),
        }
        written
    }

    /// Waits until the disk has every record that was written; with none, returns at once.
    ///
    /// # Errors
    /// The disk's, after which the journal refuses to be written: nobody knows what of it the disk has.
    pub fn sync(&mut self) -> Result<()> {
        self.syncer().sync()
    }

    /// Whoever has the disk keep what is written here, from any thread.
    pub fn syncer(&self) -> Syncer {
        Syncer {
            session: self.session,
            writer: self.writer.clone(),
        }
    }

    /// Whether the disk has every record before that place.
    pub fn has_synced(&self, to: Position) -> bool {
        self.writer.has_synced(to)
    }

    fn sound(&self) -> Result<()> {
        syncer::sound(self.session, &self.writer)
    }

    fn check(&self, records: &[Record]) -> Result<()> {
        let mut expected = self.next;
        for record in records {
            if record.session != self.session {
                return Err(
                    self.illegal(record, format!("it belongs to session {}", record.session))
                );
            }
            if record.v != RECORD_VERSION {
                return Err(self.illegal(record, format!("its form is version {}", record.v)));
            }
            if record.seq != expected {
                return Err(self.illegal(record, format!("record {expected} comes next")));
            }
            expected = expected.next();
        }
        Ok(())
    }

    /// The batch as it goes to disk; the blobs it names are durable when this returns.
    fn lines(&self, records: &[Record]) -> Result<Vec<u8>> {
        let mut lines = Vec::new();
        for record in records {
            let mut json = self.json(record)?;
            // Escaping only lengthens a text: a short line holds no bulky one, and nothing has to be cloned.
            if json.len() > BULK_BYTES {
                json = self.json(&self.externalised(record)?)?;
            }
            if json.len() + line::FRAME_BYTES > line::MAX_LINE_BYTES {
                return Err(self.illegal(record, format!("its line has {} bytes", json.len())));
            }
            line::frame(&json, &mut lines);
        }
        Ok(lines)
    }

    fn externalised(&self, record: &Record) -> Result<Record> {
        let mut record = record.clone();
        for text in record.event.texts_mut() {
            text.externalise(&mut |blob, bytes| self.blobs.put_as(blob, bytes))?;
        }
        Ok(record)
    }

    fn json(&self, record: &Record) -> Result<Vec<u8>> {
        serde_json::to_vec(record).map_err(|error| self.illegal(record, error.to_string()))
    }

    fn illegal(&self, record: &Record, detail: String) -> StoreError {
        StoreError::Illegal {
            session: self.session,
            seq: record.seq,
            detail,
        }
    }
}
