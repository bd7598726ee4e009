//! Every tree of the index and how its keys are spelled: fixed width, big-endian, id first.

use protocol::SessionId;
use uuid::Uuid;

/// Session id (16 bytes) to what is known of that session, as JSON.
///
/// A tree whose values change their form takes a new name; the names of retired trees are never used again and
/// stay listed here. Retired: sessions.1.
pub(crate) const SESSIONS: &str = "sessions.2";

/// A key of [`SESSIONS`]; keys sort as their ids do, which is by the time the session began.
pub(crate) const fn of_session(session: SessionId) -> [u8; 16] {
    *session.uuid().as_bytes()
}

/// The session a key of [`SESSIONS`] names.
pub(crate) fn session_of(key: &[u8]) -> Option<SessionId> {
    Uuid::from_slice(key).ok().map(SessionId::new)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_order_as_ids_do_and_name_their_ids(a in any::<u128>(), b in any::<u128>()) {
            let (a, b) = (SessionId::new(Uuid::from_u128(a)), SessionId::new(Uuid::from_u128(b)));
            prop_assert_eq!(of_session(a).cmp(&of_session(b)), a.cmp(&b));
            prop_assert_eq!(session_of(&of_session(a)), Some(a));
        }
    }
}
