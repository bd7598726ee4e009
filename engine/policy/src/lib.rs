//! Policy judges: whether a claim may be acted on, and which rule says so.
