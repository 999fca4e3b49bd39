//! How many lookups a server with a million users answers, on both stores, beside `/healthz` of the same server.
//!
//! One release build of the server, its budgets raised so that none is met, everything else as it is by default (it logs
//! each request). Both cores are shared by the server, its database and the load (threads of xtask), for `/healthz` and
//! for lookups alike.

use std::{
    io::{BufWriter, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use care4w_tests::{Account, Postgres, Server};
use serde_json::{Value, json};

use super::{
    Figure, Figures,
    load::{self, Pace, Request, Run},
};
use crate::{build, say};

/// Users of the full measure; a quick one has a hundredth.
const USERS: u64 = 1_000_000;

/// Who asks, and connections: as many as keep both cores busy.
const ASKERS: usize = 32;

/// Budgets that no asker meets.
const CONFIG: &str = "[limits]
register_per_address = { burst = 1000, one_back_ms = 1 }
oracle_per_account = { burst = 1000000000, one_back_ms = 0 }
oracle_first_day = 1000000000
oracle_per_address = { burst = 1000000000, one_back_ms = 0 }
";

pub fn measure(quick: bool) -> Result<Figures> {
    let users = if quick { USERS / 100 } else { USERS };
    let (rounds, length) = if quick { (1, Duration::from_secs(2)) } else { (3, Duration::from_secs(6)) };
    let server = build::release(&["--bin", "care4w-server"])?;
    let server = server.join(format!("care4w-server{}", std::env::consts::EXE_SUFFIX));
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("users.jsonl");
    say::step(&format!("writing {users} users"), || write_users(&file, users))?;
    let postgres = Postgres::start()?;
    let mut figures = Vec::new();
    let sqlite = format!("sqlite:{}", folder.path().join("care4w.db").display());
    for (store, database) in [("SQLite", sqlite), ("PostgreSQL", postgres.database()?)] {
        let bench = Bench { store, users, program: &server, database: &database, folder: folder.path() };
        bench.import(&file, &mut figures)?;
        bench.lookups(rounds, length, &mut figures)?;
    }
    Ok(figures)
}

/// As the web app has them, one document a line.
fn write_users(file: &Path, users: u64) -> Result<()> {
    let mut out = BufWriter::new(std::fs::File::create(file)?);
    for index in 0..users {
        let national = national(2 * index);
        let user = json!({
            "_id": { "$oid": format!("65c1f2a0b1c2d3e4{index:08x}") },
            "email": format!("user{index}@example.org"),
            "displayName": format!("User {index}"),
            "isActive": true,
            "care4wId": care4w_id(2 * index),
            "personalPhoneNumber": { "full": format!("+254{national}"), "national": national, "countryCode": "254" },
            "createdAt": { "$date": "2026-01-05T08:15:00Z" },
        });
        writeln!(out, "{user}")?;
    }
    out.flush()?;
    Ok(())
}

/// The users have the even ones; the odd ones between them nobody has, and to find that out is as far a way.
fn national(place: u64) -> String {
    format!("7{place:08}")
}

fn care4w_id(place: u64) -> String {
    format!("care4w-U{place:08}")
}

/// Spreads the n-th request over the users, without order (a multiplication by an odd constant, Knuth's).
fn scattered(index: u64, users: u64) -> u64 {
    (index.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) % users
}

struct Bench<'a> {
    store: &'static str,
    users: u64,
    program: &'a Path,
    database: &'a str,
    folder: &'a Path,
}

impl Bench<'_> {
    fn import(&self, file: &Path, figures: &mut Figures) -> Result<()> {
        let begun = Instant::now();
        let report = self.folder.join("refused.jsonl");
        say::step(&format!("{}: importing", self.store), || {
            let mut import = Command::new(self.program);
            import.args(["--database", self.database, "import", "--report"]).arg(&report).arg(file);
            let output = import.stderr(Stdio::null()).output().context("care4w-server does not start")?;
            let summary: Value = serde_json::from_slice(&output.stdout).context("the import failed")?;
            anyhow::ensure!(summary["imported"] == self.users, "not all were imported: {summary}");
            Ok(())
        })?;
        #[expect(clippy::cast_precision_loss, reason = "a million")]
        let rate = self.users as f64 / begun.elapsed().as_secs_f64();
        figures.push(Figure::one(format!("{}: users imported", self.store), "a second", rate));
        Ok(())
    }

    fn lookups(&self, rounds: usize, length: Duration, figures: &mut Figures) -> Result<()> {
        let folder = self.folder.join(self.store);
        std::fs::create_dir_all(&folder)?;
        let config = folder.join("server.toml");
        std::fs::write(&config, CONFIG)?;
        let flags = ["--config", config.to_str().context("a path that is text")?];
        let server = Server::start_program(self.program, self.database, &folder, "127.0.0.1:0", &flags, &Vec::new())?;
        let tokens = say::step(&format!("{}: signing in", self.store), || askers(&server))?;
        let users = self.users;
        let token = |index: u64| tokens[usize::try_from(index).unwrap_or_default() % tokens.len()].clone();
        let health = |_| Request { path: "/healthz".into(), token: String::new(), expected: "\"success\":true" };
        // Every other one is there.
        let sought = |index: u64| {
            let is_there = index.is_multiple_of(2);
            let expected = if is_there { "\"exists\":true" } else { "\"exists\":false" };
            (2 * scattered(index, users) + u64::from(!is_there), expected)
        };
        let by_number = |index: u64| {
            let (place, expected) = sought(index);
            let path = format!("/api/users/lookup/phone?phoneNumber=%2B254{}", national(place));
            Request { path, token: token(index), expected }
        };
        let by_id = |index: u64| {
            let (place, expected) = sought(index);
            Request { path: format!("/api/users/lookup?care4wId={}", care4w_id(place)), token: token(index), expected }
        };
        let address = server.address();
        let saturate = |request: &(dyn Fn(u64) -> Request + Sync)| {
            load::run(address, ASKERS, Pace::Saturating, length, &|index| request(index)).map(|run| run.rate)
        };
        saturate(&by_number)?;
        let (mut healths, mut numbers, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        say::step(&format!("{}: asking as fast as it answers", self.store), || {
            for _ in 0..rounds {
                healths.push(saturate(&health)?);
                numbers.push(saturate(&by_number)?);
                ids.push(saturate(&by_id)?);
            }
            Ok(())
        })?;
        let against = |rates: &[f64]| rates.iter().zip(&healths).map(|(rate, health)| rate / health).collect();
        let half = super::median(&numbers) / 2.0;
        let run = say::step(&format!("{}: asking at half of that", self.store), || {
            load::run(address, ASKERS * 2, Pace::Fixed(half), length * 2, &by_number)
        })?;
        let name = |what: &str| format!("{}: {what}", self.store);
        figures.push(Figure {
            what: name("ratio, lookups by number to /healthz"),
            unit: "",
            samples: against(&numbers),
        });
        figures.push(Figure { what: name("ratio, lookups by id to /healthz"), unit: "", samples: against(&ids) });
        figures.push(Figure { what: name("/healthz"), unit: "a second", samples: healths });
        figures.push(Figure { what: name("lookups by number"), unit: "a second", samples: numbers });
        figures.push(Figure { what: name("lookups by id"), unit: "a second", samples: ids });
        self.at_half(&run, figures);
        Ok(())
    }

    fn at_half(&self, run: &Run, figures: &mut Figures) {
        for (what, share) in [("half", 0.5), ("99 %", 0.99), ("99.9 %", 0.999)] {
            let what = format!("{}: by number at half of that rate, {what} within", self.store);
            figures.push(Figure::ms(what, vec![run.quantile(share)]));
        }
    }
}

/// People who are signed in: their access tokens, which hold for 15 minutes.
fn askers(server: &Server) -> Result<Vec<String>> {
    let mut tokens = Vec::new();
    for index in 0..ASKERS {
        let account = Account::named(&format!("asker{index}"));
        let body = json!({ "email": account.email, "password": account.password, "displayName": account.name });
        let answer = care4w_tests::http::post(&format!("{}/api/auth/register", server.url()), &body)?;
        let token = answer.body["data"]["accessToken"].as_str();
        tokens.push(token.with_context(|| format!("no token: {answer:?}"))?.to_owned());
    }
    Ok(tokens)
}
