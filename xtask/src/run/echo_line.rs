//! The echo line: an account that answers every call and plays back what it hears.

use std::{
    fs,
    hash::{BuildHasher as _, RandomState},
    path::Path,
};

use anyhow::{Context as _, Result};
use care4w_tests::{Account, Cli, cli::RunningCli};

/// What the echo line signs in with. The server is told it (`CARE4W_ECHO_LINE`) and tells windows its id.
pub const EMAIL: &str = "echo@care4w.localhost";

/// Signs the echo line in, the first time with a new account, and starts it. Its profile and password lie in `folder`.
pub fn start(server: &str, folder: &Path) -> Result<RunningCli> {
    fs::create_dir_all(folder)?;
    let account =
        Account { email: EMAIL.into(), password: password(&folder.join("password"))?, name: "Echo line".into() };
    let cli = Cli::new(server, folder);
    let signed_in = cli.run(&["whoami"], "")?.code == Some(0);
    if !signed_in && cli.login(&account).is_err() {
        cli.register(&account).context("the echo line gets no account")?;
    }
    cli.answer(&["--echo"]).context("the echo line does not start")
}

/// The password that lies in `file`; a new one the first time.
fn password(file: &Path) -> Result<String> {
    if let Ok(password) = fs::read_to_string(file) {
        return Ok(password);
    }
    // The standard library seeds this from the system's randomness: enough for an account on one's own loopback.
    let word = || RandomState::new().hash_one(file);
    let password = format!("{:016x}{:016x}", word(), word());
    fs::write(file, &password)?;
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(password)
}
