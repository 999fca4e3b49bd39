//! Who is looked for, many at once: see [`Gather`]. A thread of SQLite's is woken for all of them together.

use std::collections::HashMap;

use sqlx::{Row, SqlitePool};

use super::{account_columns, account_from};
use crate::defaults;
use crate::store::Account;
use crate::store::StoreError;
use crate::store::gather::Gather;

/// What somebody is looked for by, and the care4wId of whoever looks.
pub type Sought = (String, String);

/// As in `blocks`: for each question one row, the asker's own where nobody is found; `found` says which.
macro_rules! each_found_or_asker {
    ($column:literal) => {
        concat!(
            "WITH sought (n, asker, id) AS MATERIALIZED (SELECT j.key, json_extract(j.value, '$[1]'), \
             (SELECT f.id FROM accounts f WHERE f.",
            $column,
            " = json_extract(j.value, '$[0]') AND f.active AND NOT EXISTS \
             (SELECT 1 FROM blocks b WHERE b.account = f.id AND b.blocked = json_extract(j.value, '$[1]'))) \
             FROM json_each(?) j) SELECT s.n, ",
            account_columns!(),
            ", s.id IS NOT NULL AS found FROM sought s CROSS JOIN accounts a \
             ON a.id = coalesce(s.id, (SELECT o.id FROM accounts o WHERE o.care4w_id = s.asker))"
        )
    };
}

/// By care4wId.
pub fn reached(read: &SqlitePool) -> Gather<Sought, Account> {
    by_asker(read, each_found_or_asker!("care4w_id"))
}

/// By the full number.
pub fn holders(read: &SqlitePool) -> Gather<Sought, Account> {
    by_asker(read, each_found_or_asker!("phone_full"))
}

fn by_asker(read: &SqlitePool, statement: &'static str) -> Gather<Sought, Account> {
    let read = read.clone();
    Gather::start(defaults::GATHERING_QUERIES, move |sought: Vec<Sought>| {
        let read = read.clone();
        async move {
            let asked = serde_json::json!(sought).to_string();
            let rows = sqlx::query(statement).bind(asked).fetch_all(&read).await?;
            let mut reached = HashMap::with_capacity(rows.len());
            for row in &rows {
                // Read in any case: who is not found is not found in the same time.
                let account = account_from(row)?;
                let index: i64 = row.try_get("n")?;
                let key = usize::try_from(index).ok().and_then(|index| sought.get(index));
                if row.try_get::<i64, _>("found")? != 0 {
                    reached.insert(key.ok_or(StoreError::Damaged("answer"))?.clone(), account);
                }
            }
            Ok(reached)
        }
    })
}
