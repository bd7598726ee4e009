//! Proofs over the whole house: journeys, promises, house rules, benches.
