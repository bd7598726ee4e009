//! Tolerant JSON leaves: a text or a count that never makes a whole event unreadable.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text borrowed from the event where it has no escapes. `null` and what is no text read as empty,
/// numbers as their digits (some servers number their calls).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Piece<'a>(pub(crate) Cow<'a, str>);

impl Deref for Piece<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

struct PieceVisitor;

impl<'de> Visitor<'de> for PieceVisitor {
    type Value = Piece<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Piece<'de>, E> {
        Ok(Piece(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Piece<'de>, E> {
        Ok(Piece(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Piece<'de>, E> {
        Ok(Piece(Cow::Owned(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Piece<'de>, E> {
        Ok(Piece(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Piece<'de>, E> {
        Ok(Piece(Cow::Owned(number.to_string())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Piece<'de>, E> {
        Ok(Piece::default())
    }

    fn visit_unit<E>(self) -> Result<Piece<'de>, E> {
        Ok(Piece::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Piece<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Piece::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Piece<'de>, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Piece::default())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Piece<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PieceVisitor)
    }
}

/// A count of tokens, or an index. What is no whole number from 0 reads as unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) Option<u64>);

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Count, E> {
        Ok(Count(Some(number)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Count, E> {
        Ok(Count(None))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Count, E> {
        let whole = number.fract() == 0.0 && number >= 0.0;
        Ok(Count(whole.then_some(number as u64)))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Count, E> {
        Ok(Count(None))
    }

    fn visit_str<E>(self, text: &str) -> Result<Count, E> {
        Ok(Count(text.parse().ok()))
    }

    fn visit_unit<E>(self) -> Result<Count, E> {
        Ok(Count(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Count, A::Error> {
        PieceVisitor.visit_seq(items).map(|_| Count(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Count, A::Error> {
        PieceVisitor.visit_map(entries).map(|_| Count(None))
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_of_a_wrong_kind_read_as_empty_or_unknown() {
        let texts = [
            ("\"a\"", "a"),
            ("null", ""),
            ("7", "7"),
            ("[1,[2]]", ""),
            ("{\"a\":1}", ""),
        ];
        for (given, then) in texts {
            let piece: Piece<'_> = serde_json::from_str(given).unwrap();
            assert_eq!(&*piece, then, "{given}");
        }
        let counts = [
            ("7", Some(7)),
            ("7.0", Some(7)),
            ("\"7\"", Some(7)),
            ("-1", None),
            ("null", None),
            ("{}", None),
        ];
        for (given, then) in counts {
            let count: Count = serde_json::from_str(given).unwrap();
            assert_eq!(count.0, then, "{given}");
        }
    }

    #[test]
    fn a_text_without_escapes_is_borrowed() {
        let piece: Piece<'_> = serde_json::from_str("\"plain\"").unwrap();
        assert!(matches!(piece.0, Cow::Borrowed(_)));
    }
}
