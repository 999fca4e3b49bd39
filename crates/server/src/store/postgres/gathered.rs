//! What every request asks, gathered: see [`Gather`].
//!
//! A block is part of the question, not a second one after it: whoever is blocked waits no longer for an answer than
//! somebody who asks for nobody.

use std::collections::HashMap;

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use super::{ACCOUNT_COLUMNS, account_columns, account_from};
use crate::defaults::GATHERING_QUERIES;
use crate::store::gather::Gather;
use crate::store::{Account, StoreError};

/// What somebody is looked for by, and the care4wId of whoever looks.
pub type Sought = (String, String);

/// One for each kind of question.
pub struct Gathered {
    /// By the id of a sign-in that was not ended.
    pub signed_in: Gather<String, Account>,
    /// By care4wId, whoever asks; active accounts.
    pub ids: Gather<String, Account>,
    /// By care4wId.
    pub reached: Gather<Sought, Account>,
    /// By the full number.
    pub holders: Gather<Sought, Account>,
}

/// An active account by `$1`, and who of `$2` it has blocked.
macro_rules! sought_by {
    ($column:literal) => {
        concat!(
            "SELECT ",
            account_columns!(),
            ", a.",
            $column,
            ", ARRAY(SELECT b.blocked FROM blocks b WHERE b.account = a.id AND b.blocked = ANY($2)) \
             FROM accounts a WHERE a.",
            $column,
            " = ANY($1) AND a.active"
        )
    };
}

impl Gathered {
    pub fn start(pool: &PgPool) -> Self {
        Self {
            signed_in: by_key(
                pool,
                concat!(
                    "SELECT ",
                    account_columns!(),
                    ", s.id FROM sign_ins s JOIN accounts a ON a.id = s.account \
                     WHERE s.id = ANY($1) AND s.revoked_at IS NULL"
                ),
            ),
            ids: by_key(
                pool,
                concat!(
                    "SELECT ",
                    account_columns!(),
                    ", a.care4w_id FROM accounts a WHERE a.care4w_id = ANY($1) AND a.active"
                ),
            ),
            reached: by_asker(pool, sought_by!("care4w_id")),
            holders: by_asker(pool, sought_by!("phone_full")),
        }
    }
}

/// The statement gives an account's columns and then the key.
fn by_key(pool: &PgPool, statement: &'static str) -> Gather<String, Account> {
    let pool = pool.clone();
    Gather::start(GATHERING_QUERIES, move |keys: Vec<String>| {
        let pool = pool.clone();
        async move {
            let rows = sqlx::query(statement).bind(keys).fetch_all(&pool).await?;
            rows.iter().map(|row| Ok((row.try_get(ACCOUNT_COLUMNS)?, account_from(row)?))).collect()
        }
    })
}

/// The statement gives an account's columns, the key, and whom of the askers the account has blocked.
fn by_asker(pool: &PgPool, statement: &'static str) -> Gather<Sought, Account> {
    let pool = pool.clone();
    Gather::start(GATHERING_QUERIES, move |sought: Vec<Sought>| {
        let pool = pool.clone();
        async move {
            let (keys, askers): (Vec<&str>, Vec<&str>) =
                sought.iter().map(|(key, asker)| (key.as_str(), asker.as_str())).unzip();
            let rows = sqlx::query(statement).bind(keys).bind(askers).fetch_all(&pool).await?;
            let found = rows.iter().map(with_blocked).collect::<Result<HashMap<_, _>, StoreError>>()?;
            let mut reached = HashMap::with_capacity(found.len());
            for sought in &sought {
                if let Some((account, blocked)) = found.get(&sought.0)
                    && !blocked.contains(&sought.1)
                {
                    reached.insert(sought.clone(), account.clone());
                }
            }
            Ok(reached)
        }
    })
}

fn with_blocked(row: &PgRow) -> Result<(String, (Account, Vec<String>)), StoreError> {
    Ok((row.try_get(ACCOUNT_COLUMNS)?, (account_from(row)?, row.try_get(ACCOUNT_COLUMNS + 1)?)))
}
