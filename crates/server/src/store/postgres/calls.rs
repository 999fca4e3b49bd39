//! The call history of [`PostgresStore`], and what becomes of it when an account goes.

use care4w_phone::Care4wId;
use care4w_protocol::CallId;
use care4w_protocol::rest::{CallKind, CallRecord};
use care4w_protocol::signal::Party;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::PostgresStore;
use super::blocks::shown_name;
use crate::clock;
use crate::store::{AccountId, CallsPage, NewCall, StoreError, UnixMs, UntoldCall};

impl PostgresStore {
    pub(super) async fn remove_account(&self, id: AccountId) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "UPDATE call_history SET other_name = 'Deleted account' \
             WHERE other_id = (SELECT care4w_id FROM accounts WHERE id = $1)",
        )
        .bind(id.to_string())
        .execute(&mut *transaction)
        .await?;
        // What others keep of this user under its id; its own blocks go with the account.
        sqlx::query("DELETE FROM blocks WHERE blocked = (SELECT care4w_id FROM accounts WHERE id = $1)")
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await?;
        let gone =
            sqlx::query("DELETE FROM accounts WHERE id = $1").bind(id.to_string()).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(gone.rows_affected() > 0)
    }

    pub(super) async fn insert_call(&self, call: &NewCall) -> Result<(), StoreError> {
        let sides = [(call.caller.0, "made", &call.callee.1), (call.callee.0, "missed", &call.caller.1)];
        let mut transaction = self.pool.begin().await?;
        for (account, kind, other) in sides {
            // An account may have been deleted in the meantime: then it has no history to add to.
            sqlx::query(
                "INSERT INTO call_history (account, call_id, kind, other_id, other_name, started_at) \
                 SELECT id, $1, $2, $3, $4, $5 FROM accounts WHERE id = $6 FOR KEY SHARE ON CONFLICT DO NOTHING",
            )
            .bind(call.call.to_string())
            .bind(kind)
            .bind(other.care4w_id.as_str())
            .bind(&other.display_name)
            .bind(call.started_at)
            .bind(account.to_string())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    pub(super) async fn mark_answered(&self, call: CallId, callee: AccountId) -> Result<(), StoreError> {
        sqlx::query("UPDATE call_history SET kind = 'got' WHERE call_id = $1 AND account = $2 AND NOT over")
            .bind(call.to_string())
            .bind(callee.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(super) async fn mark_over(
        &self,
        call: CallId,
        callee: AccountId,
        talked_secs: Option<u64>,
        told: bool,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE call_history SET over = TRUE, duration_secs = $1, told = (account <> $2 OR $3) \
             WHERE call_id = $4 AND NOT over",
        )
        .bind(talked_secs.map(|secs| i64::try_from(secs).unwrap_or(i64::MAX)))
        .bind(callee.to_string())
        .bind(told)
        .bind(call.to_string())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub(super) async fn remove_call(&self, call: CallId) -> Result<(), StoreError> {
        // Only what nobody talked in: a call's id is its caller's choice.
        sqlx::query("DELETE FROM call_history WHERE call_id = $1 AND NOT over")
            .bind(call.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(super) async fn select_untold(&self, account: AccountId) -> Result<Vec<UntoldCall>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT h.call_id, h.other_id, ",
            shown_name!(),
            ", h.started_at FROM call_history h \
             WHERE h.account = $1 AND NOT h.told AND h.kind = 'missed' ORDER BY h.started_at LIMIT 100",
        ))
        .bind(account.to_string())
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(UntoldCall { call: call_id(row)?, from: other(row)?, started_at: row.try_get("started_at")? })
            })
            .collect()
    }

    pub(super) async fn mark_told(&self, account: AccountId, call: CallId) -> Result<(), StoreError> {
        sqlx::query("UPDATE call_history SET told = TRUE WHERE account = $1 AND call_id = $2")
            .bind(account.to_string())
            .bind(call.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(super) async fn select_calls(
        &self,
        account: AccountId,
        page: &CallsPage,
    ) -> Result<Vec<(UnixMs, CallRecord)>, StoreError> {
        let (before_at, before_id) = page.before.clone().unwrap_or((UnixMs::MAX, String::new()));
        // A call that still rings is not yet one that was missed.
        let rows = sqlx::query(concat!(
            "SELECT h.call_id, h.kind, h.other_id, ",
            shown_name!(),
            ", h.other_number, h.started_at, h.duration_secs FROM call_history h \
             WHERE h.account = $1 AND h.started_at >= $2 AND (h.started_at, h.call_id) < ($3, $4) \
             AND (h.over OR h.kind = 'got') ORDER BY h.started_at DESC, h.call_id DESC LIMIT $5",
        ))
        .bind(account.to_string())
        .bind(page.since.unwrap_or(UnixMs::MIN))
        .bind(before_at)
        .bind(before_id)
        .bind(i64::from(page.limit))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(record).collect()
    }

    pub(super) async fn mark_interrupted(&self) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE call_history h SET over = TRUE, told = (kind <> 'missed') WHERE NOT over \
             AND NOT EXISTS (SELECT 1 FROM twilio_calls t WHERE t.id = h.call_id)",
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

fn call_id(row: &PgRow) -> Result<CallId, StoreError> {
    row.try_get::<&str, _>("call_id")?.parse().map_err(|_| StoreError::Damaged("call id"))
}

fn other(row: &PgRow) -> Result<Party, StoreError> {
    Ok(Party {
        care4w_id: Care4wId::parse(row.try_get("other_id")?).map_err(|_| StoreError::Damaged("care4wId"))?,
        display_name: row.try_get("other_name")?,
    })
}

fn record(row: &PgRow) -> Result<(UnixMs, CallRecord), StoreError> {
    let started_at: UnixMs = row.try_get("started_at")?;
    let care4w_id = match row.try_get::<&str, _>("other_id")? {
        "" => None,
        id => Some(Care4wId::parse(id).map_err(|_| StoreError::Damaged("care4wId"))?),
    };
    let kind = match row.try_get::<&str, _>("kind")? {
        "made" => CallKind::Made,
        "got" => CallKind::Got,
        "missed" => CallKind::Missed,
        _ => return Err(StoreError::Damaged("kind of call")),
    };
    let duration = row.try_get::<Option<i64>, _>("duration_secs")?;
    Ok((
        started_at,
        CallRecord {
            call_id: call_id(row)?.to_string(),
            kind,
            care4w_id,
            number: row.try_get("other_number")?,
            display_name: row.try_get("other_name")?,
            started_at: clock::rfc3339(started_at),
            duration_secs: duration.and_then(|secs| u64::try_from(secs).ok()),
        },
    ))
}
