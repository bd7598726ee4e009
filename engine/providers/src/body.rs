//! Writes a request's body in pieces of set sizes: a long conversation is not copied while it grows, and memory that one
//! request gave back serves the next, which is a little longer.

use std::cell::Cell;
use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use serde::Serialize;

/// The size of the first piece in bytes: a short conversation needs no other.
const FIRST_BYTES: usize = 32 * 1024;

/// The size of every other piece in bytes. Pages that are not written to cost nothing; many smaller pieces would be given
/// back to the system and asked for again with every request.
const PIECE_BYTES: usize = 1024 * 1024;

thread_local! {
    /// A piece that was sent. An allocator would find another place for the next one, and keep both for a while.
    static SPARE: Cell<Option<Vec<u8>>> = const { Cell::new(None) };
}

/// A large piece, which serves again once nobody has it any more.
struct Piece(Vec<u8>);

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut piece = std::mem::take(&mut self.0);
        piece.clear();
        // A thread that ends keeps nothing.
        let _ = SPARE.try_with(|spare| spare.set(Some(piece)));
    }
}

/// The body of a request.
#[derive(Debug, Default)]
pub struct RequestBody {
    pieces: Vec<Bytes>,
}

impl RequestBody {
    /// The JSON of `request`.
    ///
    /// # Errors
    /// The serialiser's; none in practice.
    pub(crate) fn json(request: &impl Serialize) -> serde_json::Result<Self> {
        let mut writer = Pieces::default();
        serde_json::to_writer(&mut writer, request)?;
        Ok(writer.finish())
    }

    /// The pieces, in order; none is empty.
    pub fn pieces(&self) -> &[Bytes] {
        &self.pieces
    }

    /// As the HTTP client takes it. Its length is known before it is sent.
    pub(crate) fn into_sent(mut self) -> reqwest::Body {
        match self.pieces.as_mut_slice() {
            [] => reqwest::Body::default(),
            [only] => std::mem::take(only).into(),
            _ => reqwest::Body::wrap(Sent(self.pieces.into_iter())),
        }
    }
}

/// Takes what is written.
#[derive(Default)]
struct Pieces {
    full: Vec<Bytes>,
    open: Vec<u8>,
}

impl Pieces {
    /// Bytes that still fit into the open piece.
    fn room(&self) -> usize {
        self.open.capacity() - self.open.len()
    }

    /// Writes what does not fit into the open piece.
    fn spread(&mut self, mut text: &[u8]) {
        while !text.is_empty() {
            if self.room() == 0 {
                self.close();
                self.open = match self.full.is_empty() {
                    true => Vec::with_capacity(FIRST_BYTES),
                    false => SPARE
                        .take()
                        .unwrap_or_else(|| Vec::with_capacity(PIECE_BYTES)),
                };
            }
            let (fitting, rest) = text.split_at(text.len().min(self.room()));
            self.open.extend_from_slice(fitting);
            text = rest;
        }
    }

    fn close(&mut self) {
        let piece = std::mem::take(&mut self.open);
        if self.full.is_empty() && !piece.is_empty() {
            self.full.push(piece.into());
        } else if !piece.is_empty() {
            self.full.push(Bytes::from_owner(Piece(piece)));
        }
    }

    fn finish(mut self) -> RequestBody {
        self.close();
        RequestBody { pieces: self.full }
    }
}

impl Write for Pieces {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.write_all(text)?;
        Ok(text.len())
    }

    // JSON comes in a few bytes at a time: nearly always they fit.
    #[inline]
    fn write_all(&mut self, text: &[u8]) -> std::io::Result<()> {
        if text.len() <= self.room() {
            self.open.extend_from_slice(text);
        } else {
            self.spread(text);
        }
        Ok(())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A body under way: each piece is given back once it is sent.
struct Sent(std::vec::IntoIter<Bytes>);

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_slice().is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.0.as_slice().iter().map(|piece| piece.len() as u64);
        SizeHint::with_exact(left.sum())
    }
}
