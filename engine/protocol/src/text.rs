//! Text that may be bulky: inline in memory, replaced by a content id when a record is written.

use std::fmt;
use std::sync::Arc;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use crate::BlobId;

/// Texts longer than this many bytes are stored as blobs, not in the record itself.
pub const BULK_BYTES: usize = 16 * 1024;

/// How many bytes of a stored text's beginning and end stay readable in the record.
const EDGE_BYTES: usize = 256;

/// A text of any size. In memory it is inline; the journal's edge swaps bulky ones for `Stored`
/// when writing and back when reading, so state never depends on where the bytes lie.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Text {
    /// The text itself.
    Inline(#[serde(deserialize_with = "shared")] Arc<str>),
    /// The text lies in the blob store under its content id. Rare, so boxed: a conversation holds many small texts.
    Stored(Box<StoredText>),
}

/// Where a bulky text lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredText {
    /// Content id of the UTF-8 bytes.
    pub blob: BlobId,
    /// Length in bytes.
    pub bytes: u64,
    /// The beginning, for people who read the record.
    pub head: Arc<str>,
    /// The end, for people who read the record.
    pub tail: Arc<str>,
}

impl Text {
    /// The text, or the readable edges of one whose blob could not be found.
    pub fn as_str(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Inline(text) => std::borrow::Cow::Borrowed(text),
            Self::Stored(stored) => std::borrow::Cow::Owned(format!(
                "{}\n[... {} bytes in all; the middle is not on this disk any more ...]\n{}",
                stored.head, stored.bytes, stored.tail
            )),
        }
    }

    /// Length in bytes, wherever they lie.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Inline(text) => text.len() as u64,
            Self::Stored(stored) => stored.bytes,
        }
    }

    /// Swaps a bulky inline text for a stored one; `put` keeps the bytes. Small texts stay.
    ///
    /// # Errors
    /// Whatever `put` returns; the text is then unchanged.
    pub fn externalise<E, F>(&mut self, put: &mut F) -> Result<(), E>
    where
        F: FnMut(BlobId, &[u8]) -> Result<(), E>,
    {
        let Self::Inline(text) = self else {
            return Ok(());
        };
        if text.len() <= BULK_BYTES {
            return Ok(());
        }
        let blob = BlobId::of(text.as_bytes());
        put(blob, text.as_bytes())?;
        let (head, tail) = (edge_head(text), edge_tail(text));
        let bytes = text.len() as u64;
        *self = Self::Stored(Box::new(StoredText {
            blob,
            bytes,
            head,
            tail,
        }));
        Ok(())
    }

    /// Swaps a stored text back for its bytes; `get` returns `None` for a lost blob, which stays stored.
    pub fn internalise(&mut self, get: &mut dyn FnMut(BlobId) -> Option<String>) {
        if let Self::Stored(stored) = self
            && let Some(text) = get(stored.blob)
        {
            *self = Self::Inline(text.into());
        }
    }
}

/// Reads a text into the place where it stays, without a copy on the way.
pub(crate) fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    deserializer.deserialize_str(Shared)
}

struct Shared;

impl Visitor<'_> for Shared {
    type Value = Arc<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Arc<str>, E> {
        Ok(text.into())
    }
}

fn edge_head(text: &str) -> Arc<str> {
    text[..text.floor_char_boundary(EDGE_BYTES)].into()
}

fn edge_tail(text: &str) -> Arc<str> {
    text[text.ceil_char_boundary(text.len().saturating_sub(EDGE_BYTES))..].into()
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Inline(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Inline(text.into())
    }
}
