//! Which database the server was told to use.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use url::Url;

use super::{PostgresStore, Serving, SqliteStore, Store, StoreError, Uniqueness};

/// `--database`. `Debug` shows no password.
#[derive(Clone)]
pub enum Database {
    /// One file.
    Sqlite(PathBuf),
    /// A server of its own, which several of ours can share.
    Postgres(Box<PgConnectOptions>),
}

/// `--database` cannot be read. Its text shows nothing of what was given: there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    /// Neither of the two.
    #[error("--database is sqlite:FILE or postgres://…")]
    Unknown,
    /// Not an address of PostgreSQL.
    #[error("--database is no address of PostgreSQL: postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full")]
    Postgres,
}

/// What may stand behind the `?`.
const PARAMETERS: [&str; 11] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
];

impl Database {
    /// Reads what was given.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Box::new(postgres(text).ok_or(DatabaseUrlError::Postgres)?)));
        }
        let file = text.strip_prefix("sqlite:").ok_or(DatabaseUrlError::Unknown)?;
        // `sqlite:///tmp/x` and `sqlite:/tmp/x` are the same file.
        let file = file.strip_prefix("//").unwrap_or(file);
        if file.is_empty() || file.contains('\0') {
            return Err(DatabaseUrlError::Unknown);
        }
        Ok(Self::Sqlite(PathBuf::from(file)))
    }

    /// Keeps other servers from a file for as long as what is returned lives. PostgreSQL is not kept from them.
    pub fn serve_alone(&self) -> Result<Option<Serving>, StoreError> {
        match self {
            Self::Sqlite(file) => Serving::of(file).map(Some),
            Self::Postgres(_) => Ok(None),
        }
    }

    /// Opens it and migrates it forwards.
    pub async fn open(&self, uniqueness: Uniqueness) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match self {
            Self::Sqlite(file) => Arc::new(SqliteStore::open(file, uniqueness).await?),
            Self::Postgres(options) => Arc::new(PostgresStore::open(options, uniqueness).await?),
        })
    }
}

fn postgres(text: &str) -> Option<PgConnectOptions> {
    let url = Url::parse(text).ok()?;
    // A parameter that is not known would be written into the log with its value.
    if url.query_pairs().any(|(name, _)| !PARAMETERS.contains(&&*name)) {
        return None;
    }
    let options = PgConnectOptions::from_url(&url).ok()?;
    Some(if url.query_pairs().any(|(name, _)| name == "application_name") {
        options
    } else {
        options.application_name("care4w-server")
    })
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => f.debug_tuple("Sqlite").field(file).finish(),
            Self::Postgres(_) => f.write_str("Postgres(<redacted>)"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_address_of_postgresql_shows_its_password_to_nobody() {
        let given = "postgres://care4w:hush@127.0.0.1:5433/calls?sslmode=require";
        let database = Database::parse(given).unwrap();
        let Database::Postgres(options) = &database else { panic!("{database:?}") };
        assert_eq!((options.get_host(), options.get_port()), ("127.0.0.1", 5433));
        assert_eq!((options.get_username(), options.get_database()), ("care4w", Some("calls")));
        assert!(!format!("{database:?}").contains("hush"));
        for wrong in ["postgres://care4w:hush@h/d?pass=hush", "postgres://care4w:hush@h/d?sslmode=hush"] {
            let error = Database::parse(wrong).unwrap_err();
            assert_eq!(error, DatabaseUrlError::Postgres);
            assert!(!error.to_string().contains("hush") && !format!("{error:?}").contains("hush"));
        }
    }

    #[test]
    fn a_file_is_named_with_or_without_slashes() {
        for given in ["sqlite:/tmp/x.db", "sqlite:///tmp/x.db"] {
            assert!(
                matches!(Database::parse(given).unwrap(), Database::Sqlite(file) if file.as_os_str() == "/tmp/x.db")
            );
        }
        for wrong in ["", "sqlite:", "mysql://x", "/tmp/x.db"] {
            assert_eq!(Database::parse(wrong).unwrap_err(), DatabaseUrlError::Unknown, "{wrong}");
        }
    }
}
