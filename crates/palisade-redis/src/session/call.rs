//! One call of a script.

use palisade_session::{Ending, Horizon, StoreError};
use redis::{ToRedisArgs, Value};

use super::RedisFailure;
use super::record::Draft;
use super::reply::Reply;
use super::time;
use crate::RedisDatabase;
use crate::database;

/// A script with its arguments, which are added in the order in which its first lines name them.
pub(super) struct Call<'s> {
    database: &'s RedisDatabase,
    call: database::Call<'s>,
}

impl<'s> Call<'s> {
    pub(super) fn new(database: &'s RedisDatabase, call: database::Call<'s>) -> Self {
        Self { database, call }
    }

    pub(super) fn arg(self, argument: impl ToRedisArgs) -> Self {
        Self { call: self.call.arg(argument), ..self }
    }

    pub(super) fn ending(self, ending: Ending) -> Self {
        self.arg(time::nearest(ending.at)).arg(ending.reason.as_str())
    }

    pub(super) fn horizon(self, horizon: &Horizon) -> Self {
        self.arg(time::edge(horizon.created_after)).arg(time::edge(horizon.seen_after))
    }

    pub(super) fn draft(self, id: &str, user: &str, draft: Draft) -> Self {
        let Draft { created, seen, ended_at, rest } = draft;
        self.arg(id).arg(user).arg(created).arg(seen).arg(ended_at).arg(rest)
    }

    pub(super) async fn run(self) -> Result<Reply, StoreError> {
        let answer: Result<Value, _> = self.database.run_script(&self.call).await;
        Reply::read(answer.map_err(|error| StoreError::new(RedisFailure::of(&error)))?)
    }
}
