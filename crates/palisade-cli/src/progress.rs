//! How far a long command is, for whoever watches.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on stderr where that is a terminal, and nothing elsewhere or beside JSON.
pub(crate) fn bar(len: Option<u64>, template: &str, json: bool) -> ProgressBar {
    if json {
        return ProgressBar::hidden();
    }
    // The default target is stderr, and draws nothing when that is no terminal.
    let bar = len.map_or_else(ProgressBar::no_length, ProgressBar::new);
    // A template that cannot be read is no reason to stop.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
