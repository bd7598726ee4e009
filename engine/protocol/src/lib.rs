//! The names every room speaks: ids, commands, events, effects, outcomes, records, deltas.
