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

/// A pair of name and value, as JSON has it in an array: an object would lose what stands twice.
impl serde::Serialize for Members {
    fn serialize<S: serde::Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.collect_seq(&self.0)
    }
}
