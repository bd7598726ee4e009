//! Streams: reads a response's body under a silence watchdog and feeds the wire's assembler.

use std::time::Duration;

use bytes::Bytes;
use protocol::{DeltaBody, ModelFault, Reply};
use reqwest::{RequestBuilder, Response};
use tokio::time::timeout;

use crate::faults::{broken, garbled, page_excerpt};
use crate::http::Http;
use crate::provider::Exchange;
use crate::sse::{EVENT_BYTES, SseReader, TooLong};
use crate::{Assemble, Tape};

/// How long a finished stream may take to end by itself, so that its connection can be used again.
const FAREWELL: Duration = Duration::from_millis(50);

/// The most bytes of one reply's stream: many times the longest reply of any model, and an end to one without end.
const REPLY_BYTES: usize = 128 * 1024 * 1024;

/// Sends `request` and assembles its reply. Every fault is presentable and says whether tokens were billed.
pub(crate) async fn run(
    http: &Http,
    request: RequestBuilder,
    mut assembler: Box<dyn Assemble>,
    exchange: Exchange<'_>,
) -> Result<Reply, ModelFault> {
    let (response, first) = match opened(http, request).await {
        Ok(opened) => opened,
        Err(fault) => return Err(http.presentable(fault)),
    };
    let status = Some(response.status().as_u16());
    let streamed = read(http, response, first, assembler.as_mut(), &exchange).await;
    let heard = assembler.heard();
    let reply = match streamed {
        Ok(()) => assembler.seal(exchange.new_call),
        Err(fault) => Err(fault),
    };
    reply.map_err(|mut fault| {
        fault.status = fault.status.or(status);
        (fault.billed, fault.heard) = (heard.is_some(), heard);
        http.presentable(fault)
    })
}

/// The response and its first bytes, which may be long in coming.
async fn opened(http: &Http, request: RequestBuilder) -> Result<(Response, Bytes), ModelFault> {
    let opening = async {
        let mut response = http.send(request).await?;
        let first = response.chunk().await.map_err(|error| http.lost(&error))?;
        match first {
            Some(bytes) => Ok((response, bytes)),
            None => Err(broken(
                "the server closed the connection before any byte of its reply",
            )),
        }
    };
    let Some(limit) = http.first_byte else {
        return opening.await;
    };
    timeout(limit, opening)
        .await
        .unwrap_or_else(|_| Err(broken(format!("no byte of a reply within {limit:?}"))))
}

async fn read(
    http: &Http,
    mut response: Response,
    first: Bytes,
    assembler: &mut dyn Assemble,
    exchange: &Exchange<'_>,
) -> Result<(), ModelFault> {
    (exchange.deltas)(DeltaBody::ReplyBegins { step: 0 });
    let mut tape = Tape::default();
    let mut body = Body::Unknown(Vec::new());
    let (mut next, mut passed) = (Some(first), 0_usize);
    while let Some(bytes) = next {
        passed = passed.saturating_add(bytes.len());
        if passed > REPLY_BYTES {
            return Err(garbled(format!(
                "the reply is larger than {REPLY_BYTES} bytes"
            )));
        }
        let fed = body.feed(&bytes, assembler, &mut tape);
        tape.play(exchange.deltas);
        fed?;
        if assembler.is_over() {
            // What follows the end is of no interest; a failure there neither.
            let _ = timeout(FAREWELL, response.chunk()).await;
            return Ok(());
        }
        next = following(http, &mut response).await?;
    }
    let ended = body.end(assembler, &mut tape);
    tape.play(exchange.deltas);
    ended
}

async fn following(http: &Http, response: &mut Response) -> Result<Option<Bytes>, ModelFault> {
    match timeout(http.idle, response.chunk()).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(http.lost(&error)),
        Err(_) => Err(broken(format!("the stream was silent for {:?}", http.idle))),
    }
}

/// What the body turned out to be. Its first letter tells, because servers lie in their content type: an
/// object is a whole reply (or an error), a tag is a page for people, anything else a stream of events.
enum Body {
    Unknown(Vec<u8>),
    Events(SseReader),
    Whole(Vec<u8>),
}

impl Body {
    fn feed(
        &mut self,
        bytes: &[u8],
        assembler: &mut dyn Assemble,
        tape: &mut Tape,
    ) -> Result<(), ModelFault> {
        match self {
            Self::Events(reader) => {
                reader.push(bytes);
                drain(reader, assembler, tape)
            }
            Self::Whole(whole) if whole.len() + bytes.len() > EVENT_BYTES => {
                Err(garbled(TooLong.to_string()))
            }
            Self::Whole(whole) => {
                whole.extend_from_slice(bytes);
                Ok(())
            }
            Self::Unknown(head) => {
                head.extend_from_slice(bytes);
                let head = std::mem::take(head);
                *self = Self::recognised(head);
                match self {
                    Self::Events(reader) => drain(reader, assembler, tape),
                    _ => Ok(()),
                }
            }
        }
    }

    fn recognised(head: Vec<u8>) -> Self {
        let bare = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&head);
        match bare.iter().find(|byte| !byte.is_ascii_whitespace()) {
            // A byte order mark still in pieces also begins with a byte that is no letter.
            None | Some(0xEF) if head.len() < 3 => Self::Unknown(head),
            None => Self::Unknown(head),
            Some(b'{' | b'[' | b'<') => Self::Whole(head),
            Some(_) => {
                let mut reader = SseReader::default();
                reader.push(&head);
                Self::Events(reader)
            }
        }
    }

    fn end(self, assembler: &mut dyn Assemble, tape: &mut Tape) -> Result<(), ModelFault> {
        match self {
            Self::Events(mut reader) => {
                reader.finish();
                // A last event cut in its middle is not the server's bad language but a broken stream.
                drain(&mut reader, assembler, tape).or_else(unless_cut)
            }
            Self::Unknown(_) => Err(broken("the reply was empty")),
            Self::Whole(whole) => {
                let text = String::from_utf8_lossy(&whole);
                let text = text.trim_start_matches('\u{feff}').trim();
                if text.starts_with('<') {
                    let page = page_excerpt(text);
                    let said = format!("the server sent a page, not a reply: {page}");
                    return Err(garbled(said.trim_end_matches(": ")));
                }
                assembler.body(text, tape)
            }
        }
    }
}

fn unless_cut(fault: ModelFault) -> Result<(), ModelFault> {
    match fault.kind {
        protocol::FaultKind::Garbled => Ok(()),
        _ => Err(fault),
    }
}

fn drain(
    reader: &mut SseReader,
    assembler: &mut dyn Assemble,
    tape: &mut Tape,
) -> Result<(), ModelFault> {
    while let Some(event) = reader
        .next_event()
        .map_err(|long| garbled(long.to_string()))?
    {
        assembler.event(&event, tape)?;
        if assembler.is_over() {
            break;
        }
    }
    Ok(())
}
