//! A response body: pieces made one at a time, paced, cut for the network, and ended as planned.

use std::{
    convert::Infallible,
    future::Future,
    iter::{Peekable, once},
    num::NonZeroUsize,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame};

use crate::{clock::Moment, connection::Cut, log::Ticket, reply::Chunk, turn::Events};

/// Unpaced events are sent together up to about this many bytes, which keeps huge streams cheap.
const BATCH: usize = 16 * 1024;

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Properly.
    Complete,
    /// By closing the connection.
    Cut,
    /// Never: nothing more is sent until the client leaves.
    Stall,
}

/// The pieces of a body and its end.
pub(crate) struct Source {
    events: Peekable<Events>,
    ending: Ending,
    /// The length promised in the response's head; `None` is an open-ended stream.
    length: Option<usize>,
}

impl Source {
    /// An open-ended stream.
    pub(crate) fn events(events: Events) -> Self {
        Self {
            events: events.peekable(),
            ending: Ending::Complete,
            length: None,
        }
    }

    /// A body of known length.
    pub(crate) fn pieces(pieces: Vec<Bytes>) -> Self {
        Self {
            length: Some(pieces.iter().map(Bytes::len).sum()),
            ..Self::events(Box::new(pieces.into_iter()))
        }
    }

    /// A body of one piece.
    pub(crate) fn whole(body: Bytes) -> Self {
        Self::pieces(vec![body])
    }

    /// Ends the body after so many events.
    pub(crate) fn stop_after(&mut self, events: usize, ending: Ending) {
        self.ending = ending;
        self.replace(|old| Box::new(old.take(events)));
    }

    /// Sends so many events, then `last`, and ends properly.
    pub(crate) fn end_with(&mut self, events: usize, last: Bytes) {
        self.replace(|old| Box::new(old.take(events).chain(once(last))));
    }

    /// Closes the connection after so many bytes of the body.
    pub(crate) fn cut_after_bytes(&mut self, bytes: usize) {
        self.ending = Ending::Cut;
        let mut left = bytes;
        self.replace(move |old| {
            Box::new(old.map_while(move |mut event| {
                event.truncate(left);
                left -= event.len();
                (!event.is_empty()).then_some(event)
            }))
        });
    }

    pub(crate) fn length(&self) -> Option<usize> {
        self.length
    }

    fn replace(&mut self, change: impl FnOnce(Peekable<Events>) -> Events) {
        let empty: Events = Box::new(std::iter::empty());
        let old = std::mem::replace(&mut self.events, empty.peekable());
        self.events = change(old).peekable();
    }
}

/// The body handed to the HTTP layer.
pub(crate) struct ReplyBody {
    source: Source,
    chunk: Chunk,
    /// What is left of an event that is cut for the network.
    rest: Bytes,
    pause: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// Set after a network piece: the body holds back once so that the piece goes out alone.
    flushes: bool,
    ticket: Ticket,
    cut: Cut,
    is_done: bool,
}

impl ReplyBody {
    pub(crate) fn new(source: Source, chunk: Chunk, ticket: Ticket, cut: Cut) -> Self {
        let mut body = Self {
            source,
            chunk,
            rest: Bytes::new(),
            pause: None,
            flushes: false,
            ticket,
            cut,
            is_done: false,
        };
        // The HTTP layer never asks for a body of no bytes.
        if body.source.length == Some(0) && body.source.ending == Ending::Complete {
            body.complete();
        }
        body
    }

    /// The next bytes to write together.
    fn next_piece(&mut self) -> Option<Bytes> {
        if self.rest.is_empty() {
            self.rest = self.next_events()?;
        }
        let most = self.chunk.tcp_bytes.map_or(usize::MAX, NonZeroUsize::get);
        Some(self.rest.split_to(self.rest.len().min(most)))
    }

    /// One event if the body is paced, otherwise as many as fit a batch.
    fn next_events(&mut self) -> Option<Bytes> {
        let first = self.source.events.find(|event| !event.is_empty())?;
        if self.chunk.delay_ms > 0 || first.len() >= BATCH {
            return Some(first);
        }
        let mut batch = BytesMut::from(first);
        while batch.len() < BATCH {
            let Some(event) = self.source.events.next() else {
                break;
            };
            batch.extend_from_slice(&event);
        }
        Some(batch.freeze())
    }

    /// Plans what happens between the piece just made and the next.
    fn after_piece(&mut self) {
        if self.chunk.delay_ms > 0 {
            let time = Duration::from_millis(self.chunk.delay_ms);
            self.pause = Some(Box::pin(self.ticket.pause(Moment::now(), time)));
        }
        self.flushes = self.chunk.tcp_bytes.is_some();
        let is_last = self.rest.is_empty() && self.source.events.peek().is_none();
        if is_last && self.source.ending == Ending::Complete {
            self.complete();
        }
    }

    /// Marks the reply finished; before the last bytes go out, so that a client that has them finds it in the log.
    fn complete(&mut self) {
        self.is_done = true;
        self.ticket.finish();
    }

    fn end(&mut self) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.source.ending {
            Ending::Complete => {
                self.complete();
                Poll::Ready(None)
            }
            Ending::Cut => {
                self.ticket.finish();
                self.cut.now();
                // The HTTP layer flushes when a body has nothing to give, and that flush closes the connection.
                Poll::Pending
            }
            // The HTTP layer keeps watching the connection and drops this body when the client leaves.
            Ending::Stall => Poll::Pending,
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let body = &mut *self;
        if let Some(pause) = &mut body.pause {
            ready!(pause.as_mut().poll(cx));
            body.pause = None;
        }
        if std::mem::take(&mut body.flushes) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match body.next_piece() {
            None => body.end(),
            Some(piece) => {
                body.after_piece();
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_done
    }
}

#[cfg(test)]
mod tests {
    use std::{
        num::NonZeroUsize,
        pin::Pin,
        task::{Context, Poll, Waker},
    };

    use bytes::Bytes;
    use hyper::body::Body;

    use super::{ReplyBody, Source};
    use crate::{
        clock::Clock, connection::Cut, log::Ticket, reply::Chunk, script::Script, state::Shared,
    };

    #[test]
    fn each_network_piece_is_flushed_before_the_next() {
        let chunk = Chunk {
            tcp_bytes: NonZeroUsize::new(2),
            ..Chunk::default()
        };
        let shared = Shared::new(Script::new(), Clock::starting_now(), true, None);
        let source = Source::whole(Bytes::from_static("aé!".as_bytes()));
        let mut body = ReplyBody::new(source, chunk, Ticket::new(shared, 1), Cut::default());
        let mut cx = Context::from_waker(Waker::noop());
        let mut polled = Vec::new();
        while !body.is_end_stream() {
            polled.push(match Pin::new(&mut body).poll_frame(&mut cx) {
                Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap().to_vec(),
                Poll::Ready(None) => panic!("an end that was not announced"),
                Poll::Pending => b"flush".to_vec(),
            });
        }
        assert_eq!(polled, [b"a\xc3".as_slice(), b"flush", b"\xa9!"]);
    }
}
