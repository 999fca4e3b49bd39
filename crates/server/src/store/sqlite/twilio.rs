//! Calls over Twilio in [`SqliteStore`].

use async_trait::async_trait;
use care4w_protocol::CallId;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::{SqliteStore, account_columns, account_from};
use crate::store::twilio::{
    Begun, LegEvent, LegStatus, NewTwilioCall, TalkCap, TwilioCall, TwilioCallKind, TwilioStore,
};
use crate::store::{Account, AccountId, StoreError, UnixMs};

#[async_trait]
impl TwilioStore for SqliteStore {
    async fn assign_number(&self, account: AccountId, full: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO twilio_numbers (number, account) SELECT ?, id FROM accounts WHERE id = ? \
             ON CONFLICT (number) DO UPDATE SET account = excluded.account",
        )
        .bind(full)
        .bind(account.to_string())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    async fn take_number_back(&self, full: &str) -> Result<bool, StoreError> {
        let gone = sqlx::query("DELETE FROM twilio_numbers WHERE number = ?").bind(full).execute(&self.write).await?;
        Ok(gone.rows_affected() > 0)
    }

    async fn assigned_numbers(&self, account: AccountId) -> Result<Vec<String>, StoreError> {
        let numbers = sqlx::query_scalar("SELECT number FROM twilio_numbers WHERE account = ? ORDER BY number");
        Ok(numbers.bind(account.to_string()).fetch_all(&self.read).await?)
    }

    async fn holder_of_assigned(&self, full: &str) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            account_columns!(),
            " FROM twilio_numbers n JOIN accounts a ON a.id = n.account WHERE n.number = ? AND a.active = 1"
        ))
        .bind(full)
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(account_from).transpose()
    }

    async fn begin_twilio_call(&self, call: &NewTwilioCall, cap: Option<TalkCap>) -> Result<Begun, StoreError> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let lines = i64::try_from(call.kind.lines()).unwrap_or(i64::MAX);
        if let Some(sid) = &call.sid {
            let known = sqlx::query("SELECT id, reserved_secs, kind FROM twilio_calls WHERE sid = ?").bind(sid);
            if let Some(row) = known.fetch_optional(&mut *transaction).await? {
                let reserved: i64 = row.try_get(1)?;
                let limit = (lines > 0).then(|| u64::try_from(reserved / lines).unwrap_or(0));
                return Ok(Begun::Kept(parse_id(row.try_get(0)?)?, limit));
            }
        }
        let mut reserved = 0;
        if let Some(cap) = cap.filter(|_| lines > 0) {
            let used: i64 = sqlx::query_scalar(
                "SELECT coalesce(sum(counted_secs), 0) FROM twilio_calls WHERE account = ? AND began_at >= ?",
            )
            .bind(call.account.to_string())
            .bind(cap.since)
            .fetch_one(&mut *transaction)
            .await?;
            let Some(secs) = cap.left(used, lines) else { return Ok(Begun::UsedUp) };
            reserved = secs * lines;
        }
        let kept = sqlx::query(
            "INSERT INTO twilio_calls (id, sid, kind, account, callee, began_at, reserved_secs, counted_secs) \
             SELECT ?1, ?2, ?3, id, ?4, ?5, ?6, ?6 FROM accounts WHERE id = ?7 \
             AND (?4 IS NULL OR EXISTS (SELECT 1 FROM accounts o WHERE o.id = ?4))",
        )
        .bind(call.id.to_string())
        .bind(&call.sid)
        .bind(call.kind.as_str())
        .bind(call.callee.map(|callee| callee.to_string()))
        .bind(call.began_at)
        .bind(reserved)
        .bind(call.account.to_string())
        .execute(&mut *transaction)
        .await?;
        if kept.rows_affected() == 0 {
            return Ok(Begun::NoAccount);
        }
        begin_history(&mut transaction, call).await?;
        transaction.commit().await?;
        Ok(Begun::Kept(call.id, (lines > 0).then(|| u64::try_from(reserved / lines).unwrap_or(0))))
    }

    async fn twilio_call_event(&self, id: CallId, event: &LegEvent) -> Result<Option<(TwilioCall, bool)>, StoreError> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let row = sqlx::query("SELECT * FROM twilio_calls WHERE id = ?").bind(id.to_string());
        let Some(row) = row.fetch_optional(&mut *transaction).await? else { return Ok(None) };
        let (mut call, reserved) = (call_from(&row)?, row.try_get::<i64, _>("reserved_secs")?);
        let was = call.progress();
        if !call.take(event) {
            return Ok(Some((call, false)));
        }
        sqlx::query("UPDATE twilio_calls SET sid = ?, near = ?, far = ?, secs = ?, counted_secs = ? WHERE id = ?")
            .bind(&call.sid)
            .bind(call.near.as_str())
            .bind(call.far.as_str())
            .bind(seconds(call.secs))
            .bind(seconds(Some(call.counted(u64::try_from(reserved).unwrap_or(0)))))
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await?;
        write_history(&mut transaction, &call).await?;
        transaction.commit().await?;
        let progressed = call.progress() != was;
        Ok(Some((call, progressed)))
    }

    async fn cancel_twilio_call(&self, id: CallId, account: AccountId) -> Result<Option<TwilioCall>, StoreError> {
        let row = sqlx::query("UPDATE twilio_calls SET cancelled = 1 WHERE id = ? AND account = ? RETURNING *")
            .bind(id.to_string())
            .bind(account.to_string())
            .fetch_optional(&self.write)
            .await?;
        row.as_ref().map(call_from).transpose()
    }

    async fn twilio_call(&self, id: CallId) -> Result<Option<TwilioCall>, StoreError> {
        let row = sqlx::query("SELECT * FROM twilio_calls WHERE id = ?").bind(id.to_string());
        row.fetch_optional(&self.read).await?.as_ref().map(call_from).transpose()
    }

    async fn twilio_call_by_sid(&self, sid: &str) -> Result<Option<TwilioCall>, StoreError> {
        let row = sqlx::query("SELECT * FROM twilio_calls WHERE sid = ?").bind(sid);
        row.fetch_optional(&self.read).await?.as_ref().map(call_from).transpose()
    }

    async fn forget_twilio_calls(&self, oldest: UnixMs) -> Result<(), StoreError> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "UPDATE call_history SET over = 1 WHERE over = 0 \
             AND call_id IN (SELECT id FROM twilio_calls WHERE began_at < ?)",
        )
        .bind(oldest)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM twilio_calls WHERE began_at < ?").bind(oldest).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Adds the rows of a call's users: its beginning.
async fn begin_history(connection: &mut SqliteConnection, call: &NewTwilioCall) -> Result<(), StoreError> {
    let kind = if call.kind == TwilioCallKind::Incoming { "missed" } else { "made" };
    sqlx::query(
        "INSERT INTO call_history (account, call_id, kind, other_id, other_name, other_number, started_at) \
         SELECT me.id, ?1, ?2, coalesce(o.care4w_id, ''), coalesce(o.display_name, ?3), ?4, ?5 \
         FROM accounts me LEFT JOIN accounts o ON o.id = ?6 WHERE me.id = ?7 ON CONFLICT DO NOTHING",
    )
    .bind(call.id.to_string())
    .bind(kind)
    .bind(call.number.as_ref().map_or("Unknown number", |number| number.shown.as_str()))
    .bind(call.number.as_ref().map(|number| number.full.as_str()))
    .bind(call.began_at)
    .bind(call.callee.map(|callee| callee.to_string()))
    .bind(call.account.to_string())
    .execute(&mut *connection)
    .await?;
    let Some(callee) = call.callee else { return Ok(()) };
    sqlx::query(
        "INSERT INTO call_history (account, call_id, kind, other_id, other_name, started_at) \
         SELECT me.id, ?1, 'missed', o.care4w_id, o.display_name, ?2 \
         FROM accounts me JOIN accounts o ON o.id = ?3 WHERE me.id = ?4 ON CONFLICT DO NOTHING",
    )
    .bind(call.id.to_string())
    .bind(call.began_at)
    .bind(call.account.to_string())
    .bind(callee.to_string())
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Makes the histories say what is known of a call.
async fn write_history(connection: &mut SqliteConnection, call: &TwilioCall) -> Result<(), StoreError> {
    if call.was_answered() {
        sqlx::query(
            "UPDATE call_history SET kind = CASE kind WHEN 'missed' THEN 'got' ELSE kind END, duration_secs = ?, told = 1 \
             WHERE call_id = ?",
        )
        .bind(seconds(call.secs))
        .bind(call.id.to_string())
        .execute(&mut *connection)
        .await?;
    }
    if call.is_over() {
        // Only a user's missed call can be told of by its caller's id.
        sqlx::query(
            "UPDATE call_history SET over = 1, told = (kind <> 'missed' OR other_id = '' OR ?) \
             WHERE call_id = ? AND over = 0",
        )
        .bind(call.has_rung())
        .bind(call.id.to_string())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

fn seconds(secs: Option<u64>) -> Option<i64> {
    secs.map(|secs| i64::try_from(secs).unwrap_or(i64::MAX))
}

fn parse_id(text: &str) -> Result<CallId, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged("call id"))
}

fn call_from(row: &SqliteRow) -> Result<TwilioCall, StoreError> {
    let account = |text: &str| AccountId::parse(text).ok_or(StoreError::Damaged("account id"));
    let status = |text: &str| LegStatus::parse(text).ok_or(StoreError::Damaged("state of a call"));
    Ok(TwilioCall {
        id: parse_id(row.try_get("id")?)?,
        sid: row.try_get("sid")?,
        kind: TwilioCallKind::parse(row.try_get("kind")?).ok_or(StoreError::Damaged("kind of call"))?,
        account: account(row.try_get("account")?)?,
        callee: row.try_get::<Option<&str>, _>("callee")?.map(account).transpose()?,
        near: status(row.try_get("near")?)?,
        far: status(row.try_get("far")?)?,
        secs: row.try_get::<Option<i64>, _>("secs")?.and_then(|secs| u64::try_from(secs).ok()),
        cancelled: row.try_get::<i64, _>("cancelled")? != 0,
    })
}
