//! A PostgreSQL server of our own: made in a temporary folder, reached through a socket in it, ended by its process id.
//!
//! It is the distribution's program, found in its versioned folder; the cluster that its package may have made is left
//! alone. PostgreSQL refuses to run as root: there it runs as the user that the package made for it.

use std::{
    io::Write as _,
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{Process, server::last_lines, wait};

/// The one user of it.
const USER: &str = "care4w";

/// The user's password, to be looked for where it must not be.
pub const PASSWORD: &str = "hush-nobody-may-read-this";

/// How long it may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the program behind the folder and waits for a line: the signal to end it with. Where the line never comes, whoever
/// started this is gone, however it went: then the folder goes too.
const KEEPER: &str = r#"folder=$1; shift
"$@" & pid=$!
word=; read -r word
kill -s "${word:-QUIT}" "$pid"; wait "$pid"
[ -n "$word" ] || rm -rf "$folder""#;

/// A running server.
pub struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    owner: Option<(u32, u32)>,
    keeper: Option<Process>,
    databases: AtomicU32,
}

impl Postgres {
    /// Makes and starts one.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// The same with settings (`work_mem=1MB`).
    pub fn start_with(settings: &[&str]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("care4w-postgres-").tempdir()?;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700))?;
        let owner = owner()?;
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let mut postgres = Self {
            // From here on the keeper removes it.
            folder: folder.keep(),
            programs: programs()?,
            owner,
            keeper: None,
            databases: AtomicU32::new(0),
        };
        postgres.initialise(settings)?;
        postgres.begin()?;
        Ok(postgres)
    }

    /// One for all tests of a process, which takes it along however it ends.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Postgres, String>> = OnceLock::new();
        let started = SHARED.get_or_init(|| Self::start().map_err(|error| format!("{error:#}")));
        started.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
    }

    /// A new, empty database, as `--database` takes it.
    pub fn database(&self) -> Result<String> {
        let name = format!("care4w_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(self.url(&name))
    }

    /// The address of the database of that name.
    pub fn url(&self, name: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@localhost/{name}?host={}", self.folder.display())
    }

    /// Does something in the database of that name; what was selected, one row a line.
    pub fn sql(&self, database: &str, statement: &str) -> Result<String> {
        let output = self
            .command("psql")
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
            .arg("--host")
            .arg(&self.folder)
            .args(["--username", USER, "--dbname", database, "--command", statement])
            .env("PGPASSWORD", PASSWORD)
            .output()
            .context("psql does not start")?;
        let output = succeeded("psql", &output)?;
        Ok(output.trim().to_owned())
    }

    /// Stops it as an operator would who cannot wait: connections are broken off, what was committed stays.
    pub fn stop(&mut self) -> Result<()> {
        let Some(mut keeper) = self.keeper.take() else { return Ok(()) };
        keeper.child().stdin.take().context("the keeper's input is a pipe")?.write_all(b"INT\n")?;
        keeper.wait_for_end(PATIENCE)?;
        Ok(())
    }

    /// Starts it again, with all that was in it.
    pub fn begin(&mut self) -> Result<()> {
        let log = self.folder.join("log");
        let mut keeper = self.as_owner("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(&self.folder).arg(self.programs.join("postgres"));
        keeper.arg("-D").arg(self.folder.join("data")).arg("-k").arg(&self.folder);
        keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(std::fs::File::create(&log)?);
        self.keeper = Some(Process::start("PostgreSQL", &mut keeper)?);
        wait::until(PATIENCE, "PostgreSQL to take connections", || {
            let ready = self.command("pg_isready").arg("--quiet").arg("--host").arg(&self.folder).status()?;
            Ok(ready.success().then_some(()))
        })
        .with_context(|| last_lines(&log))
    }

    fn initialise(&self, settings: &[&str]) -> Result<()> {
        let password = self.folder.join("password");
        std::fs::write(&password, PASSWORD)?;
        if let Some((user, group)) = self.owner {
            chown(&password, Some(user), Some(group))?;
        }
        let output = self
            .as_owner(self.programs.join("initdb"))
            .args(["--username", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"])
            .arg("--pwfile")
            .arg(&password)
            .arg("--pgdata")
            .arg(self.folder.join("data"))
            .output()
            .context("initdb does not start")?;
        succeeded("initdb", &output)?;
        std::fs::remove_file(password)?;
        let mut file = std::fs::OpenOptions::new().append(true).open(self.folder.join("data/postgresql.conf"))?;
        // What is lost with the machine is lost anyhow; and tests make those wait for one another who seldom do.
        let always = [
            "listen_addresses=''",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "deadlock_timeout=50ms",
        ];
        for setting in always.iter().chain(settings) {
            writeln!(file, "{setting}")?;
        }
        Ok(())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.stdin(Stdio::null());
        command
    }

    /// A command that runs as whoever owns the data.
    fn as_owner(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).current_dir(&self.folder).env("LC_ALL", "C");
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            // Without a word: it takes the folder along.
            drop(keeper.child().stdin.take());
            let _ = keeper.wait_for_end(PATIENCE);
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn succeeded(name: &str, output: &Output) -> Result<String> {
    if !output.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// User and group to run it as: those of the package's user for root, nobody else's otherwise.
fn owner() -> Result<Option<(u32, u32)>> {
    if number("-u", None)? != 0 {
        return Ok(None);
    }
    Ok(Some((number("-u", Some("postgres"))?, number("-g", Some("postgres"))?)))
}

fn number(flag: &str, user: Option<&str>) -> Result<u32> {
    let output = Command::new("id").arg(flag).args(user).output().context("id does not start")?;
    let said = succeeded("id", &output).context("PostgreSQL does not run as root, and has no user of its own here")?;
    said.trim().parse().context("a user's number")
}

/// The folder of its programs: of several versions the newest.
fn programs() -> Result<PathBuf> {
    let version = |folder: &Path| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|folder| folder.join("bin/initdb").is_file())
        .collect();
    found.sort_by_key(|folder| version(folder));
    if let Some(newest) = found.last() {
        return Ok(newest.join("bin"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .context("there is no PostgreSQL here; `cargo xtask test` installs it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_what_is_in_it_over_a_stop_and_leaves_nothing_behind() {
        let mut postgres = Postgres::start().unwrap();
        let database = postgres.database().unwrap();
        assert!(database.contains("care4w_0"));
        postgres.sql("care4w_0", "CREATE TABLE kept (what TEXT); INSERT INTO kept VALUES ('this')").unwrap();
        postgres.stop().unwrap();
        assert!(postgres.sql("care4w_0", "SELECT 1").is_err());
        postgres.begin().unwrap();
        assert_eq!(postgres.sql("care4w_0", "SELECT what FROM kept").unwrap(), "this");
        let folder = postgres.folder.clone();
        drop(postgres);
        assert!(!folder.exists());
    }
}
