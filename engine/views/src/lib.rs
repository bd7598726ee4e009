//! Views fold records into what people and programs read.
