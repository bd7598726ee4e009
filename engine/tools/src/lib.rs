//! Tools act on files and processes; writes only under a permit.
