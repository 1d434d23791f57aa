//! Which passwords a person may choose, as the operator set it.

use std::fs::File;
use std::io::BufReader;

use palisade::password::{Blocklist, BreachedFilter, PasswordPolicy};

use super::NORMALIZATION;
use crate::config::PasswordConfig;
use crate::start::StartError;

/// The password is the only factor here, so it has at least 15 characters (NIST SP 800-63B-4); the lists are
/// those of the operator.
pub(super) fn policy(config: &PasswordConfig) -> Result<PasswordPolicy, StartError> {
    let mut policy = PasswordPolicy::single_factor(NORMALIZATION).word("gatehouse");
    if let Some(path) = &config.blocklist {
        let file = File::open(path).map_err(StartError::BlocklistFile)?;
        policy = policy.blocklist(Blocklist::from_lines(BufReader::new(file))?);
    }
    if let Some(path) = &config.breached_filter {
        policy = policy.breached(BreachedFilter::open(path)?);
    }
    Ok(policy.build()?)
}
