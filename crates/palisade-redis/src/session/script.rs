//! The scripts, one for each method.

use std::sync::LazyLock;

use crate::database::Script;

/// A script, behind what all of them have in common.
macro_rules! script {
    ($name:literal) => {
        Script::new(concat!(include_str!("lua/common.lua"), include_str!(concat!("lua/", $name))))
    };
}

pub(super) struct Scripts {
    pub(super) generation: Script,
    pub(super) insert: Script,
    pub(super) list: Script,
    pub(super) load: Script,
    pub(super) ping: Script,
    pub(super) purge: Script,
    pub(super) revoke: Script,
    pub(super) revoke_everyone: Script,
    pub(super) revoke_others: Script,
    pub(super) revoke_user: Script,
    pub(super) rotate: Script,
    pub(super) touch: Script,
}

pub(super) static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| Scripts {
    generation: script!("generation.lua"),
    insert: script!("insert.lua"),
    list: script!("list.lua"),
    load: script!("load.lua"),
    ping: script!("ping.lua"),
    purge: script!("purge.lua"),
    revoke: script!("revoke.lua"),
    revoke_everyone: script!("revoke_everyone.lua"),
    revoke_others: script!("revoke_others.lua"),
    revoke_user: script!("revoke_user.lua"),
    rotate: script!("rotate.lua"),
    touch: script!("touch.lua"),
});
