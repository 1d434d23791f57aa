//! The tests of palisade-webhook, one module a topic.
