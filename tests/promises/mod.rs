//! Promises: what formic says of itself, each kept by the real program or seen to be broken.

mod crashes;
mod denials;
mod orphans;
mod overlap;
mod prefix;
mod secrets;
