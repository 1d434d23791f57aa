//! Whose an epoch token is, and on which machine it works.

use std::fmt;
use std::str::FromStr;

use crate::InvalidName;
use crate::names::{place_name, text_name};

text_name! {
    /// On whose behalf an epoch token acts, such as `org_1`, the owner of the API key that it was had for:
    /// 1 to 128 visible ASCII characters. It stands in the token as `sub`.
    ///
    /// Not a [`UserId`](crate::UserId): nobody is signed in.
    Subject, 128, "a subject is 1 to 128 visible ASCII characters",
    |text| text.bytes().all(|byte| byte.is_ascii_graphic())
}

place_name! {
    /// The program beside a service that holds an epoch token, such as `sc_7f3a`: 1 to 64 characters of
    /// `A-Z a-z 0-9 . _ -`. It stands in the token as `sidecar`.
    ///
    /// It is held in place, so that naming a sidecar does not allocate.
    SidecarId, 64, "a sidecar id is 1 to 64 characters of A-Z a-z 0-9 . _ -",
    |byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}
