//! What PostgreSQL does that a file does not: it is somewhere else, and others may use it.

use care4w_tests::Postgres;
use care4w_tests::postgres::PASSWORD;

use super::*;

pub async fn open(url: &str, uniqueness: Uniqueness) -> Result<AnyStore, StoreError> {
    Database::parse(url).unwrap().open(uniqueness).await
}

fn server() -> &'static Postgres {
    Postgres::shared().unwrap()
}

/// The name of a database in its address.
fn name(url: &str) -> &str {
    url.rsplit_once('/').map(|_| url.split("localhost/").nth(1).unwrap().split('?').next().unwrap()).unwrap()
}

#[tokio::test]
async fn with_full_uniqueness_two_countries_share_a_national_number_and_national_uniqueness_is_refused_then() {
    let url = server().database().unwrap();
    let store = open(&url, Uniqueness::Full).await.unwrap();
    for (person, full) in [("ke", "+254712345678"), ("tz", "+255712345678")] {
        let id = behaviour::account(&store, person).await.id;
        store.set_phone(id, &behaviour::number(full), true).await.unwrap();
    }
    assert!(store.holder_of_national("712345678", false, &nobody()).await.unwrap().is_none(), "a wrong person");
    store.close().await;
    assert!(matches!(open(&url, Uniqueness::National).await, Err(StoreError::SharedNationalNumbers)));
    open(&url, Uniqueness::Full).await.unwrap();
}

#[tokio::test]
async fn a_database_that_cannot_be_used_says_why_and_shows_no_password() {
    let good = server().database().unwrap();
    let wrong_password = good.replace(PASSWORD, "hush-this-is-wrong");
    let absent = good.replace(name(&good), "there_is_none");
    let unreachable = format!("postgres://care4w:{PASSWORD}@127.0.0.1:1/care4w");
    let foreign = server().database().unwrap();
    server().sql(name(&foreign), "CREATE TABLE invoices (number INTEGER)").unwrap();
    let newer = server().database().unwrap();
    open(&newer, Uniqueness::National).await.unwrap().close().await;
    let migration = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                     VALUES (9999, 'of tomorrow', TRUE, '', 0)";
    server().sql(name(&newer), migration).unwrap();
    for (url, says) in [
        (wrong_password, "refuses the user or the password"),
        (absent, "no database of that name"),
        (unreachable, "does not answer"),
        (foreign, "belongs to something else"),
        (newer, "newer server"),
    ] {
        let error = open(&url, Uniqueness::National).await.err().unwrap();
        let mut said = format!("{error} {error:?}");
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(next) = cause {
            said += &next.to_string();
            cause = next.source();
        }
        assert!(error.to_string().contains(says), "{says}: {said}");
        assert!(!said.contains("hush"), "{said}");
    }
}

#[tokio::test]
async fn servers_that_start_at_once_on_an_empty_database_agree() {
    let url = server().database().unwrap();
    let start = async |made: u8| {
        let store = open(&url, Uniqueness::National).await.unwrap();
        store.secret("k", vec![made]).await.unwrap()
    };
    let (one, two, three) = tokio::join!(start(1), start(2), start(3));
    assert!(one == two && two == three);
}
