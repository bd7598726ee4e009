//! The store remembers: the append-only journal, blobs, and rebuildable indexes.
