//! Replies no sane model sends: whatever comes, the turn ends, the journal replays, and no call is left without its result.

use crate::replies::{WIRES, survive, two_calls};
use crate::wild::stream_of;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[3]).collect()
    }
}

#[tokio::test]
async fn any_bytes_for_a_reply_end_the_turn() {
    for wire in WIRES {
        let mut dice = Dice(7);
        let bodies = (0..120).map(|case| {
            let length = dice.below(600);
            let mut body = dice.bytes(length);
            // Some begin as what formic knows to read.
            let heads: [&[u8]; 6] = [
                b"",
                b"data: ",
                b"{",
                b"event: x\ndata: {",
                b"<",
                b"\xef\xbb\xbf",
            ];
            body.splice(0..0, heads[case % heads.len()].iter().copied());
            body
        });
        survive(wire, bodies.collect::<Vec<_>>()).await;
    }
}

#[tokio::test]
async fn a_reply_cut_anywhere_ends_the_turn() {
    for wire in WIRES {
        let whole = stream_of(&two_calls(wire)).into_bytes();
        survive(
            wire,
            (0..whole.len()).step_by(5).map(|cut| whole[..cut].to_vec()),
        )
        .await;
    }
}

#[tokio::test]
async fn a_reply_with_a_flipped_byte_ends_the_turn() {
    for wire in WIRES {
        let whole = stream_of(&two_calls(wire)).into_bytes();
        let mut dice = Dice(11);
        let flipped = (0..whole.len()).step_by(4).map(|at| {
            let mut body = whole.clone();
            body[at] ^= u8::try_from(dice.below(255) + 1).unwrap();
            body
        });
        survive(wire, flipped.collect::<Vec<_>>()).await;
    }
}

#[tokio::test]
async fn events_doubled_lost_and_out_of_order_end_the_turn() {
    for wire in WIRES {
        let whole = two_calls(wire);
        let mut dice = Dice(13);
        let shuffled = (0..160).map(|_| {
            let mut events = whole.clone();
            for _ in 0..=dice.below(4) {
                let (a, b) = (dice.below(events.len()), dice.below(events.len()));
                match dice.below(3) {
                    0 => events.swap(a, b),
                    1 => events.insert(b, events[a].clone()),
                    _ => drop(events.remove(a)),
                }
            }
            stream_of(&events).into_bytes()
        });
        survive(wire, shuffled.collect::<Vec<_>>()).await;
    }
}

#[tokio::test]
async fn numbers_of_any_size_and_words_nobody_knows_end_the_turn() {
    let numbers = [
        "-1",
        "18446744073709551615",
        "1e308",
        "-1e308",
        "99999999999999999999999",
        "0.5",
        "\"7\"",
        "null",
        "[]",
    ];
    for wire in WIRES {
        let whole = stream_of(&two_calls(wire));
        let fields = ["\"index\":", "_tokens\":"];
        let mut bodies = Vec::new();
        for number in numbers {
            for field in fields {
                bodies.push(with_numbers(&whole, field, number).into_bytes());
            }
        }
        for word in [
            "tool_use",
            "tool_calls",
            "thinking_delta",
            "input_json_delta",
            "content_block_stop",
            "message_delta",
        ] {
            for strange in ["pause_turn", "refusal", "x\\u0000\\u001b[2J", "\\ud800", ""] {
                bodies.push(whole.replace(word, strange).into_bytes());
            }
        }
        survive(wire, bodies).await;
    }
}

/// The text with the number after each `field` replaced.
fn with_numbers(text: &str, field: &str, number: &str) -> String {
    let mut pieces = text.split(field);
    let mut out = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit());
        out.push_str(field);
        out.push_str(number);
        out.push_str(rest);
    }
    out
}

#[tokio::test]
async fn events_nested_without_end_end_the_turn() {
    for wire in WIRES {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let blocks = [
            format!(
                "{{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"new\",\"x\":{deep}}}}}"
            ),
            format!("{{\"choices\":[{{\"delta\":{{\"x\":{deep}}}}}]}}"),
            format!("{{\"error\":{deep}}}"),
            deep.clone(),
        ];
        let bodies = blocks.iter().flat_map(|block| {
            let mut events = two_calls(wire);
            events.insert(1, block.clone());
            [stream_of(&events).into_bytes(), block.clone().into_bytes()]
        });
        survive(wire, bodies.collect::<Vec<_>>()).await;
    }
}
