//! The members of a JSON object as they stand there, also one that stands twice.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde_json::Value;

pub(super) struct Members(pub(super) Vec<(String, Value)>);

impl Members {
    /// The members, or nothing when this is no JSON object.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// Whether an earlier member has the name of this one.
    pub(super) fn is_repeated(&self, index: usize) -> bool {
        self.0[..index].iter().any(|(earlier, _)| *earlier == self.0[index].0)
    }

    /// The names that stand more than once.
    pub(super) fn twice(&self) -> impl Iterator<Item = &str> {
        let repeated = self.0.iter().enumerate().filter(|(index, _)| self.is_repeated(*index));
        repeated.map(|(_, (name, _))| name.as_str())
    }
}

impl<'j> serde::Deserialize<'j> for Members {
    fn deserialize<D: serde::Deserializer<'j>>(input: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'j> Visitor<'j> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        input.deserialize_map(MembersVisitor)
    }
}

/// As an object. Of what stands twice it has the first; [`Members::twice`] names it.
impl serde::Serialize for Members {
    fn serialize<S: serde::Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        let once = self.0.iter().enumerate().filter(|(index, _)| !self.is_repeated(*index));
        output.collect_map(once.map(|(_, (name, value))| (name, value)))
    }
}
