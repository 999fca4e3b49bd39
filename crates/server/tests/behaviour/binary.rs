//! `care4w-server` as it is started.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_care4w-server"));
    let names = "LISTEN DATABASE BUS CONFIG ECHO_LINE LOG SMTP_URL MAIL_FROM PUBLIC_URL";
    for name in names.split(' ').map(|name| format!("CARE4W_{name}")) {
        command.env_remove(name);
    }
    command
}

pub fn database(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("care4w.db").display())
}

fn fails(arguments: &[&str], code: i32) -> String {
    let output = command().args(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    assert!(output.stdout.is_empty());
    stderr
}

/// A server process, stopped when it is dropped.
pub struct Process {
    child: Option<Child>,
    pub url: String,
}

impl Process {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let first: Value = serde_json::from_str(&line).unwrap();
        Self { url: first["listening"].as_str().unwrap().to_owned(), child: Some(child) }
    }

    #[cfg(unix)]
    pub fn stop(mut self, signal: &str) -> Output {
        let child = self.child.take().unwrap();
        let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        child.wait_with_output().unwrap()
    }

    /// Stops it once a line with `mark` was logged; all that was logged.
    #[cfg(unix)]
    pub fn stop_when_logged(mut self, mark: &str) -> String {
        let mut log = String::new();
        let mut lines = BufReader::new(self.child.as_mut().unwrap().stderr.take().unwrap()).lines().map(Result::unwrap);
        while !log.contains(mark) {
            log += &lines.next().expect("it is logged before the process ends");
            log.push('\n');
        }
        self.stop("-TERM");
        log + &lines.collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn help_and_version_succeed() {
    for flag in ["--help", "--version"] {
        assert!(command().arg(flag).output().unwrap().status.success());
    }
}

#[test]
fn wrong_usage_exits_with_2_and_failure_with_1_and_one_line() {
    for wrong in [
        &["--nonsense"][..],
        &["--listen", "nowhere"],
        &["--listen", "127.0.0.1:99999"],
        &["--database", "mysql://x"],
        &["--bus", "carrier-pigeon"],
        &["--verification", "maybe"],
        &["user"],
    ] {
        fails(wrong, 2);
    }
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.toml");
    std::fs::write(&broken, "verification = 'twilio'").unwrap();
    let broken = broken.display().to_string();
    let database = format!("sqlite:{}", folder.path().join("care4w.db").display());
    for (arguments, says) in [
        (&["--database", "postgres://127.0.0.1:1/x"][..], "does not answer"),
        (&["--bus", "nats://x"], "NOT_AVAILABLE"),
        (&["--database", "sqlite:/no/such/folder/x.db", "import", "/no/such/users.json"], "cannot read the file"),
        (&["--database", "sqlite:/no/such/folder/x.db", "import", &broken], "database"),
        (&["--config", &broken, "--database", &database], "CARE4W_TWILIO_KEY"),
        (&["--config", "/no/such/file"], "configuration file"),
        (&["--listen", "127.0.0.1:0", "--database", "sqlite:/no/such/folder/x.db"], "database"),
        (&["--listen", "192.0.2.1:80", "--database", "sqlite:/no/such/folder/x.db"], "cannot listen"),
    ] {
        let stderr = fails(arguments, 1);
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.contains(says), "{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_second_server_leaves_the_file_of_the_first_alone_and_the_administrator_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let serve = |database: &str| {
        let mut server = command();
        server.args(["--listen", "127.0.0.1:0", "--database", database]);
        server
    };
    let here = database(folder.path());
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink("care4w.db", &link).unwrap();
    let link = format!("sqlite:{}", link.display());
    let first = Process::start(serve(&here));
    for way in [&here, &link] {
        let mut second = serve(way).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut listening = String::new();
        BufReader::new(second.stdout.take().unwrap()).read_line(&mut listening).unwrap();
        // One that did start would run for ever.
        second.kill().unwrap();
        let stderr = String::from_utf8(second.wait_with_output().unwrap().stderr).unwrap();
        assert_eq!(listening, "", "it serves {way}");
        assert!(stderr.contains("another server is running on it"), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(command().args(["--database", way, "user", "list"]).status().unwrap().success());
    }
    // Nothing stays behind, even of one that was given no time to clean up.
    first.stop("-KILL");
    Process::start(serve(&link)).stop("-TERM");
}

#[cfg(unix)]
#[tokio::test]
async fn it_says_where_it_listens_looks_after_users_and_stops_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let config = folder.path().join("server.toml");
    std::fs::write(&config, "default_region = 'TZ'\nlisten = '192.0.2.1:80'").unwrap();
    let user = |arguments: &[&str]| {
        let output = command().args(["--database", &database, "user"]).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    for signal in ["-TERM", "-INT"] {
        let mut server = command();
        server.args(["--database", &database]).arg("--config").arg(&config);
        server.env("CARE4W_LISTEN", "127.0.0.1:0").env("CARE4W_LOG", "trace");
        let process = Process::start(server);
        let client = reqwest_client();
        let get: Value = client.get(format!("{}/api/config", process.url)).send().await.unwrap().json().await.unwrap();
        assert_eq!(get["data"]["defaultRegion"], "TZ");
        let body = json!({"email": "amina@example.org", "password": "hunter2hunter2", "displayName": "Amina"});
        let post = client.post(format!("{}/api/auth/register", process.url)).json(&body).send().await.unwrap();
        if signal == "-TERM" {
            let answer: Value = post.json().await.unwrap();
            let token = answer["data"]["accessToken"].as_str().unwrap();
            let number = json!({"phoneNumber": "+255754111222"});
            let url = format!("{}/api/users/phone?phone=%2B255754111222", process.url);
            let set = client.patch(url).bearer_auth(token).json(&number).send().await.unwrap();
            assert_eq!(set.status(), 200);
            let output = process.stop(signal);
            assert_eq!(output.status.code(), Some(0));
            let log = String::from_utf8(output.stderr).unwrap();
            assert!(log.lines().count() > 2 && log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
            for private in ["754111222", "hunter2", token, "amina", "127.0.0.1"] {
                assert!(!log.contains(private), "{private} is in the log");
            }
        } else {
            assert_eq!(post.status(), 409);
            assert_eq!(user(&["list"]).1.lines().count(), 1, "also while the server runs");
            let (code, password) = user(&["reset-password", "Amina@example.org"]);
            assert_eq!(code, Some(0));
            let body = json!({"email": "amina@example.org", "password": password.trim()});
            let login = client.post(format!("{}/api/auth/login", process.url)).json(&body).send().await.unwrap();
            assert_eq!(login.status(), 200);
            assert_eq!(user(&["delete", "amina@example.org"]).0, Some(0));
            assert_eq!(user(&["delete", "amina@example.org"]).0, Some(1));
            assert_eq!(process.stop(signal).status.code(), Some(0));
        }
    }
}

pub fn reqwest_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}
