//! When two lists are the same.

use crate::Allowlist;

impl PartialEq for Allowlist {
    /// The same networks with the same labels; and for two lists without any, the same [meaning](crate::EmptyList)
    /// of that. The order in which entries were added does not count. Two different lists of a million entries are
    /// told apart at the first difference, equal ones take a walk over both.
    fn eq(&self, other: &Self) -> bool {
        let same_meaning = !self.is_empty() || self.when_empty() == other.when_empty();
        self.len() == other.len() && same_meaning && self.entries().eq(other.entries())
    }
}

impl Eq for Allowlist {}
