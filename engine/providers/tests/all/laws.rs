//! Laws of the assemblers: nothing makes them panic, and nothing looks complete before its closing event.

use proptest::prelude::*;
use protocol::Reply;
use providers::{SseReader, Tape, Wire, assembler};

use crate::happy::{CHAT, MESSAGES};
use crate::server::{call_ids, chat_stream, messages_stream};

/// Feeds a whole body as the network code does; `None` for any fault.
fn assemble(wire: Wire, body: &[u8]) -> Option<Reply> {
    let mut assembler = assembler(wire);
    let mut tape = Tape::default();
    let mut reader = SseReader::default();
    reader.push(body);
    while let Some(event) = reader.next_event().ok()? {
        assembler.event(&event, &mut tape).ok()?;
        if assembler.is_over() {
            break;
        }
    }
    reader.finish();
    while let Some(event) = reader.next_event().ok()? {
        if assembler.is_over() || assembler.event(&event, &mut tape).is_err() {
            break;
        }
    }
    tape.play(&|_| ());
    assembler.seal(&call_ids()).ok()
}

#[test]
fn a_body_cut_at_every_byte_is_a_reply_only_after_its_closing_event() {
    // The last byte without which nothing is closed: the brace of message_stop, and the one of the chunk
    // with the finish reason.
    let messages = messages_stream(MESSAGES);
    let chat = chat_stream(CHAT);
    let closed = [
        (Wire::Anthropic, messages.trim_end().len(), &messages),
        (
            Wire::OpenAiChat,
            chat.find("\"tool_calls\"}]}").unwrap() + "\"tool_calls\"}]}".len(),
            &chat,
        ),
    ];
    for (wire, closing, body) in closed {
        for cut in 0..=body.len() {
            let reply = assemble(wire, &body.as_bytes()[..cut]);
            assert_eq!(
                reply.is_some(),
                cut >= closing,
                "{wire:?} cut at {cut} of {closing}"
            );
        }
    }
}

/// Pieces from which a hostile or broken server could build its stream.
fn fragment() -> impl Strategy<Value = String> {
    let line = prop::sample::select([MESSAGES, CHAT].concat())
        .prop_map(|event| format!("data: {event}\n\n"));
    let json = prop::sample::select(vec![
        "data: [DONE]\n\n",
        "data: {}\n\n",
        "data: []\n\n",
        "data: 7\n\n",
        "data: null\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":18446744073709551615,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n",
        "data: {\"type\":\"content_block_start\",\"content_block\":{}}\n\n",
        "data: {\"type\":\"content_block_stop\",\"index\":99}\n\n",
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{},{\"index\":-1},{\"function\":null}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"<think>\"}}]}\n\n",
        "event: error\ndata: oops\n\n",
        "\r\r\n\n:\n",
    ])
    .prop_map(str::to_owned);
    prop_oneof![3 => line, 2 => json, 1 => any::<String>()]
}

proptest! {
    #[test]
    fn any_bytes_leave_the_assemblers_standing(body in prop::collection::vec(any::<u8>(), 0..400)) {
        for wire in [Wire::Anthropic, Wire::OpenAiChat] {
            assemble(wire, &body);
            let text = String::from_utf8_lossy(&body);
            let _ = assembler(wire).body(&text, &mut Tape::default());
        }
    }

    #[test]
    fn any_order_of_events_leaves_the_assemblers_standing(pieces in prop::collection::vec(fragment(), 0..30)) {
        let body = pieces.concat();
        for wire in [Wire::Anthropic, Wire::OpenAiChat] {
            if let Some(reply) = assemble(wire, body.as_bytes()) {
                for block in &reply.content {
                    if let protocol::Block::ToolUse(call) = block {
                        let object = call.arguments.as_str().starts_with('{');
                        prop_assert!(object, "not an object");
                        prop_assert!(!call.wire.as_str().is_empty());
                    }
                }
            }
        }
    }
}
