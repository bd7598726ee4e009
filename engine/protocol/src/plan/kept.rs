//! What the refs are called that keep a run's work which is on no branch yet.

use super::NodeName;
use crate::SessionId;

impl SessionId {
    /// Digits of the short form of an id.
    pub const DIGITS: usize = 12;

    /// The short form of the id, its last 12 digits: what commands print and take, and what the names of a run's branch
    /// and refs are made of. The first digits tell the time, and are much the same for all of one day.
    pub fn digits(self) -> String {
        let whole = self.uuid().simple().to_string();
        whole[whole.len() - Self::DIGITS..].to_owned()
    }

    /// Below it lie the refs that keep this run's work from being tidied away: `refs/formic/<digits>/`.
    pub fn kept_refs(self) -> String {
        format!("refs/formic/{}/", self.digits())
    }
}

impl NodeName {
    /// The ref that keeps what this node of a run wants integrated. No two names of a run have the same, and what git
    /// does not allow in a ref stands as `+` for a `/` and `%` for a `.`.
    pub fn kept_ref(&self, run: SessionId) -> String {
        let name = self.as_str().as_bytes();
        let plain = |at: Option<&u8>| at.is_some_and(|byte| byte.is_ascii_alphanumeric());
        let is_lock = self.as_str().ends_with(".lock");
        let mut text = run.kept_refs();
        for (at, byte) in name.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| name.get(at));
            let is_suffix = is_lock && at + ".lock".len() == name.len();
            text.push(match byte {
                b'/' => '+',
                b'.' if is_suffix || !plain(before) || !plain(name.get(at + 1)) => '%',
                other => char::from(*other),
            });
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_node_has_a_ref_of_its_own_that_git_allows() {
        let run = SessionId::new(Uuid::from_u128(0x0123_4567_89ab_cdef));
        for (name, expected) in [
            ("parse", "parse"),
            ("ui/v1.2", "ui+v1.2"),
            ("-x", "-x"),
            (".x..y.", "%x%%y%"),
            ("a.lock", "a%lock"),
            ("a/.b", "a+%b"),
            ("/", "+"),
        ] {
            let kept = NodeName::from(name).kept_ref(run);
            assert_eq!(kept, format!("refs/formic/456789abcdef/{expected}"));
        }
    }
}
