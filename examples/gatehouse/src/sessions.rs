//! Who is signed in: the sessions, and the cookie that carries their tokens.

use std::time::{Duration, SystemTime};

use palisade::secret::{Keyring, MacKey, SecretBytes};
use palisade::session::cookie::{CookieError, CookieSpec};
use palisade::session::{
    EndReason, SessionLimit, SessionPolicy, SessionTokens, Sessions, SigningKeys, TokenProfile,
};

use crate::config::{COOKIE_DOMAIN, COOKIE_NAME, SESSION_KEYS, SessionConfig, SessionTokenKind};
use crate::secrets::SecretUses;
use crate::start::StartError;
use crate::store::SessionStore;
use crate::users::Users;

/// For whom signed session tokens are: this service alone.
const AUDIENCE: &str = "gatehouse-sessions";

/// How often it is written that a session was used.
const TOUCH: Duration = Duration::from_mins(1);

/// How long a session that is over is remembered, so that whoever comes back learns why.
pub(crate) const RETENTION: Duration = Duration::from_hours(30 * 24);

/// The sessions of the users, and their cookie.
#[derive(Debug)]
pub struct UserSessions {
    /// The sessions.
    pub sessions: Sessions<SessionStore>,
    /// How the cookie looks.
    pub cookie: CookieSpec,
    /// How long a password that was proved is enough to be shown a new key.
    pub step_up: Duration,
}

impl UserSessions {
    /// The sessions in this store.
    ///
    /// # Errors
    ///
    /// [`StartError`]: what is not usable.
    pub fn open(
        settings: &SessionConfig,
        secrets: &mut SecretUses,
        store: SessionStore,
    ) -> Result<Self, StartError> {
        let policy = SessionPolicy::builder()
            .idle_timeout(settings.idle)
            .absolute_timeout(settings.lifetime)
            .touch_interval(TOUCH.min(settings.idle / 2))
            .limit(SessionLimit::end_least_recently_used(settings.limit))
            .build()
            .map_err(StartError::SessionPolicy)?;
        let cookie = cookie(settings)?;
        let sessions = match settings.tokens {
            SessionTokenKind::Opaque => Sessions::opaque(store, policy),
            SessionTokenKind::Signed { keys_given } => {
                let keys = signing_keys(SESSION_KEYS, keys_given, secrets)?;
                let profile = TokenProfile::new(&settings.issuer, AUDIENCE)?;
                let tokens = SessionTokens::new(keys, profile);
                Sessions::signed(store, policy, tokens).map_err(StartError::SessionPolicy)?
            }
        };
        Ok(Self { sessions, cookie, step_up: settings.step_up })
    }

    /// Ends the sessions of users whose password was changed by a process that died before it could.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the users or the sessions cannot be read and written.
    pub async fn finish_changes(&self, users: &Users, now: SystemTime) -> Result<(), StartError> {
        for (user, hash) in users.with_sessions_due().await? {
            let ended = self.sessions.revoke_user(&user, EndReason::PasswordChanged, now).await?;
            users.sessions_are_ended(&user, &hash).await?;
            let user_id = user.as_str();
            tracing::warn!(
                user_id,
                ended,
                "the sessions before a change of password were ended late"
            );
        }
        Ok(())
    }
}

fn cookie(settings: &SessionConfig) -> Result<CookieSpec, StartError> {
    let name = &settings.cookie_name;
    let builder = match &settings.cookie_domain {
        None => CookieSpec::host(name),
        Some(domain) => CookieSpec::domain(name, domain),
    };
    builder.same_site(settings.cookie_same_site).build().map_err(|error| match error {
        CookieError::Domain => StartError::Cookie { name: COOKIE_DOMAIN, error },
        _ => StartError::Cookie { name: COOKIE_NAME, error },
    })
}

/// The keys from this variable or its file, or new ones that end with the process.
pub(crate) fn signing_keys(
    variable: &'static str,
    given: bool,
    secrets: &mut SecretUses,
) -> Result<SigningKeys, StartError> {
    if given {
        let ring = Keyring::from_env(variable).map_err(StartError::SigningKeys)?;
        secrets.add(variable, &ring)?;
        return Ok(SigningKeys::hs256(ring));
    }
    tracing::warn!(
        variable,
        "no signing keys are given, so tokens are signed with one that ends with this process"
    );
    let secret = SecretBytes::generate(32)?;
    let id = format!("r{}", *SecretBytes::generate(4)?.expose_hex());
    // 32 random bytes are long enough, and the id is made of letters and digits.
    let key = MacKey::new(secret).map_err(|_| StartError::NewKey)?;
    let id = id.parse().map_err(|_| StartError::NewKey)?;
    Ok(SigningKeys::hs256(Keyring::new(id, key)))
}
