//! The statements, beside the test that none of them reads through a table.

/// The generation of the user whom an SQL expression names.
macro_rules! generation_of {
    ($user:literal) => {
        concat!(
            "((SELECT generation FROM palisade_session_everyone) + coalesce((SELECT generation ",
            "FROM palisade_session_users WHERE user_id = ",
            $user,
            "), 0))"
        )
    };
}

/// The columns of a whole record.
macro_rules! record {
    () => {
        "id, user_id, generation, digest, created_at, last_seen_at, address, user_agent, device, \
         factors, ended_at, ended_reason"
    };
}

pub(super) const GENERATION: &str = concat!("SELECT ", generation_of!("?1"));

pub(super) const LOAD: &str = concat!(
    "SELECT ",
    record!(),
    ", ",
    generation_of!("palisade_sessions.user_id"),
    " AS user_generation FROM palisade_sessions WHERE id = ?1"
);

pub(super) const LIST: &str = concat!(
    "SELECT ",
    record!(),
    " FROM palisade_sessions
    WHERE user_id = ?1 AND ended_at IS NULL AND created_at > ?2 AND last_seen_at > ?3
        AND generation = ",
    generation_of!("?1"),
    " ORDER BY last_seen_at DESC, id LIMIT ?4"
);

pub(super) const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM palisade_sessions WHERE id = ?1)";

pub(super) const IS_LIVE: &str = "SELECT EXISTS (SELECT 1 FROM palisade_sessions
    WHERE id = ?1 AND user_id = ?2 AND generation = ?3 AND ended_at IS NULL)";

/// Live sessions beyond the first ?5, which the horizon holds.
pub(super) const SURPLUS: &str = "SELECT id FROM palisade_sessions
    WHERE user_id = ?1 AND ended_at IS NULL AND generation = ?2
        AND created_at > ?3 AND last_seen_at > ?4
    ORDER BY last_seen_at DESC, id LIMIT -1 OFFSET ?5";

pub(super) const INSERT: &str = "INSERT INTO palisade_sessions (id, user_id, generation, digest,
        created_at, last_seen_at, address, user_agent, device, factors, ended_at, ended_reason)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

pub(super) const TOUCH: &str = concat!(
    "UPDATE palisade_sessions SET
        last_seen_at = max(last_seen_at, ?3), address = coalesce(?4, address)
    WHERE id = ?1 AND ended_at IS NULL AND generation = ?2 AND generation = ",
    generation_of!("palisade_sessions.user_id")
);

pub(super) const REVOKE: &str = "UPDATE palisade_sessions SET
        ended_at = coalesce(ended_at, ?3), ended_reason = coalesce(ended_reason, ?4)
    WHERE id = ?1 AND user_id = ?2
    RETURNING id, ended_at, ended_reason";

pub(super) const END: &str = "UPDATE palisade_sessions SET ended_at = ?2, ended_reason = ?3
    WHERE id = ?1 AND ended_at IS NULL";

/// The live sessions of a user, but the one with the id ?5.
pub(super) const END_OTHERS: &str = "UPDATE palisade_sessions SET ended_at = ?3, ended_reason = ?4
    WHERE user_id = ?1 AND ended_at IS NULL AND generation = ?2 AND id != ?5";

/// The live sessions of all users.
pub(super) const END_EVERYONE: &str = concat!(
    "UPDATE palisade_sessions SET ended_at = ?1, ended_reason = ?2
    WHERE ended_at IS NULL AND generation = ",
    generation_of!("palisade_sessions.user_id")
);

// Two statements: the schema would take an insert that ends in ON CONFLICT for one that overwrites.
pub(super) const NEXT_GENERATION: &str =
    "UPDATE palisade_session_users SET generation = generation + 1 WHERE user_id = ?1";
pub(super) const FIRST_GENERATION: &str =
    "INSERT INTO palisade_session_users (user_id, generation) VALUES (?1, 1)";

pub(super) const NEXT_GENERATION_OF_EVERYONE: &str =
    "UPDATE palisade_session_everyone SET generation = generation + 1 WHERE only_row = 1";

/// Each branch is bounded, so that what is found beyond the limit costs nothing.
pub(super) const PURGE: &str = "DELETE FROM palisade_sessions WHERE id IN (
        SELECT id FROM (SELECT id FROM palisade_sessions WHERE created_at <= ?1 LIMIT ?3)
        UNION
        SELECT id FROM (SELECT id FROM palisade_sessions WHERE last_seen_at <= ?2 LIMIT ?3)
        UNION
        SELECT id FROM (SELECT id FROM palisade_sessions WHERE ended_at <= ?2 LIMIT ?3)
        LIMIT ?3
    )";

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Row};

    use super::super::SqliteSessionStore;
    use super::*;

    /// How SQLite would run a statement, step by step, without the steps over what a subquery found.
    async fn plan(store: &SqliteSessionStore, sql: &str) -> Vec<String> {
        let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
            .fetch_all(&store.database.reader)
            .await
            .unwrap();
        rows.iter().map(|row| row.get("detail")).collect()
    }

    #[tokio::test]
    async fn no_statement_reads_through_a_table() {
        let store = SqliteSessionStore::in_memory().await.unwrap();
        let indexed = [
            ("GENERATION", GENERATION, 1),
            ("LOAD", LOAD, 2),
            ("LIST", LIST, 2),
            ("EXISTS", EXISTS, 1),
            ("IS_LIVE", IS_LIVE, 1),
            ("SURPLUS", SURPLUS, 1),
            ("INSERT", INSERT, 0),
            ("TOUCH", TOUCH, 2),
            ("REVOKE", REVOKE, 1),
            ("END", END, 1),
            ("END_OTHERS", END_OTHERS, 1),
            ("NEXT_GENERATION", NEXT_GENERATION, 1),
            ("FIRST_GENERATION", FIRST_GENERATION, 0),
            ("NEXT_GENERATION_OF_EVERYONE", NEXT_GENERATION_OF_EVERYONE, 1),
            // Three searches for what is over, and one for each row that goes.
            ("PURGE", PURGE, 4),
        ];
        for (name, sql, least) in indexed {
            let plan = plan(&store, sql).await;
            let searches = plan.iter().filter(|step| step.starts_with("SEARCH palisade_"));
            assert!(searches.count() >= least, "{name}: {plan:#?}");
            for step in &plan {
                // The table with one row is read whole; what a subquery found is no table.
                let scan = step.starts_with("SCAN palisade_")
                    && !step.starts_with("SCAN palisade_session_everyone");
                assert!(!scan, "{name}: {plan:#?}");
                let sorts = step.contains("TEMP B-TREE FOR ORDER BY");
                assert!(!sorts, "{name} sorts: {plan:#?}");
            }
        }
        // This one is for every live session, and reads no other.
        let plan = plan(&store, END_EVERYONE).await;
        assert!(plan[0].contains("USING INDEX palisade_sessions_by_user"), "{plan:#?}");
    }
}
