//! Values whose serde form is their text.

/// Gives a type that is parsed by `FromStr` the two conversions that serde goes through, so that what is
/// read passes the same parser as everything else.
macro_rules! converts_as_text {
    ($type:ty, $error:ty, $to_text:expr) => {
        impl TryFrom<String> for $type {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> String {
                $to_text(value)
            }
        }
    };
}

pub(crate) use converts_as_text;
