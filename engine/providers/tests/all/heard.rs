//! What is known of a reply that breaks off: whatever its provider had counted, and what the model had written.

use protocol::{Heard, Usage};
use providers::Wire;

use crate::happy::{CHAT, MESSAGES};
use crate::server::{Play, chat, messages_stream, played, streamed};

fn usage(input: u64, output: u64, cache_read: u64, cache_write: u64) -> Option<Usage> {
    Some(Usage {
        input,
        output,
        cache_read,
        cache_write,
    })
}

#[tokio::test]
async fn the_messages_wire_tells_the_prompt_first_and_the_reply_last() {
    let begun = usage(10, 1, 100, 5);
    let heard = |usage, uncounted| Some(Heard { usage, uncounted });
    let table = [
        (0, None),
        (1, heard(begun, 0)),
        (3, heard(begun, 2)),
        (9, heard(begun, 14)),
        (14, heard(begun, 34)),
        (16, heard(usage(10, 20, 100, 5), 0)),
    ];
    for (events, expected) in table {
        let cut = streamed(&messages_stream(&MESSAGES[..events]));
        let fault = played(Wire::Anthropic, Play::Close(cut)).await.fault();
        assert_eq!(fault.heard, expected, "after {events} events");
        assert_eq!(fault.billed, expected.is_some(), "after {events} events");
    }
}

#[tokio::test]
async fn the_chat_wire_tells_nothing_before_the_end() {
    let error = r#"{"error":{"message":"upstream is down","type":"server_error"}}"#;
    let heard = |usage, uncounted| Some(Heard { usage, uncounted });
    let table = [
        (1, None),
        (2, heard(None, 2)),
        (3, heard(None, 12)),
        (7, heard(None, 38)),
        (8, heard(None, 38)),
        (9, heard(usage(15, 20, 100, 0), 0)),
    ];
    for (chunks, expected) in table {
        let mut broken = CHAT[..chunks].to_vec();
        broken.push(error);
        let fault = chat(&broken).await.fault();
        assert_eq!(fault.heard, expected, "after {chunks} chunks");
        assert_eq!(fault.billed, expected.is_some(), "after {chunks} chunks");
    }
}
