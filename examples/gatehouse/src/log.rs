//! The log: lines on stderr, so that stdout holds nothing but what a person reads at the start.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Config, LogFormat};

/// Begins to log. Does nothing when the process logs already.
///
/// # Security
///
/// Other crates never get to say more than warnings: what they write at lower levels, the bytes of
/// a connection among it, is not known to be free of keys.
pub fn init(config: &Config) {
    let filter = Targets::new()
        .with_target("gatehouse", config.log)
        .with_default(config.log.min(LevelFilter::WARN));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        // A closed stderr must not end a request.
        .log_internal_errors(false);
    let lines = match config.log_format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
}
