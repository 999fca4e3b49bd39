//! A server for one test.

use std::time::{Duration, Instant};

use care4w_server::Config;
use care4w_server::config::Limits;
use care4w_server::store::Database;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

pub struct Server {
    pub running: care4w_server::Running,
    pub client: Client,
    pub config: Config,
    /// As `--database` takes it.
    pub database: String,
    _folder: tempfile::TempDir,
}

/// An answer: how long it took to the last byte of it, status, headers, body.
pub struct Answer {
    pub took: Duration,
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or("(no error)")
    }

    pub fn data(&self) -> &Value {
        assert_eq!(self.body["success"], true, "{} {}", self.status, self.body);
        &self.body["data"]
    }

    #[track_caller]
    pub fn fails(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        let error = self.body.as_object().unwrap();
        assert_eq!(error.keys().collect::<Vec<_>>(), ["error", "success"]);
        assert_eq!(error["error"].as_object().unwrap().keys().collect::<Vec<_>>(), ["code", "message"]);
        assert_eq!(self.headers.contains_key("retry-after"), status == 429, "only a 429 says when to come back");
    }
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    pub email: String,
    pub token: String,
    pub refresh: String,
    pub id: String,
}

impl Server {
    /// With budgets that no test meets by accident.
    pub async fn start() -> Self {
        Self::with(Config { limits: Limits::raised(), ..Config::default() }).await
    }

    /// The same on a database of its own of a PostgreSQL that all tests share.
    #[cfg(unix)]
    pub async fn on_postgres() -> Self {
        Self::on_postgres_with(Config { limits: Limits::raised(), ..Config::default() }).await
    }

    #[cfg(unix)]
    pub async fn on_postgres_with(config: Config) -> Self {
        let database = care4w_tests::Postgres::shared().unwrap().database().unwrap();
        Self::on(database, tempfile::tempdir().unwrap(), config).await
    }

    pub async fn with(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::on(format!("sqlite:{}", folder.path().join("care4w.db").display()), folder, config).await
    }

    async fn on(database: String, folder: tempfile::TempDir, config: Config) -> Self {
        // rustls wants a provider named once, even for plain HTTP.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = Config { listen: "127.0.0.1:0".into(), database: Database::parse(&database).unwrap(), ..config };
        let running = care4w_server::run(config.clone()).await.unwrap();
        Self { running, client: Client::builder().no_proxy().build().unwrap(), config, database, _folder: folder }
    }

    /// Stops it and starts another on the same database.
    pub async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn restart_with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        self.running.stop().await.unwrap();
        change(&mut self.config);
        let running = care4w_server::run(self.config.clone()).await.unwrap();
        Self { running, ..self }
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.running.url()))
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let begun = Instant::now();
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        let took = begun.elapsed();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { took, status, headers, body }
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request("POST", path).json(&body)).await
    }

    pub async fn by(&self, person: &Person, method: &str, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path).bearer_auth(&person.token);
        self.send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    pub async fn get(&self, person: &Person, path: &str) -> Answer {
        self.by(person, "GET", path, None).await
    }

    pub async fn register(&self, name: &str) -> Person {
        let body = json!({"email": format!("{name}@example.org"), "password": "password of mine", "displayName": name});
        let answer = self.post("/api/auth/register", body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        Person::of(answer.data())
    }

    pub async fn login(&self, email: &str, password: &str) -> Answer {
        self.post("/api/auth/login", json!({"email": email, "password": password})).await
    }

    pub async fn set_phone(&self, person: &Person, number: &str) -> Answer {
        self.by(person, "PATCH", "/api/users/phone", Some(json!({"phoneNumber": number}))).await
    }

    pub async fn lookup(&self, person: &Person, number: &str, country: Option<&str>) -> Answer {
        let request = self.request("GET", "/api/users/lookup/phone").bearer_auth(&person.token);
        let mut query = vec![("phoneNumber", number)];
        query.extend(country.map(|country| ("countryCode", country)));
        self.send(request.query(&query)).await
    }
}

impl Person {
    pub fn of(data: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            email: text(&data["user"]["email"]),
            token: text(&data["accessToken"]),
            refresh: text(&data["refreshToken"]),
            id: text(&data["user"]["care4wId"]),
        }
    }
}
