//! The hash of the part of a request body that a provider could cache: everything before its conversation.

/// A 64-bit FNV-1a hash, in hex, of the bytes before the top-level `"messages"` key; of the whole body without one.
///
/// Equal hashes in successive requests show that a client keeps its prompt prefix stable. Not cryptographic.
pub(crate) fn hash(body: &[u8]) -> String {
    let prefix = messages_key(body)
        .and_then(|end| body.get(..end))
        .unwrap_or(body);
    let hash = prefix.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Where the opening quote of the top-level `"messages"` key stands, read from the bytes so that their order counts.
fn messages_key(body: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = body.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let end = string_end(body, at)?;
                if depth == 1 && body.get(at..end) == Some(b"\"messages\"") && is_key(body, end) {
                    return Some(at);
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The position after the closing quote of the string that opens at `start`.
fn string_end(body: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match body.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

fn is_key(body: &[u8], after: usize) -> bool {
    let rest = body.get(after..).unwrap_or_default();
    rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::{hash, messages_key};

    #[test]
    fn the_prefix_ends_at_the_top_level_key() {
        let cases = [
            (r#"{"messages":[]}"#, Some(1)),
            (r#"{"a":{"messages":1},"messages" : []}"#, Some(20)),
            (r#"{"a":"messages","messages":[]}"#, Some(16)),
            (r#"{"a":"\"","messages":[]}"#, Some(10)),
            (r#"{"a":"\\","messages":[]}"#, Some(10)),
            (r#"{"model":"m"}"#, None),
            (r#"{"model":"m\"#, None),
            ("", None),
        ];
        for (body, end) in cases {
            assert_eq!(messages_key(body.as_bytes()), end, "{body}");
        }
    }

    #[test]
    fn only_the_prefix_counts() {
        let one = hash(br#"{"system":"s","messages":[1]}"#);
        assert_eq!(one, hash(br#"{"system":"s","messages":[2,3]}"#));
        assert_ne!(one, hash(br#"{"system":"t","messages":[1]}"#));
        assert_eq!(hash(b""), "cbf29ce484222325");
    }
}
