//! Config knows what disk tells at start: settings layers with provenance, instruction files.
