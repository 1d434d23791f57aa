//! Random schedules against a naive model: a list of sessions and nothing clever.

mod steps;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use palisade_session::{
    Change, EndReason, Factor, MemoryStore, NewSession, RecentError, Session, SessionLimit,
    SessionPolicy, Sessions, SignIn, UserId,
};
use proptest::prelude::*;

use steps::{Step, step};

use crate::support::{DAY, HOUR, MINUTE, SECOND, run, seconds, start, tokens, verdict};

const MOST: u32 = 3;
const RETENTION: Duration = DAY;

/// What the model knows of a session.
#[derive(Clone, Debug)]
struct Entry {
    user: usize,
    created: SystemTime,
    last_seen: SystemTime,
    factors: BTreeMap<Factor, SystemTime>,
    ended: Option<(SystemTime, EndReason)>,
    /// For a signed token: `iat` and `exp`.
    issued: u64,
    expires: u64,
}

/// What a client keeps: one for each session that ever was.
struct Client {
    token: String,
    proof: Session,
}

struct World {
    sessions: Sessions<MemoryStore>,
    signed: bool,
    now: SystemTime,
    generations: [u64; 3],
    begun: Vec<(SignIn, usize, u64)>,
    clients: Vec<Client>,
    /// By position in `clients`; `None` is forgotten.
    model: Vec<Option<Entry>>,
}

fn user(n: usize) -> UserId {
    format!("usr_{n}").parse().unwrap()
}

fn factor(other: bool) -> Factor {
    if other { Factor::Totp } else { Factor::Password }
}

impl World {
    fn new(signed: bool, cached: bool) -> Self {
        let mut policy = SessionPolicy::builder()
            .idle_timeout(HOUR)
            .absolute_timeout(DAY)
            .limit(SessionLimit::end_least_recently_used(MOST));
        if cached {
            policy = policy.cache(100, MINUTE);
        }
        let policy = policy.build().unwrap();
        let sessions = if signed {
            Sessions::signed(MemoryStore::new(), policy, tokens(&["a"])).unwrap()
        } else {
            Sessions::opaque(MemoryStore::new(), policy)
        };
        Self {
            sessions,
            signed,
            now: start(),
            generations: [0; 3],
            begun: Vec::new(),
            clients: Vec::new(),
            model: Vec::new(),
        }
    }

    fn within_times(&self, entry: &Entry) -> bool {
        entry.created > self.now - DAY && entry.last_seen > self.now - HOUR
    }

    /// Not ended; the times are not looked at.
    fn is_open(&self, at: usize) -> bool {
        self.model[at].as_ref().is_some_and(|entry| entry.ended.is_none())
    }

    fn is_live(&self, at: usize) -> bool {
        self.is_open(at) && self.model[at].as_ref().is_some_and(|entry| self.within_times(entry))
    }

    /// The word that a look at the store gives.
    fn state(&self, at: usize) -> &'static str {
        let Some(entry) = &self.model[at] else { return "session_unknown" };
        match entry.ended {
            Some((_, reason)) => reason.as_str(),
            None if entry.created <= self.now - DAY => "session_expired",
            None if entry.last_seen <= self.now - HOUR => "session_idle",
            None => "ok",
        }
    }

    fn end(&mut self, at: usize, reason: EndReason) {
        let now = self.now;
        if let Some(entry) = &mut self.model[at] {
            entry.ended.get_or_insert((now, reason));
        }
    }

    /// Whether it goes on under another id, or did.
    fn goes_on(&self, at: usize) -> bool {
        let ended = self.model[at].as_ref().and_then(|entry| entry.ended);
        ended.is_some_and(|(_, reason)| reason == EndReason::Replaced)
    }

    /// Those of a user that have not ended.
    fn open_of(&self, user: usize) -> Vec<usize> {
        (0..self.model.len())
            .filter(|&at| self.is_open(at) && self.model[at].as_ref().unwrap().user == user)
            .collect()
    }

    /// The live ones of a user in the order in which they are listed.
    fn listed(&self, user: usize) -> Vec<usize> {
        let mut live = self.open_of(user);
        live.retain(|&at| self.is_live(at));
        live.sort_by_key(|&at| {
            let seen = self.model[at].as_ref().unwrap().last_seen;
            (std::cmp::Reverse(seen), self.clients[at].proof.id().as_str().to_owned())
        });
        live
    }

    fn add(&mut self, token: &str, proof: Session, mut entry: Entry) {
        entry.issued = seconds(self.now);
        entry.expires = seconds((entry.created + DAY).min(self.now + DAY));
        assert_eq!(proof.created(), entry.created);
        assert!(self.clients.iter().all(|old| old.proof.id() != proof.id()), "an id twice");
        self.clients.push(Client { token: token.to_owned(), proof });
        self.model.push(Some(entry));
    }

    async fn take(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Begin(n) => {
                let begun = self.sessions.begin(&user(n)).await.unwrap();
                self.begun.push((begun, n, self.generations[n]));
            }
            Step::Create { begun, replaces } if !self.begun.is_empty() => {
                let chosen = begun % self.begun.len();
                let begun = self.begun.remove(chosen);
                let replaces = replaces.filter(|_| !self.clients.is_empty());
                self.create(begun, replaces.map(|n| n % self.clients.len())).await;
            }
            Step::List(n) => {
                let listed = self.sessions.list_of(&user(n), now).await.unwrap();
                let expected = self.listed(n);
                assert_eq!(listed.len(), expected.len());
                for (shown, at) in listed.iter().zip(expected) {
                    let entry = self.model[at].as_ref().unwrap();
                    assert_eq!(shown.id, *self.clients[at].proof.id());
                    assert_eq!(shown.last_seen, entry.last_seen);
                    assert_eq!(shown.created, entry.created);
                }
            }
            Step::RevokeUser(n) => {
                let open = self.open_of(n);
                let reason = EndReason::AccountClosed;
                let ended = self.sessions.revoke_user(&user(n), reason, now).await.unwrap();
                assert_eq!(ended, open.len() as u64);
                self.generations[n] += 1;
                for at in open {
                    self.end(at, reason);
                }
            }
            Step::RevokeEveryone => {
                let reason = EndReason::KeysRotated;
                let open: Vec<_> = (0..3).flat_map(|n| self.open_of(n)).collect();
                let ended = self.sessions.revoke_everyone(reason, now).await.unwrap();
                assert_eq!(ended, open.len() as u64);
                self.generations.iter_mut().for_each(|generation| *generation += 1);
                for at in open {
                    self.end(at, reason);
                }
            }
            Step::Purge => {
                let forgotten = self.sessions.purge(RETENTION, now).await.unwrap();
                // After a clock that stepped back, a copy could still decide for a minute.
                self.sessions.forget_cached();
                let (seen, created) = (now - HOUR - RETENTION, now - DAY - RETENTION);
                let mut expected = 0;
                for place in &mut self.model {
                    let over = place.as_ref().is_some_and(|entry| {
                        entry.created <= created
                            || entry.last_seen <= seen
                            || entry.ended.is_some_and(|(at, _)| at <= seen)
                    });
                    if over {
                        *place = None;
                        expected += 1;
                    }
                }
                assert_eq!(forgotten, expected);
            }
            Step::Forward(span) => self.now += span,
            Step::Back(span) => self.now -= span,
            of_session if !self.clients.is_empty() => self.take_of_session(of_session).await,
            _ => {}
        }
    }

    async fn create(
        &mut self,
        (begun, user, generation): (SignIn, usize, u64),
        replaces: Option<usize>,
    ) {
        let new = NewSession {
            factors: vec![Factor::Password],
            replaces: replaces.map(|at| self.clients[at].proof.clone()),
            ..NewSession::default()
        };
        let created = self.sessions.create(begun, new, self.now).await;
        if let Some(at) = replaces {
            self.end(at, EndReason::Replaced);
        }
        let is_stale = generation != self.generations[user];
        assert_eq!(created.is_err(), is_stale, "{created:?}");
        let Ok((token, proof)) = created else { return };
        for at in self.listed(user).into_iter().skip(MOST as usize - 1) {
            self.end(at, EndReason::TooManySessions);
        }
        let entry = Entry {
            user,
            created: self.now,
            last_seen: self.now,
            factors: [(Factor::Password, self.now)].into(),
            ended: None,
            issued: 0,
            expires: 0,
        };
        self.add(token.expose_secret(), proof, entry);
    }

    async fn take_of_session(&mut self, step: Step) {
        let now = self.now;
        let choose = |n: usize| n % self.clients.len();
        match step {
            Step::Validate(n) => self.validate(choose(n)).await,
            Step::Confirm(n) => {
                let at = choose(n);
                let confirmed = self.sessions.confirm(&self.clients[at].proof, now).await;
                let word = confirmed.map_or_else(|refused| refused.reason(), |_| "ok");
                assert_eq!(word, self.state(at));
            }
            Step::Recent { session, factor: other, within } => {
                let (at, within) = (choose(session), Duration::from_secs(within));
                let proof = &self.clients[at].proof;
                let asked = self.sessions.require_recent(proof, factor(other), within, now).await;
                let word = match &asked {
                    Ok(_) => "ok",
                    Err(RecentError::Refused(refused)) => refused.reason(),
                    Err(_) => "step up",
                };
                let proved = self.model[at]
                    .as_ref()
                    .and_then(|entry| entry.factors.get(&factor(other)))
                    .is_some_and(|&at| {
                        now < at + within && now + 30 * SECOND >= at && !within.is_zero()
                    });
                let expected = match self.state(at) {
                    "ok" if !proved => "step up",
                    state => state,
                };
                assert_eq!(word, expected);
            }
            Step::Rotate(n) => {
                let at = choose(n);
                let renewed = self.sessions.rotate(&self.clients[at].proof, now).await;
                self.renewed(at, renewed.ok(), |_| {});
            }
            Step::Reauthenticate { session, factor: other } => {
                let at = choose(session);
                let proof = &self.clients[at].proof;
                let owner = proof.user().clone();
                let renewed = self.sessions.reauthenticate(proof, &owner, factor(other), now).await;
                self.renewed(at, renewed.ok(), |entry| {
                    entry.factors.insert(factor(other), now);
                });
            }
            Step::Changed(n) => {
                let at = choose(n);
                let proof = &self.clients[at].proof;
                let renewed = self.sessions.changed(proof, Change::Password, now).await;
                let done = renewed.is_ok();
                let owner = self.model[at].as_ref().map(|entry| entry.user);
                self.renewed(at, renewed.ok(), |_| {});
                if let (true, Some(owner)) = (done, owner) {
                    self.generations[owner] += 1;
                    let newest = self.clients.len() - 1;
                    for other in self.open_of(owner).into_iter().filter(|at| *at != newest) {
                        self.end(other, EndReason::PasswordChanged);
                    }
                }
            }
            Step::SignOut(n) => {
                let at = choose(n);
                let signed_out = self.sessions.sign_out(&self.clients[at].proof, now).await;
                self.end(at, EndReason::SignedOut);
                assert_eq!(signed_out.is_err(), self.goes_on(at));
            }
            Step::Revoke { user: n, session } => {
                let at = choose(session);
                let (id, reason) = (*self.clients[at].proof.id(), EndReason::Administrator);
                let revoked = self.sessions.revoke(&user(n), &id, reason, now).await;
                let is_his = self.model[at].as_ref().is_some_and(|entry| entry.user == n);
                if is_his {
                    self.end(at, reason);
                }
                let goes_on = self.goes_on(at);
                assert_eq!(revoked.is_ok(), is_his && !goes_on);
                if is_his && !goes_on {
                    let stands = self.model[at].as_ref().unwrap().ended.unwrap();
                    let ending = revoked.unwrap();
                    assert_eq!((ending.at, ending.reason), stands);
                }
            }
            Step::RevokeOthers(n) => {
                let at = choose(n);
                let ended = self.sessions.revoke_others(&self.clients[at].proof, now).await;
                assert_eq!(ended.is_ok(), self.is_open(at));
                if let Ok(ended) = ended {
                    let owner = self.model[at].as_ref().unwrap().user;
                    let mut others = self.open_of(owner);
                    others.retain(|other| *other != at);
                    assert_eq!(ended, others.len() as u64);
                    for other in others {
                        self.end(other, EndReason::SignedOutElsewhere);
                    }
                }
            }
            _ => {}
        }
    }

    async fn validate(&mut self, at: usize) {
        let word = verdict(&self.sessions, &self.clients[at].token, self.now).await;
        // A forgotten session leaves its token's own times, which the client still shows.
        let of_token = match &self.model[at] {
            Some(entry) if self.signed && entry.expires + 30 <= seconds(self.now) => {
                "token_expired"
            }
            Some(entry) if self.signed && entry.issued > seconds(self.now) + 30 => {
                "token_not_yet_valid"
            }
            None if self.signed && word.starts_with("token_") => word,
            _ => self.state(at),
        };
        assert_eq!(word, of_token);
        let now = self.now;
        if let (Some(entry), "ok") = (&mut self.model[at], word)
            && now >= entry.last_seen + MINUTE
        {
            entry.last_seen = now;
        }
    }

    fn renewed(
        &mut self,
        at: usize,
        renewed: Option<(palisade_session::SessionToken, Session)>,
        edit: impl FnOnce(&mut Entry),
    ) {
        assert_eq!(renewed.is_some(), self.is_live(at));
        let Some((token, proof)) = renewed else { return };
        let mut entry = self.model[at].clone().unwrap();
        self.end(at, EndReason::Replaced);
        entry.last_seen = entry.last_seen.max(self.now);
        edit(&mut entry);
        self.add(token.expose_secret(), proof, entry);
    }
}

fn play(steps: Vec<Step>, signed: bool, cached: bool) {
    run(async {
        let mut world = World::new(signed, cached);
        for step in steps {
            world.take(step).await;
        }
        // At the end each token is judged once more, and each list.
        for at in 0..world.clients.len() {
            world.validate(at).await;
        }
        for n in 0..3 {
            world.take(Step::List(n)).await;
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_schedules_end_as_the_model_says(
        steps in prop::collection::vec(step(), 1..80), signed: bool, cached: bool,
    ) {
        play(steps, signed, cached);
    }
}
