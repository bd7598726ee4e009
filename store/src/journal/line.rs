//! One line of a journal: checksum, space, JSON, newline; and the check of the form's version.

use protocol::{RECORD_VERSION, Record, Seq};
use serde::Deserialize;

/// The longest line, in bytes; a longer one is damage.
pub(crate) const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// Bytes before the JSON: eight hexadecimal digits and a space.
pub(crate) const FRAME_BYTES: usize = 9;

/// Why a whole line is not a record this build can use.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Undecodable {
    /// Its form is of this newer version.
    Newer(u32),
    /// Its form's version, and what was not understood.
    Foreign(u32, String),
}

/// The part of a record that every form has.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope {
    /// The form's version.
    #[serde(default)]
    pub(crate) v: u32,
    /// Its place in the journal.
    #[serde(default)]
    pub(crate) seq: Option<Seq>,
}

/// Appends the line of `json` to `out`.
pub(crate) fn frame(json: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let sum = crc32fast::hash(json);
    for shift in (0..8).rev() {
        out.push(DIGITS[(sum >> (shift * 4)) as usize & 0xf]);
    }
    out.push(b' ');
    out.extend_from_slice(json);
    out.push(b'\n');
}

/// The JSON of a line without its newline, if the checksum holds.
pub(crate) fn unframe(line: &[u8]) -> Option<&[u8]> {
    let (sum, json) = line.split_at_checked(FRAME_BYTES)?;
    let (digits, space) = sum.split_at(FRAME_BYTES - 1);
    let wanted = digits.iter().try_fold(0u32, |sum, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(sum << 4 | u32::from(value))
    })?;
    (space == b" " && crc32fast::hash(json) == wanted).then_some(json)
}

/// The version and place of a whole line, whatever else it says.
pub(crate) fn envelope(json: &[u8]) -> Result<Envelope, Undecodable> {
    serde_json::from_slice(json).map_err(|error| Undecodable::Foreign(0, error.to_string()))
}

/// The record of a whole line. Nothing in it is passed over: a fold that ignores a fact or a field is wrong, so what
/// `protocol` names refuses what this build does not know.
pub(crate) fn decode(json: &[u8]) -> Result<Record, Undecodable> {
    // Once for the line: a parser of bytes would look at every text of it by itself.
    let text = str::from_utf8(json).map_err(|error| error.to_string());
    let parse = |text| serde_json::from_str::<Record>(text).map_err(|error| error.to_string());
    match text.and_then(parse) {
        Ok(record) if record.v == RECORD_VERSION => Ok(record),
        Ok(record) => Err(of_another_form(record.v, "an unknown form".to_owned())),
        Err(error) => {
            let v = envelope(json).map_or(0, |envelope| envelope.v);
            Err(of_another_form(v, error))
        }
    }
}

/// Form 1 is the first: an older one has no meaning yet. The upcaster of form 1 will stand here when form 2 comes.
fn of_another_form(v: u32, detail: String) -> Undecodable {
    if v > RECORD_VERSION {
        Undecodable::Newer(v)
    } else {
        Undecodable::Foreign(v, detail)
    }
}
