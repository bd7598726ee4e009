//! The agent decides: a loop without IO, from state and input to events and effects.
