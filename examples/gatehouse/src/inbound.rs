//! Webhooks from others: a verifier for each sender that is configured.
//!
//! Nothing but the signature says who sends. So the headers are looked at before any of the body is read, the body
//! goes through the verifier while it arrives, and what is held of bodies is bounded, for each address too.

mod inbox;
mod kept;
mod keys;
mod limits;
mod room;

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use palisade::webhook::{
    Fresh, ReplayError, ReplayGuard, Scheme, VerifiedStream, Verifier, VerifierBuilder,
};
use zeroize::Zeroizing;

use crate::config::{Config, InboundSecrets, InboundSource, SQUARE_URL};
use crate::secrets::SecretUses;
use crate::start::StartError;
use crate::webhooks::{WebhookStore, WebhooksError};
use inbox::{Inbox, Received};
pub(crate) use limits::KeptLimits;
pub(crate) use room::{Room, Rooms};

/// The longest file of keys.
const MAX_FILE: usize = 64 * 1024;

/// The senders that webhooks are received from.
#[derive(Debug)]
pub struct Inbound {
    verifiers: Vec<Verifier>,
    store: WebhookStore,
    limits: KeptLimits,
    /// The room for bodies that are on their way in.
    rooms: Arc<Rooms>,
    max_body: usize,
}

impl Inbound {
    /// The senders whose secrets are given.
    ///
    /// # Errors
    ///
    /// [`StartError`]: which variable is not usable, or that a secret has another use already.
    pub fn open(
        config: &Config,
        secrets: &mut SecretUses,
        store: &WebhookStore,
    ) -> Result<Self, StartError> {
        let settings = &config.webhooks;
        let mut verifiers = Vec::new();
        for sender in &settings.inbound {
            let builder = Verifier::builder(sender.scheme)
                .max_body(u64::try_from(settings.max_body).unwrap_or(u64::MAX));
            let builder = match &settings.square_url {
                Some(url) if sender.scheme.signs_url() => builder.url(url.as_str()),
                _ => builder,
            };
            verifiers.push(verifier(builder, sender, secrets)?);
        }
        let (rooms, max_body) = (Rooms::new(settings.max_body), settings.max_body);
        Ok(Self { verifiers, store: store.clone(), limits: settings.kept, rooms, max_body })
    }

    /// The verifier of this scheme; none where it is not configured.
    pub(crate) fn verifier(&self, scheme: &Scheme) -> Option<&Verifier> {
        self.verifiers.iter().find(|verifier| verifier.scheme().name() == scheme.name())
    }

    /// Room for a body to this scheme from this address, which starts with none.
    pub(crate) fn room(&self, scheme: &Scheme, address: IpAddr) -> Room {
        self.rooms.room(scheme.name(), address)
    }

    /// The largest body that is received, in bytes.
    pub(crate) fn max_body(&self) -> usize {
        self.max_body
    }

    /// Keeps a message that was verified, unless it came before. Its replay key and the message are one transaction,
    /// so a process that dies keeps both or neither, and the sender comes again.
    pub(crate) async fn keep(
        &self,
        verified: &VerifiedStream,
        scheme: &Scheme,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Fresh, ReplayError> {
        let message = Received {
            scheme: scheme.name(),
            key_id: verified.key_id().as_str(),
            message_id: verified.message_id(),
            signed: verified.timestamp(),
            body,
        };
        // A guard for each message, since the store writes the message too. What it holds are three fields.
        let inbox = Inbox::new(&self.store, message, self.limits);
        let guard = ReplayGuard::builder(inbox, scheme.name())
            .retention(limits::retention(scheme))
            .build()
            .map_err(palisade::webhook::StoreError::new)?;
        guard.admit(verified, now).await
    }

    /// Forgets replay keys whose end has come and messages that are old.
    ///
    /// # Errors
    ///
    /// [`WebhooksError`] when the store fails.
    pub async fn prune(&self, now: SystemTime) -> Result<u64, WebhooksError> {
        self.store.prune_received(self.limits, now).await
    }
}

fn verifier(
    builder: VerifierBuilder,
    sender: &InboundSecrets,
    secrets: &mut SecretUses,
) -> Result<Verifier, StartError> {
    let variable = sender.variable;
    let problem = |problem: String| StartError::Inbound { variable, problem };
    let text = match &sender.source {
        InboundSource::Given(text) => Zeroizing::new(text.to_string()),
        InboundSource::File(path) => read(path).map_err(|error| problem(error.to_string()))?,
    };
    let mut builder = builder;
    for entry in keys::entries(&text).map_err(|error| problem(error.to_string()))? {
        let key = entry.key(&sender.scheme).map_err(|error| problem(error.to_string()))?;
        secrets.add_shared(variable, entry.secret())?;
        builder = builder.key(entry.id, key);
    }
    builder.build().map_err(|error| match error {
        palisade::webhook::BuildError::NoUrl => problem(format!("{SQUARE_URL} is missing")),
        error => problem(error.to_string()),
    })
}

fn read(path: &std::path::Path) -> std::io::Result<Zeroizing<String>> {
    // The whole length at once: growing it would leave copies of the secrets on the heap.
    let mut text = Zeroizing::new(String::with_capacity(MAX_FILE + 1));
    File::open(path)?
        .take(u64::try_from(MAX_FILE + 1).unwrap_or(u64::MAX))
        .read_to_string(&mut text)?;
    if text.len() > MAX_FILE {
        return Err(std::io::Error::other("longer than 64 KiB, which no keys are"));
    }
    Ok(text)
}
