//! What was received from others, as an operator sees it.

use std::fmt::Write as _;
use std::io::Write;

use super::must_be_there;
use crate::config::Config;
use crate::reply::rfc3339;
use crate::start::StartError;
use crate::store;

/// How many messages are listed.
const LISTED: u32 = 100;

/// Prints the latest messages that were received, the newest first.
///
/// # Errors
///
/// [`StartError`].
pub async fn print_received(
    config: &Config,
    stdout: &mut (dyn Write + Send),
) -> Result<(), StartError> {
    must_be_there(&config.database)?;
    let users = store::open_users(&config.database).await?;
    let received = users.webhooks().received(LISTED).await;
    users.close().await;
    let mut text = "number  received  scheme  key  bytes  message id\n".to_owned();
    for row in received? {
        let (time, id) = (rfc3339(row.received), row.message_id.as_deref().unwrap_or("-"));
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "{}  {time}  {}  {}  {}  {id}",
            row.id, row.scheme, row.key_id, row.bytes
        );
    }
    print(text.as_bytes(), stdout)
}

/// Prints the body of one message, byte for byte.
///
/// # Errors
///
/// [`StartError`].
pub async fn print_received_body(
    config: &Config,
    number: i64,
    stdout: &mut (dyn Write + Send),
) -> Result<(), StartError> {
    must_be_there(&config.database)?;
    let users = store::open_users(&config.database).await?;
    let body = users.webhooks().received_body(number).await;
    users.close().await;
    print(&body?.ok_or(StartError::NoSuchMessage)?, stdout)
}

fn print(bytes: &[u8], stdout: &mut (dyn Write + Send)) -> Result<(), StartError> {
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(StartError::Print)
}
