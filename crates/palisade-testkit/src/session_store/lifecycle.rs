//! The rows of `session_lifecycle.json` that speak of a store: what ends at which event, and schedules of
//! two callers that meet.

use palisade_session::{
    EndReason, InsertError, Others, SessionId, SessionRecord, SessionStore, Written,
};
use serde_json::Value;

use super::sample::{
    SECOND, always, assert_stored, begin, begin_all, current, ending, find, generation, id,
    is_live, live_ids, load, no_limit, noon, sample, touch, user,
};

const ROWS: &str = include_str!("../../vectors/session_lifecycle.json");

/// Rows about time, and about a store that is down, are for the service to answer.
const FOR_THE_SERVICE: [&str; 3] = ["timeout", "reauth", "race-7"];

/// Every event and every race schedule of the lifecycle file ends as its row says. A row that is not
/// understood is a failure.
pub async fn the_lifecycle_rows_hold<S: SessionStore>(open: impl AsyncFn() -> S) {
    let stores = [open().await, open().await];
    let file: Value = serde_json::from_str(ROWS).expect("the file is JSON");
    let rows = file["cases"].as_array().expect("it has cases");
    assert_eq!(file["count"].as_u64(), u64::try_from(rows.len()).ok(), "the count of the file");
    let (mut events, mut races, mut passed_over) = (0, 0, Vec::new());
    for (n, row) in (1..).zip(rows) {
        let (row_id, category) = (text(&row["id"]), text(&row["category"]));
        if FOR_THE_SERVICE.contains(&row_id) || FOR_THE_SERVICE.contains(&category) {
            passed_over.push(row_id);
            continue;
        }
        // Each row has a user and sessions of its own.
        let scene = Scene { stores: &stores, base: 1000 * n };
        match category {
            "event" => {
                events += 1;
                scene.event(text(&row["event"]), &row["expected"]).await;
            }
            "race" => {
                races += 1;
                let steps = row["sequence"].as_array().expect("a schedule");
                let steps: Vec<&str> = steps.iter().map(text).collect();
                scene.race(row_id, &steps, text(&row["expected"])).await;
            }
            _ => panic!("{row_id}: the category {category} is not understood"),
        }
    }
    println!(
        "session_lifecycle: {} cases, {events} events, {races} races, {} for the service: {}",
        rows.len(),
        passed_over.len(),
        passed_over.join(" ")
    );
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

struct Scene<'s, S> {
    stores: &'s [S; 2],
    base: u64,
}

impl<S: SessionStore> Scene<'_, S> {
    /// Record `n` of this scene's user.
    fn record(&self, n: u64) -> SessionRecord {
        SessionRecord { user: user(self.base), ..sample(self.base + n) }
    }

    fn id(&self, n: u64) -> SessionId {
        id(self.base + n)
    }

    /// A user with a current session and two others; the event; what became of them.
    async fn event(&self, event: &str, expected: &Value) {
        let store = &self.stores[0];
        let user = user(self.base);
        for n in 1..=3 {
            begin(store, self.record(n)).await;
        }
        let (current, other) = (self.id(1), self.id(2));
        let ending = |reason| ending(0, reason);
        let rotated = match event {
            "login" => self.rotate(Others::Keep).await,
            "logout" => {
                let ended = store.revoke(&user, &current, ending(EndReason::SignedOut)).await;
                assert!(ended.expect("it answers").is_some(), "{event}");
                None
            }
            "revoke_one_other" => {
                let elsewhere = ending(EndReason::SignedOutElsewhere);
                let ended = store.revoke(&user, &other, elsewhere).await;
                assert!(ended.expect("it answers").is_some(), "{event}");
                None
            }
            "password_reset_by_email" => {
                let reset = ending(EndReason::PasswordChanged);
                assert_eq!(store.revoke_user(&user, reset).await.expect("it answers"), 3);
                None
            }
            "account_deleted" => {
                let closed = ending(EndReason::AccountClosed);
                assert_eq!(store.revoke_user(&user, closed).await.expect("it answers"), 3);
                None
            }
            "mfa_disabled" => self.rotate(Others::End(EndReason::SecondFactorChanged)).await,
            "role_granted" => self.rotate(Others::End(EndReason::PrivilegeChanged)).await,
            "secret_rotated_hard" => {
                let rotated = ending(EndReason::KeysRotated);
                let ended = store.revoke_everyone(rotated).await.expect("it answers");
                assert!(ended >= 3, "{event}: {ended} ended");
                None
            }
            _ => panic!("the event {event} is not understood"),
        };

        let reader = &self.stores[1];
        let old = is_live(reader, &current).await;
        let new = match rotated {
            Some(new) => is_live(reader, &new).await,
            None => false,
        };
        let others = [is_live(reader, &other).await, is_live(reader, &self.id(3)).await];
        let is_so = match text(&expected["current"]) {
            "new_id" | "kept_rotated" => new && !old,
            "kept" => old && rotated.is_none(),
            // There is none any more, or the event has none to begin with.
            "revoked" | "none" => !old && rotated.is_none(),
            word => panic!("{event}: `{word}` is not understood"),
        };
        assert!(is_so, "{event}: the current session");
        let is_so = match text(&expected["others"]) {
            "kept" => others == [true, true],
            "that_one_revoked" => others == [false, true],
            "revoked" | "revoked_all" | "rotated_or_revoked" => others == [false, false],
            word => panic!("{event}: `{word}` is not understood"),
        };
        assert!(is_so, "{event}: the other sessions");
        let is_so = match text(&expected["rotates_token"]) {
            "yes" => rotated.is_some(),
            "no" | "n/a" => rotated.is_none(),
            word => panic!("{event}: `{word}` is not understood"),
        };
        assert!(is_so, "{event}: the token");
    }

    /// Rotates the current session, and returns the new id.
    async fn rotate(&self, others: Others) -> Option<SessionId> {
        let store = &self.stores[0];
        let mut new = current(store, self.record(9)).await;
        new.generation += u64::from(matches!(others, Others::End(_)));
        let written = store.rotate(&self.id(1), &new, others, noon()).await;
        assert_eq!(written.expect("the successor is new"), Written::Done);
        Some(new.id)
    }

    async fn race(&self, row: &str, steps: &[&str], expected: &str) {
        match (steps, expected) {
            (["A:load", "B:revoke", "A:save_data"], "save must report Gone") => {
                self.a_late_save().await;
            }
            (
                ["A:revoke_all(user)", "B:create(user) started before, committed after"],
                "the session generation stored at creation is older than the user generation, so it is refused",
            ) => self.a_late_sign_in().await,
            (["A:create(id collision)"], "Err or retry with new id, never overwrite") => {
                self.a_collision().await;
            }
            (
                ["A:list(user)", "B:revoke(other user id)"],
                "revoke is keyed by (user,id): foreign id gives NotFound",
            ) => self.a_foreign_id().await,
            _ => panic!("{row}: the schedule {steps:?}, {expected:?} is not understood"),
        }
    }

    async fn a_late_save(&self) {
        let [a, b] = self.stores;
        begin(a, self.record(1)).await;
        let loaded = find(a, &self.id(1)).await.expect("it began").record;
        let ended = ending(0, EndReason::SignedOut);
        b.revoke(&loaded.user, &loaded.id, ended).await.expect("it answers");
        let late = touch(noon() + SECOND);
        let saved = a.touch_if_live(&loaded.id, loaded.generation, late).await;
        assert_eq!(saved.expect("it answers"), Written::Gone);
        let next = SessionRecord { id: self.id(2), ..loaded.clone() };
        let saved = a.rotate(&loaded.id, &next, Others::Keep, noon()).await;
        assert_eq!(saved.expect("it answers"), Written::Gone);
        assert_stored(b, &SessionRecord { ended: Some(ended), ..loaded }).await;
    }

    async fn a_late_sign_in(&self) {
        let [a, b] = self.stores;
        let begun_before = current(b, self.record(1)).await;
        let reset = ending(0, EndReason::PasswordChanged);
        a.revoke_user(&begun_before.user, reset).await.expect("it answers");
        let late = b.insert_new(&begun_before, no_limit(), &always()).await;
        assert!(matches!(late, Err(InsertError::Stale)), "{late:?}");
        assert!(begun_before.generation < generation(a, &begun_before.user).await);
        assert!(find(a, &begun_before.id).await.is_none(), "it was kept");
    }

    async fn a_collision(&self) {
        let [a, b] = self.stores;
        let first = begin(a, self.record(1)).await;
        let stranger = SessionRecord { user: user(self.base + 1), ..self.record(1) };
        for second in [first.clone(), current(b, stranger).await] {
            let refused = b.insert_new(&second, no_limit(), &always()).await;
            assert!(matches!(refused, Err(InsertError::Duplicate)), "{refused:?}");
            assert_stored(a, &first).await;
        }
    }

    async fn a_foreign_id(&self) {
        let [a, b] = self.stores;
        let mine = begin_all(a, [self.base + 5]).await;
        let theirs = begin(a, self.record(1)).await;
        let listed = live_ids(a, &theirs.user).await;
        assert_eq!(listed, [theirs.id]);
        let elsewhere = ending(0, EndReason::SignedOutElsewhere);
        let standing = b.revoke(&mine[0].user, &listed[0], elsewhere).await;
        assert_eq!(standing.expect("it answers"), None);
        assert_eq!(load(a, self.base + 1).await.ended, None);
    }
}
