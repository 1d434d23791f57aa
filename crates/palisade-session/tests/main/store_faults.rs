//! A memory store whose calls can be counted, held at a gate, made slow, and made to fail.

use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::SystemTime;

use palisade_session::{
    Ending, Horizon, InsertError, MemoryStore, Others, SessionId, SessionLimit, SessionRecord,
    SessionStore, StoreError, Stored, Touch, UserId, Written,
};

/// On which side of its work a call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// A clone is the same store.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultyStore {
    pub(crate) inner: MemoryStore,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<&'static str>,
    /// From this call on, each call fails before it does anything.
    fails_from: Option<usize>,
    /// As above, but once the work is done: its answer is lost.
    loses_answers_from: Option<usize>,
    closed: Vec<(&'static str, Side)>,
    slow: bool,
    rewrite: Option<fn(&mut Stored)>,
}

impl FaultyStore {
    pub(crate) fn over(inner: MemoryStore) -> Self {
        Self { inner, ..Self::default() }
    }

    /// The next `calls` calls work, and none after them.
    pub(crate) fn fail_from(&self, calls: usize) {
        let mut state = self.state.lock().unwrap();
        state.calls.clear();
        state.fails_from = Some(calls);
    }

    /// The next `calls` calls answer; those after them do their work and fail.
    pub(crate) fn lose_answers_from(&self, calls: usize) {
        let mut state = self.state.lock().unwrap();
        state.calls.clear();
        state.loses_answers_from = Some(calls);
    }

    pub(crate) fn mend(&self) {
        let mut state = self.state.lock().unwrap();
        (state.fails_from, state.loses_answers_from) = (None, None);
        state.closed.clear();
    }

    /// Calls of this name wait until the gate is opened.
    pub(crate) fn close(&self, call: &'static str, side: Side) {
        self.state.lock().unwrap().closed.push((call, side));
    }

    pub(crate) fn open(&self, call: &'static str, side: Side) {
        self.state.lock().unwrap().closed.retain(|gate| *gate != (call, side));
    }

    /// Each call takes a turn of its own before and after its work, where it can be given up.
    pub(crate) fn slow(&self) {
        self.state.lock().unwrap().slow = true;
    }

    /// What is loaded from now on is changed by this, as by somebody who can write to the table.
    pub(crate) fn rewrite(&self, change: fn(&mut Stored)) {
        self.state.lock().unwrap().rewrite = Some(change);
    }

    /// The calls since this was last asked.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.state.lock().unwrap().calls)
    }

    async fn gate(&self, call: &'static str, side: Side) {
        let mut turns = usize::from(self.state.lock().unwrap().slow);
        std::future::poll_fn(move |context| {
            let closed = self.state.lock().unwrap().closed.contains(&(call, side));
            if closed || turns > 0 {
                turns = turns.saturating_sub(1);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }

    async fn before(&self, call: &'static str) -> Result<(), StoreError> {
        self.gate(call, Side::Before).await;
        let mut state = self.state.lock().unwrap();
        let at = state.calls.len();
        state.calls.push(call);
        let fails = state.fails_from.is_some_and(|from| at >= from);
        if fails { Err(StoreError::new("the store is down")) } else { Ok(()) }
    }

    async fn after(&self, call: &'static str) -> Result<(), StoreError> {
        self.gate(call, Side::After).await;
        let state = self.state.lock().unwrap();
        let lost = state.loses_answers_from.is_some_and(|from| state.calls.len() > from);
        if lost { Err(StoreError::new("the answer is lost")) } else { Ok(()) }
    }
}

/// One call: a turn before it, the work, a turn after it.
macro_rules! pass {
    ($self:ident . $call:ident ( $($argument:expr),* )) => {{
        $self.before(stringify!($call)).await?;
        let answer = $self.inner.$call($($argument),*).await;
        $self.after(stringify!($call)).await?;
        answer
    }};
}

impl SessionStore for FaultyStore {
    async fn generation(&self, user: &UserId) -> Result<u64, StoreError> {
        pass!(self.generation(user))
    }

    async fn insert_new(
        &self,
        record: &SessionRecord,
        limit: SessionLimit,
        horizon: &Horizon,
    ) -> Result<Vec<SessionId>, InsertError> {
        pass!(self.insert_new(record, limit, horizon))
    }

    async fn load(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        let found: Result<Option<Stored>, StoreError> = pass!(self.load(id));
        let rewrite = self.state.lock().unwrap().rewrite;
        found.map(|found| {
            found.map(|mut found| {
                rewrite.unwrap_or(|_| ())(&mut found);
                found
            })
        })
    }

    async fn touch_if_live(
        &self,
        id: &SessionId,
        generation: u64,
        touch: Touch,
    ) -> Result<Written, StoreError> {
        pass!(self.touch_if_live(id, generation, touch))
    }

    async fn rotate(
        &self,
        from: &SessionId,
        successor: &SessionRecord,
        others: Others,
        now: SystemTime,
    ) -> Result<Written, InsertError> {
        pass!(self.rotate(from, successor, others, now))
    }

    async fn revoke(
        &self,
        user: &UserId,
        id: &SessionId,
        ending: Ending,
    ) -> Result<Option<Ending>, StoreError> {
        pass!(self.revoke(user, id, ending))
    }

    async fn revoke_others(
        &self,
        user: &UserId,
        keep: &SessionId,
        ending: Ending,
    ) -> Result<Option<u64>, StoreError> {
        pass!(self.revoke_others(user, keep, ending))
    }

    async fn revoke_user(&self, user: &UserId, ending: Ending) -> Result<u64, StoreError> {
        pass!(self.revoke_user(user, ending))
    }

    async fn revoke_everyone(&self, ending: Ending) -> Result<u64, StoreError> {
        pass!(self.revoke_everyone(ending))
    }

    async fn list(
        &self,
        user: &UserId,
        horizon: &Horizon,
        limit: u32,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        pass!(self.list(user, horizon, limit))
    }

    async fn purge(&self, horizon: &Horizon, limit: u32) -> Result<u64, StoreError> {
        pass!(self.purge(horizon, limit))
    }
}
