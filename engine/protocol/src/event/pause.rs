//! Why a run pauses, and how a pause is written: it had no cause once, and such journals are still read.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::PlanEvent;
use crate::{ModelFault, NodeId};

/// A pause that somebody wants, and every one in journals older than the cause.
const PAUSED: &str = "paused";

/// Why a run pauses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PauseCause {
    /// Somebody wants it.
    User,
    /// There is no model to ask: the key is refused, the server is dead, or nothing is heard of any.
    NoModel {
        /// Whose call was not answered.
        node: NodeId,
        /// What was said of it last.
        fault: ModelFault,
    },
}

impl Serialize for PlanEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Paused {
            cause: PauseCause::User,
        } = self
        {
            return PAUSED.serialize(serializer);
        }
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for PlanEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Form)
    }
}

/// A word, or an object of one field: the fact with what belongs to it.
struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = PlanEvent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fact about the plan")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<PlanEvent, E> {
        if word == PAUSED {
            let cause = PauseCause::User;
            return Ok(PlanEvent::Paused { cause });
        }
        PlanEvent::deserialize(word.into_deserializer())
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<PlanEvent, A::Error> {
        PlanEvent::deserialize(MapAccessDeserializer::new(object))
    }
}
