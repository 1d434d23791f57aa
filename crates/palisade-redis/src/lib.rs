//! Palisade on Redis.
