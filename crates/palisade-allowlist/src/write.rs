//! A list as text.

use std::io::{self, BufWriter, Write};

use crate::Allowlist;

impl Allowlist {
    /// Writes the list in the [text format](crate::Builder::extend_lines), one entry a line, in the order of
    /// [`entries`](Self::entries). Read back, it is an equal list.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    ///
    /// # Examples
    ///
    /// ```
    /// use palisade_allowlist::Allowlist;
    ///
    /// let (list, _) = Allowlist::builder()
    ///     .push("2001:db8::/32", "")
    ///     .push("::ffff:203.0.113.0/120", "Office VPN")
    ///     .build()?;
    /// let mut text = Vec::new();
    /// list.write_to(&mut text)?;
    /// assert_eq!(text, b"203.0.113.0/24 Office VPN\n2001:db8::/32\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_to(&self, writer: impl Write) -> io::Result<()> {
        let mut writer = BufWriter::new(writer);
        for entry in self.entries() {
            match entry.label() {
                "" => writeln!(writer, "{}", entry.network())?,
                label => writeln!(writer, "{} {label}", entry.network())?,
            }
        }
        writer.flush()
    }
}
