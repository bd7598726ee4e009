//! Actors carry commands, events and effects between the rooms.
