//! The scheduler orders the nodes of a plan.
