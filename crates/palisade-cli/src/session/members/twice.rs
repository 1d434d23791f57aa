//! Names that stand twice in one object, which a JSON value does not show any more.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// For each member of an object the names that stand twice somewhere in its value, or nothing when
/// this is no JSON object.
pub(super) fn in_each_member(json: &[u8]) -> Option<Vec<Vec<String>>> {
    struct Each;

    impl<'j> Visitor<'j> for Each {
        type Value = Vec<Vec<String>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut each = Vec::new();
            while map.next_key::<IgnoredAny>()?.is_some() {
                let mut twice = Vec::new();
                map.next_value_seed(Inside(&mut twice))?;
                each.push(twice);
            }
            Ok(each)
        }
    }

    serde_json::Deserializer::from_slice(json).deserialize_map(Each).ok()
}

/// Any value; adds the names that stand twice in an object of it.
struct Inside<'t>(&'t mut Vec<String>);

impl<'j> DeserializeSeed<'j> for Inside<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'j>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_any(self)
    }
}

impl<'j> Visitor<'j> for Inside<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'j>>(self, mut array: A) -> Result<(), A::Error> {
        while array.next_element_seed(Inside(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<(), A::Error> {
        // A token is short, so a search through all the names is.
        let mut names: Vec<String> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if names.contains(&name) {
                self.0.push(name);
            } else {
                names.push(name);
            }
            map.next_value_seed(Inside(self.0))?;
        }
        Ok(())
    }
}
