//! A stored hash, described for a program.

use palisade::password::{Inspection, Scheme, VerifyError};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::units::Size;

#[derive(Serialize)]
pub(crate) struct Described {
    scheme: &'static str,
    parameters: Map<String, Value>,
    memory_bytes: u64,
    peppers: Vec<String>,
    wrapped: bool,
    /// Those of the Argon2id around it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    wrap_parameters: Map<String, Value>,
}

impl Described {
    pub(crate) fn of(inspection: &Inspection) -> Self {
        Self {
            scheme: inspection.scheme().name(),
            parameters: map(inspection.parameters()),
            memory_bytes: inspection.memory_bytes(),
            peppers: inspection.peppers().map(ToString::to_string).collect(),
            wrapped: inspection.is_wrapped(),
            wrap_parameters: map(inspection.wrap_parameters()),
        }
    }
}

/// The same for a person.
pub(crate) fn table(inspection: &Inspection) -> String {
    let peppers: Vec<_> = inspection.peppers().map(ToString::to_string).collect();
    let wrapped = if inspection.is_wrapped() {
        format!("in argon2id {}", line(inspection.wrap_parameters()))
    } else {
        "no".to_owned()
    };
    format!(
        "scheme      {}\n\
         parameters  {}\n\
         memory      {}\n\
         peppers     {}\n\
         wrapped     {wrapped}\n",
        inspection.scheme(),
        line(inspection.parameters()),
        memory(inspection),
        if peppers.is_empty() { "none".to_owned() } else { peppers.join(", ") },
    )
}

/// What is wrong with a stored hash, and what this command has against it.
pub(crate) fn message(error: &VerifyError) -> String {
    match error {
        // The library's own text tells of a trait.
        VerifyError::Unsupported => "the stored hash is of no known scheme".to_owned(),
        VerifyError::UnknownPepper { id } => format!(
            "the stored hash was made under the pepper {id}, and no pepper of that id is given; \
             add its entry `id:secret` to the keyring that --peppers-env names"
        ),
        VerifyError::Unpeppered => {
            "the stored hash has no pepper; accept it with --allow-unpeppered".to_owned()
        }
        VerifyError::NotAccepted { scheme: Scheme::Bcrypt2x } => {
            "the stored hash is bcrypt of the version 2x, which different passwords may match; \
             `password verify` accepts it with --accept-2x"
                .to_owned()
        }
        error => error.to_string(),
    }
}

/// What verifying takes; nothing worth a number is `-`.
pub(crate) fn memory(inspection: &Inspection) -> String {
    match inspection.memory_bytes() {
        0 => "-".to_owned(),
        bytes => Size::from_bytes(bytes).to_string(),
    }
}

fn line<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    parameters.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

fn map<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    let value = |text: &str| text.parse::<u64>().map_or_else(|_| text.into(), Value::from);
    parameters.map(|(name, text)| (name.to_owned(), value(text))).collect()
}
