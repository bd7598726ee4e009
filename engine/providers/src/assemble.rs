//! Assembling: the one interface of the per-wire state machines that turn stream events into a reply, without IO.

use protocol::{CallId, Heard, ModelFault, Reply};

use crate::{SseEvent, Tape, Wire, anthropic, openai};

/// Turns the events of one stream, or one whole JSON body, into a reply.
///
/// A fault says nothing of HTTP; whoever holds the response adds its status.
pub trait Assemble: Send {
    /// Takes one event; what it adds goes to `tape`.
    ///
    /// # Errors
    /// When the provider reports an error, or the event is not JSON.
    fn event(&mut self, event: &SseEvent<'_>, tape: &mut Tape) -> Result<(), ModelFault>;

    /// Takes a whole reply that came as one JSON body although a stream was asked for.
    ///
    /// # Errors
    /// When the body is an error, or not a reply.
    fn body(&mut self, body: &str, tape: &mut Tape) -> Result<(), ModelFault>;

    /// Whether nothing further is to come: the stream may be left.
    fn is_over(&self) -> bool;

    /// What has come of the reply, if anything that is billed has: the model has begun to write, or the provider has
    /// counted tokens.
    fn heard(&self) -> Option<Heard>;

    /// The whole reply, without cost. `new_call` names the tool calls.
    ///
    /// # Errors
    /// `Broken` when the wire's closing event did not come.
    fn seal(self: Box<Self>, new_call: &dyn Fn() -> CallId) -> Result<Reply, ModelFault>;
}

/// The assembler of `wire`.
pub fn assembler(wire: Wire) -> Box<dyn Assemble> {
    match wire {
        Wire::Anthropic => Box::new(anthropic::Assembler::default()),
        Wire::OpenAiChat => Box::new(openai::Assembler::default()),
    }
}
