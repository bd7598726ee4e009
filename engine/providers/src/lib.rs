//! Providers act: one HTTP exchange with a model per call.
