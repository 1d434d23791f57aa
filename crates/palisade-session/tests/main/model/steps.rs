//! What a schedule is made of.

use std::time::Duration;

use proptest::prelude::*;

use crate::support::{DAY, HOUR, MINUTE, SECOND};

/// One thing that happens. Numbers choose among what there is, by their remainder.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Begin(usize),
    Create { begun: usize, replaces: Option<usize> },
    Validate(usize),
    Recent { session: usize, factor: bool, within: u64 },
    Confirm(usize),
    Rotate(usize),
    Reauthenticate { session: usize, factor: bool },
    Changed(usize),
    SignOut(usize),
    Revoke { user: usize, session: usize },
    RevokeOthers(usize),
    RevokeUser(usize),
    RevokeEveryone,
    List(usize),
    Purge,
    Forward(Duration),
    Back(Duration),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let n = 0..64_usize;
    prop_oneof![
        5 => (0..3_usize).prop_map(Step::Begin),
        8 => (n.clone(), prop::option::weighted(0.3, n.clone()))
            .prop_map(|(begun, replaces)| Step::Create { begun, replaces }),
        12 => n.clone().prop_map(Step::Validate),
        3 => (n.clone(), any::<bool>(), 0..4000_u64)
            .prop_map(|(session, factor, within)| Step::Recent { session, factor, within }),
        2 => n.clone().prop_map(Step::Confirm),
        4 => n.clone().prop_map(Step::Rotate),
        4 => (n.clone(), any::<bool>())
            .prop_map(|(session, factor)| Step::Reauthenticate { session, factor }),
        2 => n.clone().prop_map(Step::Changed),
        2 => n.clone().prop_map(Step::SignOut),
        2 => (0..3_usize, n.clone()).prop_map(|(user, session)| Step::Revoke { user, session }),
        2 => n.prop_map(Step::RevokeOthers),
        1 => (0..3_usize).prop_map(Step::RevokeUser),
        1 => Just(Step::RevokeEveryone),
        3 => (0..3_usize).prop_map(Step::List),
        1 => Just(Step::Purge),
        8 => prop::sample::select(vec![SECOND, 59 * SECOND, MINUTE, 10 * MINUTE, HOUR / 2,
            Duration::from_secs(3599), HOUR, 2 * HOUR, 23 * HOUR, DAY, 3 * DAY]).prop_map(Step::Forward),
        1 => prop::sample::select(vec![SECOND, MINUTE, HOUR, DAY]).prop_map(Step::Back),
    ]
}
