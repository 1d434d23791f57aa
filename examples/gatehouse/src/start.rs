//! Putting the service together, and everything that can keep it from starting.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::SystemTime;

use palisade::apikey::{
    ApiKeys, DigestRing, FormatError, InvalidName, InvalidScope, IssueError, Issued, KeyStore,
    Level, NewKey, Owner, Policy, SchemeReport, SchemeStanding, SchemeTally, Scope, Scopes,
    StoreError,
};

use palisade::password::{
    BlocklistError, BuildError, FilterError, InvalidPolicy, PoolBuildError, PoolError, WrapError,
};
use palisade::secret::{Keyring, LoadError, MacKey, NoRandomness};
use palisade::session::cookie::CookieError;
use palisade::session::{self, InvalidPolicy as InvalidSessionPolicy, InvalidProfile};
use palisade::webhook::InvalidRetryPolicy;
use palisade_redis::InvalidLimiter;

use crate::allowlists::AllowlistsError;
use crate::config::{
    BLOCKLIST, BREACHED, Config, ConfigError, IDLE, LIFETIME, PASSWORD_MEMORY, PEPPERS,
    UNPEPPERED_UNTIL, WEBHOOK_RETRY,
};
use crate::egress::InvalidEgress;
use crate::formats::{DEFAULT, formats};
use crate::operate::ImportError;
use crate::peppers::{self, PepperError, PepperUse};
use crate::secrets::{SecretReused, SecretUses};
use crate::store::{self, OpenError, Store};
use crate::users::{InvalidLogin, UsersError};
use crate::webhooks::WebhooksError;

/// The organisation of the first admin key.
pub const FIRST_OWNER: &str = "org_demo";

/// The keys of the service.
#[derive(Debug)]
pub struct Opened {
    /// The keys, ready to be used.
    pub keys: ApiKeys<Store>,
    /// Whether none was ever issued.
    pub is_new: bool,
    /// Their peppers, which are for nothing else.
    pub secrets: SecretUses,
}

/// Opens the database and the peppers, and makes sure that they belong together.
///
/// # Errors
///
/// [`StartError`]: which of them is not usable.
pub async fn open(config: &Config, now: SystemTime) -> Result<Opened, StartError> {
    let (store, tallies) = open_store(config, now).await?;
    let ring = load_peppers(config, &tallies)?;
    let opened = assemble(config, store, &tallies, ring)?;
    match lost_schemes(opened.keys.digest_report(now).await?) {
        None => Ok(opened),
        Some(lost) => Err(StartError::MissingPepper(lost)),
    }
}

/// Opens the database and the peppers, whether or not they belong together, and goes on without the
/// peppers where they are lost: to see what is stored under them, and to give them up.
pub(crate) async fn open_unchecked(config: &Config, now: SystemTime) -> Result<Opened, StartError> {
    let (store, tallies) = open_store(config, now).await?;
    let ring = match load_peppers(config, &tallies) {
        Err(PepperError::Lost { .. } | PepperError::Damaged { .. }) => peppers::stand_in()?,
        loaded => loaded?,
    };
    assemble(config, store, &tallies, ring)
}

async fn open_store(
    config: &Config,
    now: SystemTime,
) -> Result<(Store, Vec<SchemeTally>), StartError> {
    peppers::make_folder(&config.database).map_err(StartError::Folder)?;
    let store = store::open(&config.database).await?.keys();
    let tallies = store.count_schemes(now).await?;
    Ok((store, tallies))
}

fn load_peppers(config: &Config, tallies: &[SchemeTally]) -> Result<Keyring<MacKey>, PepperError> {
    let has_keys = tallies.iter().any(|tally| tally.live > 0);
    peppers::load(PepperUse::Keys, config.peppers, &config.database, has_keys)
}

fn assemble(
    config: &Config,
    store: Store,
    tallies: &[SchemeTally],
    ring: Keyring<MacKey>,
) -> Result<Opened, StartError> {
    let mut secrets = SecretUses::default();
    secrets.add(PEPPERS, &ring)?;
    let policy =
        Policy::default().staleness(config.staleness).usage_interval(config.usage_interval);
    let keys = ApiKeys::new(formats()?, DigestRing::new(ring), store, policy);
    Ok(Opened { keys, is_new: tallies.is_empty(), secrets })
}

/// The schemes whose digests can never be verified, in words for the operator. They hold the ids of
/// peppers, which are no secret.
fn lost_schemes(report: Vec<SchemeReport>) -> Option<String> {
    let lost: Vec<String> = report
        .into_iter()
        .filter(|row| row.standing == SchemeStanding::Unusable && row.live > 0)
        .map(|row| format!("{} (live keys: {})", row.scheme, row.live))
        .collect();
    (!lost.is_empty()).then(|| lost.join(", "))
}

/// Issues a key that may do everything in its organisation.
///
/// # Errors
///
/// [`StartError`] when the store fails.
pub async fn issue_admin_key(
    keys: &ApiKeys<Store>,
    owner: Owner,
    now: SystemTime,
) -> Result<Issued, StartError> {
    let format = keys.formats().find(DEFAULT).ok_or(IssueError::UnknownFormat)?;
    let scopes: Scopes = std::iter::once(Scope::everything(Level::Admin)).collect();
    let new = NewKey::new(owner, format, "admin key".parse()?, scopes);
    Ok(keys.issue(new, now).await?)
}

/// Why gatehouse did not start, or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A variable cannot be followed.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address is taken or not of this machine.
    #[error(
        "GATEHOUSE_ADDR: cannot listen at {addr}: {source}; give another address, or port 0 for a free one"
    )]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The folder of the database cannot be made.
    #[error("GATEHOUSE_DATABASE: the folder of the database cannot be made: {0}")]
    Folder(io::Error),
    /// The database cannot be opened.
    #[error("GATEHOUSE_DATABASE: the database cannot be opened: {0}")]
    Open(#[from] OpenError),
    /// A command is to work on a database that is not there. None is made.
    #[error(
        "GATEHOUSE_DATABASE: there is no database {}; name the one of the service, or run the command in the folder of the service",
        path.display()
    )]
    NoDatabase {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A command is to work on a database that ends with the command.
    #[error(
        "GATEHOUSE_DATABASE: `:memory:` is a database of this command alone, in which there is nothing; name the file of the service"
    )]
    DatabaseInMemory,
    /// There are no peppers.
    #[error(transparent)]
    Peppers(#[from] PepperError),
    /// One secret is given for two uses.
    #[error(transparent)]
    SecretReused(#[from] SecretReused),
    /// The database has keys that the peppers cannot verify.
    #[error(
        "the database holds keys under peppers that are not given: {0}; add those peppers to GATEHOUSE_PEPPERS or to the file of peppers, after the newest, or give them up with `gatehouse revoke-pepper ID`, which revokes those keys"
    )]
    MissingPepper(String),
    /// A pepper that is to be given up is still the newest.
    #[error(
        "the pepper is the newest of those given, so new keys would be made with it: put another one before it, or in its place, first"
    )]
    PepperInUse,
    /// A pepper that is to be given up is not known.
    #[error(
        "no key is stored under a pepper of that id; `gatehouse pepper-report` names those that are"
    )]
    NoSuchPepper,
    /// The list of passwords that nobody may choose cannot be opened.
    #[error("{BLOCKLIST}: the file cannot be opened: {0}")]
    BlocklistFile(io::Error),
    /// The list of passwords that nobody may choose cannot be read.
    #[error("{BLOCKLIST}: {0}")]
    Blocklist(#[from] BlocklistError),
    /// The filter of breached passwords cannot be read.
    #[error("{BREACHED}: {0}")]
    Breached(#[from] FilterError),
    /// The rules for passwords contradict each other.
    #[error("the rules for passwords: {0}")]
    PasswordPolicy(#[from] InvalidPolicy),
    /// The budget of memory is too small for one hash.
    #[error("{PASSWORD_MEMORY}: {0}; give it more MiB")]
    PasswordMemory(PoolBuildError),
    /// The pool that hashes passwords cannot be started.
    #[error("the pool that hashes passwords cannot be started: {0}")]
    PasswordPool(PoolBuildError),
    /// The settings of the passwords contradict each other.
    #[error("the settings of the passwords: {0}")]
    PasswordHasher(#[from] BuildError),
    /// The tables of the limits cannot have the size that is asked for.
    #[error("RATE_LIMIT_KEYS: {0}")]
    LimitTable(#[from] palisade::ratelimit::InvalidSize),
    /// The users cannot be read or written.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// The timeouts of the sessions contradict each other.
    #[error("{IDLE}, {LIFETIME}: {0}")]
    SessionPolicy(InvalidSessionPolicy),
    /// The cookie is one that a browser would drop or widen.
    #[error("{name}: {error}")]
    Cookie {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        error: CookieError,
    },
    /// The keys that sign tokens are not usable.
    #[error(transparent)]
    SigningKeys(LoadError),
    /// What is common to all tokens contradicts itself.
    #[error("the profile of tokens: {0}")]
    TokenProfile(#[from] InvalidProfile),
    /// No key could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// A key that was just made is none.
    #[error("a key for tokens could not be made")]
    NewKey,
    /// The sessions cannot be read or written.
    #[error(transparent)]
    Sessions(#[from] session::StoreError),
    /// The allowlists cannot be read or written.
    #[error(transparent)]
    Allowlists(#[from] AllowlistsError),
    /// No workspace of that name ever had an allowlist.
    #[error(
        "no workspace of that name has an allowlist; name the owner of the keys, such as {FIRST_OWNER}, or the login name or the id of a user"
    )]
    NoSuchAllowlist,
    /// No user has that login name.
    #[error("there is no user of that login name")]
    NoSuchUser,
    /// A login name is not one.
    #[error(transparent)]
    Login(#[from] InvalidLogin),
    /// The users of a file cannot be imported.
    #[error("nothing was imported: {0}")]
    Import(#[from] ImportError),
    /// The pool gave up in the middle of wrapping.
    #[error("the stored passwords were not all wrapped: {0}; run it again")]
    Wrap(PoolError<WrapError>),
    /// There are stored passwords without a pepper, and no allowance to read them.
    #[error(
        "there are stored passwords without a pepper, which are not read: set {UNPEPPERED_UNTIL} to a time that lies ahead, for this run at least"
    )]
    Unpeppered,
    /// Some stored passwords cannot be wrapped.
    #[error("{users} stored passwords cannot be wrapped; the log names the users and says why")]
    NotWrapped {
        /// How many.
        users: u64,
    },
    /// The way out to customers contradicts itself.
    #[error("webhooks: {0}")]
    Egress(InvalidEgress),
    /// The schedule of webhooks is none.
    #[error("{WEBHOOK_RETRY}: {0}")]
    WebhookRetry(#[from] InvalidRetryPolicy),
    /// The webhooks cannot be read or written.
    #[error(transparent)]
    Webhooks(#[from] WebhooksError),
    /// The secrets of endpoints were derived from another key of the same id.
    #[error(
        "GATEHOUSE_WEBHOOK_KEYS: the key {key_id} is not the one of this id that the secrets of endpoints were derived from, and customers could verify nothing; give the one of then, and a new one under an id of its own before it"
    )]
    WebhookKeyReplaced {
        /// The id of the key, which is no secret.
        key_id: String,
    },
    /// The keys of a sender of webhooks are not usable.
    #[error("{variable}: {problem}")]
    Inbound {
        /// The variable.
        variable: &'static str,
        /// What is wrong and in which line. It repeats nothing of the value.
        problem: String,
    },
    /// There is no message of that number.
    #[error("no message of that number was received, or it was forgotten by now")]
    NoSuchMessage,
    /// The settings of the limits contradict each other.
    #[error("rate limits: {0}")]
    Limits(#[from] InvalidLimiter),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The admin key was not issued.
    #[error("the admin key was not issued: {0}")]
    Issue(#[from] IssueError),
    /// A name is not one.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A key format of the program is not one.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A scope of the program is not one.
    #[error(transparent)]
    Scope(#[from] InvalidScope),
    /// What a person has to read could not be written.
    #[error("stdout: {0}; a key that was to be shown is lost, so run `gatehouse issue-admin-key`")]
    Print(io::Error),
    /// The signals of the system cannot be had.
    #[error("signals: {0}")]
    Signals(io::Error),
}
