//! Reads ahead: the lines of a long segment are understood by several threads, in order, up to the first odd one.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use protocol::{Record, Text};

use super::line::{self, MAX_LINE_BYTES};
use crate::blobs::{Blobs, LostBlob};

/// Bytes of lines that a thread understands before it hands them over.
const STRETCH: u64 = 1024 * 1024;

/// Bytes of bulky texts that a stretch puts back into its records; those of further ones are left to whoever takes them.
const ROOM: u64 = 4 * 1024 * 1024;

/// More threads would only wait for whoever takes the records.
const MOST_THREADS: u64 = 4;

/// A whole line.
pub(super) struct Line {
    pub(super) record: Arc<Record>,
    /// The byte behind it.
    pub(super) end: u64,
    /// Whether its bulky texts are still where they lie.
    pub(super) is_bulky: bool,
    /// The blobs it names that could not be given.
    pub(super) lost: Vec<LostBlob>,
}

/// The lines whose first bytes lie in one stretch.
struct Stretch {
    lines: Vec<Line>,
    /// Whether these are all of them; else the next one is none that can be understood.
    is_whole: bool,
}

/// Which stretches of a segment one thread understands.
#[derive(Clone, Copy)]
struct Share {
    first: u64,
    step: u64,
    count: u64,
}

/// A segment to be read behind a place, and where the bulky texts of its records are, if they are wanted.
#[derive(Clone, Copy)]
pub(super) struct Stock<'a> {
    pub(super) path: &'a Path,
    pub(super) from: u64,
    pub(super) blobs: Option<&'a Blobs>,
}

/// Gives the lines of a segment, in order, as long as `take` wants more. It may stop anywhere short of the
/// end, and does at a line that is not whole: what lies there is for the [`super::Reader`] to say. It gives nothing of
/// a segment that is read before threads would have started.
pub(super) fn ahead(stock: Stock<'_>, take: &mut dyn FnMut(Line) -> bool) {
    let length = fs::metadata(stock.path).map_or(0, |metadata| metadata.len());
    let count = length.saturating_sub(stock.from) / STRETCH;
    if count < 2 {
        return;
    }
    let cores = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let step = cores.min(MOST_THREADS).min(count);
    thread::scope(|scope| {
        let lane = |first| {
            let (out, lane) = sync_channel(1);
            let share = Share { first, step, count };
            let work = move || understand(stock, share, &out);
            // Where the system allows no more threads its receiver hears nobody, and the reader goes on from there.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
            lane
        };
        // Dropped at the end, which ends the threads.
        let lanes: Vec<Receiver<Stretch>> = (0..step).map(lane).collect();
        let mut whole = lanes.iter().cycle().take(count as usize);
        whole.all(|lane| {
            let Ok(Stretch { lines, is_whole }) = lane.recv() else {
                return false;
            };
            lines.into_iter().all(&mut *take) && is_whole
        });
    });
}

fn understand(stock: Stock<'_>, share: Share, out: &SyncSender<Stretch>) {
    // Whatever keeps the file from being read is found again by the reader, which has words for it.
    let Ok(mut file) = File::open(stock.path) else {
        return;
    };
    let mut nth = share.first;
    while nth < share.count {
        let Ok(stretch) = stretch(&mut file, stock, nth) else {
            return;
        };
        if out.send(stretch).is_err() {
            return;
        }
        nth += share.step;
    }
}

fn stretch(file: &mut File, stock: Stock<'_>, nth: u64) -> io::Result<Stretch> {
    let begin = stock.from + nth * STRETCH;
    let end = begin + STRETCH;
    // A line that began before is the former stretch's: its rest is passed over, if only its newline.
    let mut at = if nth == 0 { begin } else { begin - 1 };
    file.seek(SeekFrom::Start(at))?;
    let mut file = BufReader::with_capacity(64 * 1024, file);
    let mut line = Vec::new();
    if nth > 0 {
        at += next(&mut file, &mut line)?;
    }
    let (mut lines, mut room) = (Vec::new(), ROOM);
    while at < end {
        at += next(&mut file, &mut line)?;
        let json = line.strip_suffix(b"\n").and_then(line::unframe);
        let Some(mut record) = json.and_then(|json| line::decode(json).ok()) else {
            let is_whole = false;
            return Ok(Stretch { lines, is_whole });
        };
        let (mut lost, mut is_bulky) = (Vec::new(), false);
        if let Some(blobs) = stock.blobs {
            // Nothing lies elsewhere of most records.
            let bulk = bulk(&mut record);
            match bulk.map(|bulk| room.checked_sub(bulk)) {
                None => {}
                Some(None) => is_bulky = true,
                Some(Some(left)) => {
                    room = left;
                    blobs.internalise(&mut record, &mut lost);
                }
            }
        }
        lines.push(Line {
            record: Arc::new(record),
            end: at,
            is_bulky,
            lost,
        });
    }
    let is_whole = true;
    Ok(Stretch { lines, is_whole })
}

/// Bytes of a record's texts that lie elsewhere, as the record tells them; `None` if there are no such texts.
fn bulk(record: &mut Record) -> Option<u64> {
    let stored = record
        .event
        .texts_mut()
        .into_iter()
        .filter_map(|text| match text {
            Text::Stored(stored) => Some(stored.bytes),
            Text::Inline(_) => None,
        });
    stored.reduce(u64::saturating_add)
}

/// Reads one line with its newline and gives its length.
fn next(file: &mut BufReader<&mut File>, line: &mut Vec<u8>) -> io::Result<u64> {
    line.clear();
    let mut longest = file.take(MAX_LINE_BYTES as u64 + 1);
    longest.read_until(b'\n', line).map(|bytes| bytes as u64)
}
