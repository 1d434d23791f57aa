//! What clients may ask for.

use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use crate::error::ApiError;
use crate::input::Described;
use crate::webhooks::{EventType, NewEndpoint, OVERLAP};

/// The longest description, in bytes.
const MAX_DESCRIPTION: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointRequest {
    pub(crate) url: String,
    #[serde(default)]
    description: String,
    events: Option<Vec<String>>,
}

/// How a secret is replaced.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretRequest {
    /// Whether the secret of now is known to others: then it signs no more, from this moment on.
    #[serde(default)]
    leaked: bool,
}

impl Described for SecretRequest {
    const FIELDS: &'static str = "the field is, if need be, leaked (true or false)";
}

impl SecretRequest {
    /// How long the secret of now signs beside the new one.
    pub(crate) fn overlap(&self) -> Option<Duration> {
        (!self.leaked).then_some(OVERLAP)
    }
}

impl Described for EndpointRequest {
    const FIELDS: &'static str = "the fields are url (text), and if need be description (text of at most 200 bytes) and events (list of types of events)";
}

impl EndpointRequest {
    /// The endpoint to be, with a URL that was checked already.
    pub(crate) fn checked(self) -> Result<NewEndpoint, ApiError> {
        if self.description.len() > MAX_DESCRIPTION
            || self.description.chars().any(char::is_control)
        {
            return Err(ApiError::invalid_body(
                "the description is longer than 200 bytes, or has a control character in it",
                "mend \"description\"",
            ));
        }
        let events = self.events.map_or(Ok(Vec::new()), |names| types(&names))?;
        Ok(NewEndpoint { url: self.url, description: self.description, events })
    }
}

fn types(names: &[String]) -> Result<Vec<EventType>, ApiError> {
    let known: Vec<&str> = EventType::ALL.into_iter().map(EventType::as_str).collect();
    let unknown = names.iter().any(|name| !known.contains(&name.as_str()));
    if names.is_empty() || unknown {
        return Err(ApiError::invalid_body(
            "\"events\" is empty, or has a type of events in it that there is not",
            format!("the types are {}; leave it out for all of them", known.join(", ")),
        ));
    }
    // Each once, however often it was named.
    Ok(EventType::ALL
        .into_iter()
        .filter(|event| names.iter().any(|name| name == event.as_str()))
        .collect())
}

/// The id of an endpoint or of a delivery.
pub(crate) struct EndpointId(pub(crate) String);

impl FromStr for EndpointId {
    type Err = NoId;

    fn from_str(text: &str) -> Result<Self, NoId> {
        let is_id = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if is_id { Ok(Self(text.to_owned())) } else { Err(NoId) }
    }
}

/// A text that is no id.
pub(crate) struct NoId;
