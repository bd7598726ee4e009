//! The ways a reply can go wrong on purpose.

use std::collections::BTreeMap;

use hyper::header::{HeaderName, HeaderValue};
use serde::Deserialize;

/// A planned failure. Events are counted from the first one sent, pings and the end marker included; a reply that is
/// not streamed counts as two events, its first and its second half.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "FaultForm")]
pub enum Fault {
    /// Answer with this HTTP status instead of a reply.
    Status(StatusFault),
    /// Close the connection after this many events, in the middle of the body.
    CutAfterEvents(usize),
    /// Close the connection after this many bytes of the body.
    CutAfterBytes(usize),
    /// Close the connection before any byte of the response.
    CloseBeforeByte,
    /// Answer 200 with the content type of a normal reply and this as the body.
    Garbage(String),
    /// Send this many events, then nothing more until the client leaves.
    StallAfterEvents(usize),
    /// Send this many events, then the wire's error event, then end the stream without its end marker.
    ErrorEvent {
        /// Events before the error.
        after: usize,
        /// The error's type, such as `overloaded_error`.
        kind: String,
        /// The error's text.
        message: String,
    },
}

/// An HTTP error response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusFault {
    /// 200 to 599.
    pub status: u16,
    /// Sent as they are, such as `retry-after`.
    pub headers: BTreeMap<String, String>,
    /// The exact body; without it the wire's own error object is sent.
    pub body: Option<String>,
    /// The text in the wire's own error object.
    pub message: String,
    /// The type in the wire's own error object; without it the one that belongs to the status.
    pub kind: Option<String>,
}

impl Fault {
    /// An HTTP error response with the wire's own error object.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status(StatusFault {
            status,
            headers: BTreeMap::new(),
            body: None,
            message: default_message(),
            kind: None,
        })
    }

    /// Whether the planned failure leaves nothing of the reply's own content.
    pub(crate) fn replaces_content(&self) -> bool {
        matches!(
            self,
            Self::Status(_) | Self::CloseBeforeByte | Self::Garbage(_)
        )
    }
}

/// The JSON shape: one main field says which fault, the others belong to it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FaultForm {
    status: Option<u16>,
    headers: Option<BTreeMap<String, String>>,
    body: Option<String>,
    message: Option<String>,
    kind: Option<String>,
    cut_after_events: Option<usize>,
    cut_after_bytes: Option<usize>,
    close_before_byte: Option<bool>,
    garbage: Option<String>,
    stall_after_events: Option<usize>,
    error_event_after: Option<usize>,
}

const MAIN_FIELDS: &str = "status, cut_after_events, cut_after_bytes, close_before_byte, garbage, stall_after_events, error_event_after";

impl FaultForm {
    /// Names of the given fields that only another fault understands.
    fn strangers(&self) -> Vec<&'static str> {
        let is_status = self.status.is_some();
        let has_text = is_status || self.error_event_after.is_some();
        [
            ("headers", self.headers.is_some() && !is_status),
            ("body", self.body.is_some() && !is_status),
            ("message", self.message.is_some() && !has_text),
            ("kind", self.kind.is_some() && !has_text),
        ]
        .into_iter()
        .filter_map(|(name, stray)| stray.then_some(name))
        .collect()
    }

    fn into_status(self, status: u16) -> Result<Fault, String> {
        if !(200..=599).contains(&status) {
            return Err(format!("status {status} is not between 200 and 599"));
        }
        let headers = self.headers.unwrap_or_default();
        for (name, value) in &headers {
            HeaderName::try_from(name)
                .map_err(|_| format!("headers: \"{name}\" is not a header name"))?;
            HeaderValue::try_from(value)
                .map_err(|_| format!("headers: the value of \"{name}\" cannot be sent"))?;
        }
        Ok(Fault::Status(StatusFault {
            status,
            headers,
            body: self.body,
            message: self.message.unwrap_or_else(default_message),
            kind: self.kind,
        }))
    }

    fn into_error_event(self, after: usize) -> Fault {
        Fault::ErrorEvent {
            after,
            kind: self.kind.unwrap_or_else(|| "overloaded_error".to_owned()),
            message: self.message.unwrap_or_else(default_message),
        }
    }
}

impl TryFrom<FaultForm> for Fault {
    type Error = String;

    fn try_from(mut form: FaultForm) -> Result<Self, String> {
        if let Some(stray) = form.strangers().first() {
            return Err(format!("\"{stray}\" does not belong to this fault"));
        }
        let mut found = Vec::new();
        found.extend(form.cut_after_events.map(Self::CutAfterEvents));
        found.extend(form.cut_after_bytes.map(Self::CutAfterBytes));
        found.extend(form.stall_after_events.map(Self::StallAfterEvents));
        found.extend(form.garbage.take().map(Self::Garbage));
        found.extend(
            form.close_before_byte
                .filter(|yes| *yes)
                .map(|_| Self::CloseBeforeByte),
        );
        match (found.pop(), form.status, form.error_event_after) {
            (Some(fault), None, None) if found.is_empty() => Ok(fault),
            (None, Some(status), None) => form.into_status(status),
            (None, None, Some(after)) => Ok(form.into_error_event(after)),
            (None, None, None) => Err(format!("a fault needs one of {MAIN_FIELDS}")),
            _ => Err(format!("a fault can have only one of {MAIN_FIELDS}")),
        }
    }
}

fn default_message() -> String {
    "this failure is part of the script".to_owned()
}
