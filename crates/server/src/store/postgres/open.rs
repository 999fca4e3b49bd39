//! How [`PostgresStore`] comes to its connections.

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Row};

use super::gathered::Gathered;
use super::{PostgresStore, is_violation};
use crate::defaults;
use crate::store::{StoreError, Uniqueness};

/// Held by one server at a time while it looks after the schema; the number means nothing.
const SCHEMA_LOCK: i64 = 0x0063_6172_6534_7701;

impl PostgresStore {
    /// Connects, and migrates the database forwards.
    pub async fn open(options: &PgConnectOptions, uniqueness: Uniqueness) -> Result<Self, StoreError> {
        let options = options.clone().disable_statement_logging().options([
            // Our queries are planned alike whatever is asked for: once is enough.
            ("plan_cache_mode", "force_generic_plan"),
            // They find their rows by an index. Planned while a table is all but empty, one would read it whole, and go
            // on so while it grows.
            ("enable_seqscan", "off"),
            // That something is there already is no news.
            ("client_min_messages", "warning"),
        ]);
        prepare(&options, uniqueness).await?;
        let pool = PgPoolOptions::new()
            .max_connections(defaults::POSTGRES_CONNECTIONS)
            .acquire_timeout(defaults::DATABASE_WAIT)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for >= defaults::CONNECTION_FRESH {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options);
        let gathered = Gathered::start(&pool, uniqueness);
        Ok(Self { pool, uniqueness, gathered })
    }
}

/// Over one connection, whose failure says why: a pool would try until it has to give up.
async fn prepare(options: &PgConnectOptions, uniqueness: Uniqueness) -> Result<(), StoreError> {
    let connecting = PgConnection::connect_with(options);
    let mut connection = tokio::time::timeout(defaults::DATABASE_WAIT, connecting)
        .await
        .map_err(|late| StoreError::Unavailable(Box::new(late)))??;
    let tables = sqlx::query(
        "SELECT coalesce(bool_or(table_name = '_sqlx_migrations'), true) FROM information_schema.tables \
         WHERE table_schema = current_schema()",
    )
    .fetch_one(&mut connection)
    .await?;
    if !tables.try_get::<bool, _>(0)? {
        return Err(StoreError::Foreign);
    }
    sqlx::migrate!("./migrations/postgres").run(&mut connection).await?;
    hold_uniqueness(&mut connection, uniqueness).await?;
    connection.close().await?;
    Ok(())
}

/// Makes or drops the unique index that the setting asks for; the other index serves lookups.
async fn hold_uniqueness(connection: &mut PgConnection, uniqueness: Uniqueness) -> Result<(), StoreError> {
    let statements = match uniqueness {
        Uniqueness::National => [
            "DROP INDEX IF EXISTS accounts_shared_phone_national",
            "CREATE UNIQUE INDEX IF NOT EXISTS accounts_phone_national ON accounts (phone_national)",
        ],
        Uniqueness::Full => [
            "DROP INDEX IF EXISTS accounts_phone_national",
            "CREATE INDEX IF NOT EXISTS accounts_shared_phone_national ON accounts (phone_national)",
        ],
    };
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(SCHEMA_LOCK).execute(&mut *transaction).await?;
    for statement in statements {
        sqlx::query(statement)
            .execute(&mut *transaction)
            .await
            .map_err(|error| if is_violation(&error) { StoreError::SharedNationalNumbers } else { error.into() })?;
    }
    transaction.commit().await?;
    Ok(())
}
