//! What every request asks, gathered: see [`Gather`].
//!
//! A block is part of the question, not a second one after it, and for whoever is not found somebody else stands in: the next
//! in the same index. So each question reads and gives one row, whatever the answer: whoever is blocked, or asks for nobody,
//! waits as long as somebody who finds somebody.
//!
//! Each question is looked for by itself (`LATERAL`, `LIMIT 1`): no plan can come to read a whole table for all of them.

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgPool, Postgres, Row};

use super::gather::Gather;
use super::{ACCOUNT_COLUMNS, account_columns, account_from};
use crate::store::{Account, StoreError, Uniqueness};

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
    /// By the national number, among all who have it or among those who proved it.
    pub national_holders: [Gather<Sought, Account>; 2],
}

/// The account with `$1` in a unique column or the next behind it (behind the last, the last), and whether it is there for
/// the asker `$2`.
macro_rules! sought_by {
    ($column:literal) => {
        sought_by!($column, "")
    };
    ($column:literal, $and:literal) => {
        concat!(
            "SELECT ",
            account_columns!(),
            ", q.nth, (SELECT count(*) FROM blocks b WHERE b.account = a.id AND b.blocked = q.asker) = 0 \
             AND a.active AND a.",
            $column,
            " = q.sought",
            $and,
            " FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q (sought, asker, nth) \
             CROSS JOIN LATERAL (SELECT n.* FROM accounts n WHERE n.",
            $column,
            " >= least(q.sought, (SELECT max(l.",
            $column,
            ") FROM accounts l)) ORDER BY n.",
            $column,
            " LIMIT 1) AS a"
        )
    };
}

/// Where several may have a national number: the only one of those whom `$2` may find by the national number `$1`, or somebody with the next.
macro_rules! holder_of_national {
    ($proved:literal) => {
        concat!(
            "SELECT ",
            account_columns!(),
            ", q.nth, h.id IS NOT NULL FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q (sought, asker, nth) \
             CROSS JOIN LATERAL (SELECT CASE WHEN count(*) = 1 THEN max(f.id) END AS id FROM accounts f \
             WHERE f.phone_national = q.sought AND f.active",
            $proved,
            " AND (SELECT count(*) FROM blocks b WHERE b.account = f.id AND b.blocked = q.asker) = 0) AS h \
             CROSS JOIN LATERAL ((SELECT n.* FROM accounts n WHERE n.id = h.id) UNION ALL \
             (SELECT n.* FROM accounts n WHERE n.phone_national > q.sought ORDER BY n.phone_national LIMIT 1) UNION ALL \
             (SELECT n.* FROM accounts n WHERE n.phone_national IS NOT NULL ORDER BY n.phone_national DESC LIMIT 1) \
             LIMIT 1) AS a"
        )
    };
}

impl Gathered {
    pub fn start(pool: &PgPool, uniqueness: Uniqueness) -> Self {
        let national_holders = match uniqueness {
            Uniqueness::National => {
                [sought_by!("phone_national"), sought_by!("phone_national", " AND a.phone_verified")]
            }
            Uniqueness::Full => [holder_of_national!(""), holder_of_national!(" AND f.phone_verified")],
        };
        Self {
            signed_in: by_key(
                pool,
                concat!(
                    "SELECT ",
                    account_columns!(),
                    ", q.nth, TRUE FROM unnest($1::text[]) WITH ORDINALITY AS q (sought, nth) \
                     CROSS JOIN LATERAL (SELECT s.account FROM sign_ins s WHERE s.id = q.sought AND s.revoked_at IS NULL \
                     LIMIT 1) AS s \
                     CROSS JOIN LATERAL (SELECT n.* FROM accounts n WHERE n.id = s.account LIMIT 1) AS a"
                ),
            ),
            ids: by_key(
                pool,
                concat!(
                    "SELECT ",
                    account_columns!(),
                    ", q.nth, a.active FROM unnest($1::text[]) WITH ORDINALITY AS q (sought, nth) \
                     CROSS JOIN LATERAL (SELECT n.* FROM accounts n WHERE n.care4w_id = q.sought LIMIT 1) AS a"
                ),
            ),
            reached: by_asker(pool, sought_by!("care4w_id")),
            holders: by_asker(pool, sought_by!("phone_full")),
            national_holders: national_holders.map(|statement| by_asker(pool, statement)),
        }
    }
}

/// The statements here and below give an account's columns, which of the questions it is about (from 1 on), and whether it is
/// the answer.
fn by_key(pool: &PgPool, statement: &'static str) -> Gather<String, Account> {
    let pool = pool.clone();
    Gather::start(move |way, keys: Vec<String>| {
        let asked = keys.len();
        ask(pool.clone(), way, sqlx::query(statement).bind(keys), asked)
    })
}

fn by_asker(pool: &PgPool, statement: &'static str) -> Gather<Sought, Account> {
    let pool = pool.clone();
    Gather::start(move |way, sought: Vec<Sought>| {
        let asked = sought.len();
        let (keys, askers): (Vec<String>, Vec<String>) = sought.into_iter().unzip();
        ask(pool.clone(), way, sqlx::query(statement).bind(keys).bind(askers), asked)
    })
}

/// A connection is kept from query to query while there is something to ask: each time that one is given back to the pool,
/// the pool asks the database whether it is well, which takes as long as a query.
type Way = Option<PoolConnection<Postgres>>;

async fn ask(
    pool: PgPool,
    way: Way,
    query: Query<'static, Postgres, PgArguments>,
    asked: usize,
) -> (Way, Result<Vec<Option<Account>>, StoreError>) {
    let mut connection = match way {
        Some(connection) => connection,
        None => match pool.acquire().await {
            Ok(connection) => connection,
            Err(error) => return (None, Err(error.into())),
        },
    };
    match query.fetch_all(&mut *connection).await {
        Ok(rows) => (Some(connection), answers(asked, &rows)),
        Err(error) => (None, Err(error.into())),
    }
}

fn answers(asked: usize, rows: &[PgRow]) -> Result<Vec<Option<Account>>, StoreError> {
    let mut answers = Vec::new();
    answers.resize_with(asked, || None);
    for row in rows {
        // Read in any case.
        let account = account_from(row)?;
        let nth: i64 = row.try_get(ACCOUNT_COLUMNS)?;
        let place = usize::try_from(nth - 1).ok().and_then(|at| answers.get_mut(at));
        let place = place.ok_or(StoreError::Damaged("order of questions"))?;
        *place = Some(account).filter(|_| row.get(ACCOUNT_COLUMNS + 1));
    }
    Ok(answers)
}
