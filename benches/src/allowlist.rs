//! Tables of real networks, and the addresses that lists are asked about.

mod probes;
mod table;

pub use probes::{Probes, best_time, probes};
pub use table::{LABELS, Prefix, cloud_text, full_table, label_of, label_text, sample, text_of};
