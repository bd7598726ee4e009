//! Branching a session off another one: its records up to a point, copied under a new id.

use std::path::Path;

use protocol::{Record, Seq, SessionId};

use crate::disk;
use crate::error::{About, Result, StoreError};
use crate::folder::DataFolder;
use crate::journal::{Reader, SegmentWriter, line};

/// Bytes of copied lines that are written and synced together.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Copies the records of `from` up to and including `upto` (all of them if `None`) into the new session `new`, at
/// their places, and gives the last one's. The new session appears whole and durable or not at all. Bulky texts
/// are shared. The caller journals the fact that it is a fork.
///
/// # Errors
/// [`StoreError::Missing`]; [`StoreError::Exists`]; [`StoreError::BeyondEnd`] if `from` has no such record;
/// [`StoreError::Newer`] and [`StoreError::Foreign`]; the disk's.
pub fn fork(data: &DataFolder, from: SessionId, upto: Option<Seq>, new: SessionId) -> Result<Seq> {
    let source = Reader::open(data, from)?.without_bulk();
    let target = data.session(new);
    if target.exists() {
        return Err(StoreError::Exists { session: new });
    }
    let unfinished = data.sessions().join(format!("forking-{new}"));
    disk::remove_folder(&unfinished)?;
    disk::make_folder(&unfinished).about("create the folder", &unfinished)?;
    let copied = copy(source, from, upto, new, &unfinished);
    match copied {
        Ok(last) => disk::rename(&unfinished, &target).map(|()| last),
        Err(error) => {
            // What cannot be removed now is removed by the next fork to this id.
            let _removed = disk::remove_folder(&unfinished);
            Err(error)
        }
    }
}

fn copy(
    mut source: Reader,
    from: SessionId,
    upto: Option<Seq>,
    new: SessionId,
    folder: &Path,
) -> Result<Seq> {
    let writer = SegmentWriter::open(folder)?;
    let mut lines = Vec::new();
    let mut last = Seq(0);
    while upto.is_none_or(|upto| last < upto) {
        let Some(record) = source.next_record()? else {
            break;
        };
        last = record.seq;
        add_line(record, new, &mut lines)?;
        if lines.len() >= BATCH_BYTES {
            writer.write(&lines)?;
            lines.clear();
        }
    }
    let wanted = upto.unwrap_or(Seq(1));
    if last < wanted {
        return Err(StoreError::BeyondEnd {
            session: from,
            seq: wanted,
            last,
        });
    }
    writer.write(&lines)?;
    writer.sync()?;
    Ok(last)
}

fn add_line(mut record: Record, new: SessionId, lines: &mut Vec<u8>) -> Result<()> {
    record.session = new;
    let json = serde_json::to_vec(&record).map_err(|error| StoreError::Illegal {
        session: new,
        seq: record.seq,
        detail: error.to_string(),
    })?;
    line::frame(&json, lines);
    Ok(())
}
