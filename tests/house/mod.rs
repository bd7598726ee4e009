//! The house rules as tests: what the rooms may know, reach and be called, read from cargo's metadata and the source.
//!
//! Each rule is a function from the house (or a sample of it) to findings, and each is shown a bad sample here, so that
//! no rule can pass because it looks at nothing. A finding is answered by changing the code; an exception needs a reason,
//! and an exception nobody needs is itself a finding, so that the lists only shrink.

mod arrows;
mod findings;
mod invariants;
mod links;
mod locks;
mod matches;
mod needs;
mod reach;
mod shapes;
mod signs;
mod sizes;
mod survey;
mod words;
