//! Where the session's tokens are kept: the operating system's keychain, or, only where somebody asked for it, a file.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use care4w_protocol::rest::User;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::defaults::KEYCHAIN_TIMEOUT;
use crate::store::replace_file;

/// The name under which our entries stand in a keychain.
const SERVICE: &str = "org.care4w.desktop";

/// A signed-in session as it is kept. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredSession {
    /// Who is signed in.
    pub user: User,
    /// Bearer token of the calls.
    pub access_token: String,
    /// When the access token ends, in seconds since the Unix epoch.
    pub expires_at: u64,
    /// Gets the next pair; works once.
    pub refresh_token: String,
}

impl StoredSession {
    /// Whether the access token will still be good `margin` from now.
    pub fn is_fresh(&self, margin: Duration) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.expires_at > (now + margin).as_secs()
    }
}

impl std::fmt::Debug for StoredSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoredSession(<redacted>)")
    }
}

impl Drop for StoredSession {
    fn drop(&mut self) {
        self.access_token.zeroize();
        self.refresh_token.zeroize();
    }
}

/// Why a session could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// There is no keychain service here, or it cannot be reached.
    #[error("This computer has no keychain to keep your sign-in in. Start GNOME Keyring or KWallet.")]
    NoKeychain,
    /// The keychain is locked, or nobody unlocked it in time.
    #[error("Your keychain is locked. Unlock it and try again.")]
    Locked,
    /// The keychain refused.
    #[error("Your keychain refused to keep the sign-in.")]
    Refused,
    /// The credentials file did not read. It was set aside and can still be looked at.
    #[error("The file with the sign-in was damaged and was set aside as session.json.damaged. Sign in again.")]
    Damaged,
    /// The credentials file could not be read or written.
    #[error("The file with the sign-in could not be read or written.")]
    File(#[source] io::Error),
}

impl CredentialError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoKeychain => "NO_KEYCHAIN",
            Self::Locked => "KEYCHAIN_LOCKED",
            Self::Refused => "KEYCHAIN_REFUSED",
            Self::Damaged => "CREDENTIALS_DAMAGED",
            Self::File(_) => "CREDENTIALS_FILE",
        }
    }
}

/// A place for one session. The calls block; [`crate::session::Session`] makes them on a thread of their own.
pub trait CredentialStore: Send + Sync {
    /// The session that was kept, if any.
    ///
    /// # Errors
    /// When the place cannot be reached; that is not the same as an empty one.
    fn load(&self) -> Result<Option<StoredSession>, CredentialError>;

    /// Keeps a session in place of the one before.
    ///
    /// # Errors
    /// When the place cannot be reached.
    fn save(&self, session: &StoredSession) -> Result<(), CredentialError>;

    /// Forgets the session.
    ///
    /// # Errors
    /// When the place cannot be reached.
    fn clear(&self) -> Result<(), CredentialError>;
}

/// The operating system's keychain: Keychain on macOS, Credential Manager on Windows, the Secret Service elsewhere.
pub struct Keychain {
    entry: String,
}

impl Keychain {
    /// The entry of one profile on one server.
    pub fn new(profile: &str, server: &str) -> Self {
        Self { entry: format!("{profile} at {server}") }
    }

    /// A locked keyring may block on a prompt for as long as nobody looks: the call goes to a thread of its own
    /// and is given up after a while.
    fn ask<T: Send + 'static>(
        &self,
        call: impl FnOnce(&keyring::Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<T, CredentialError> {
        let entry = self.entry.clone();
        let (sender, receiver) = mpsc::sync_channel(1);
        std::thread::Builder::new()
            .name("keychain".into())
            .spawn(move || {
                let answer = keyring::Entry::new(SERVICE, &entry).and_then(|entry| call(&entry));
                // Nobody is listening any more after the time limit, which is not an error here.
                drop(sender.send(answer));
            })
            .map_err(CredentialError::File)?;
        match receiver.recv_timeout(KEYCHAIN_TIMEOUT) {
            Ok(answer) => answer.map_err(|error| {
                // Only the kind: a keychain's own text may hold what it was given.
                match error {
                    keyring::Error::NoDefaultStore | keyring::Error::PlatformFailure(_) => CredentialError::NoKeychain,
                    keyring::Error::NoStorageAccess(_) => CredentialError::Locked,
                    _ => CredentialError::Refused,
                }
            }),
            Err(_) => Err(CredentialError::Locked),
        }
    }
}

impl CredentialStore for Keychain {
    fn load(&self) -> Result<Option<StoredSession>, CredentialError> {
        let secret = self.ask(|entry| match entry.get_secret() {
            Ok(secret) => Ok(Some(secret)),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })?;
        // An entry that does not read is of no use to anybody: the person signs in again.
        Ok(secret.and_then(|mut bytes| {
            let session = serde_json::from_slice(&bytes).ok();
            bytes.zeroize();
            session
        }))
    }

    fn save(&self, session: &StoredSession) -> Result<(), CredentialError> {
        let mut bytes = serde_json::to_vec(session).expect("a session can always be written as JSON");
        self.ask(move |entry| {
            let done = entry.set_secret(&bytes);
            bytes.zeroize();
            done
        })
    }

    fn clear(&self) -> Result<(), CredentialError> {
        self.ask(|entry| match entry.delete_credential() {
            Err(keyring::Error::NoEntry) => Ok(()),
            other => other,
        })
    }
}

/// A session in a file that only its owner may read: for servers and containers without a keychain, and only when
/// asked for by name. The file holds one; what was kept of another server is never shown to this one.
pub struct FileCredentials {
    path: PathBuf,
    server: String,
}

/// What stands in the file.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    /// Whose tokens these are: any other server that was sent them could act as the person.
    server: String,
    #[serde(flatten)]
    session: T,
}

impl FileCredentials {
    /// Keeps the session with this server in this file.
    pub fn new(path: impl Into<PathBuf>, server: &str) -> Self {
        Self { path: path.into(), server: server.to_owned() }
    }
}

impl CredentialStore for FileCredentials {
    fn load(&self) -> Result<Option<StoredSession>, CredentialError> {
        match fs::read(&self.path) {
            Ok(mut bytes) => {
                if crate::store::set_damaged_aside(&self.path) {
                    return Err(CredentialError::Damaged);
                }
                let kept: Option<Kept<StoredSession>> = serde_json::from_slice(&bytes).ok();
                bytes.zeroize();
                Ok(kept.filter(|kept| kept.server == self.server).map(|kept| kept.session))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(CredentialError::File(error)),
        }
    }

    fn save(&self, session: &StoredSession) -> Result<(), CredentialError> {
        let kept = Kept { server: self.server.clone(), session };
        let mut bytes = serde_json::to_vec(&kept).expect("a session can always be written as JSON");
        let done = replace_file(&self.path, &bytes).map_err(CredentialError::File);
        bytes.zeroize();
        done
    }

    fn clear(&self) -> Result<(), CredentialError> {
        if self.load()?.is_none() {
            return Ok(());
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CredentialError::File(error)),
            _ => Ok(()),
        }
    }
}

/// A session that lasts as long as the process: for tests.
#[derive(Default)]
pub struct MemoryCredentials(std::sync::Mutex<Option<StoredSession>>);

impl CredentialStore for MemoryCredentials {
    fn load(&self) -> Result<Option<StoredSession>, CredentialError> {
        Ok(self.0.lock().expect("no one panics with the credentials locked").clone())
    }

    fn save(&self, session: &StoredSession) -> Result<(), CredentialError> {
        *self.0.lock().expect("no one panics with the credentials locked") = Some(session.clone());
        Ok(())
    }

    fn clear(&self) -> Result<(), CredentialError> {
        *self.0.lock().expect("no one panics with the credentials locked") = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> StoredSession {
        StoredSession {
            user: User {
                id: "u1".into(),
                email: "amina@example.org".into(),
                display_name: "Amina".into(),
                care4w_id: "care4w-ABC1234".parse().unwrap(),
            },
            access_token: "access".into(),
            expires_at: 1,
            refresh_token: "refresh".into(),
        }
    }

    #[test]
    fn a_credentials_file_is_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("session.json");
        let file = FileCredentials::new(&path, "https://care4w.example");
        assert!(file.load().unwrap().is_none());
        file.save(&session()).unwrap();
        assert!(file.load().unwrap() == Some(session()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        file.clear().unwrap();
        file.clear().unwrap();
        assert!(file.load().unwrap().is_none());
    }

    #[test]
    fn a_server_is_never_given_what_another_one_gave() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("session.json");
        let [ours, other] =
            ["https://care4w.example", "http://127.0.0.1:4781"].map(|url| FileCredentials::new(&path, url));
        ours.save(&session()).unwrap();
        assert!(other.load().unwrap().is_none());
        other.clear().unwrap();
        assert!(ours.load().unwrap() == Some(session()), "who is refused there stays signed in here");
        other.save(&session()).unwrap();
        assert!(ours.load().unwrap().is_none());
    }

    #[test]
    fn a_damaged_credentials_file_is_said_once_and_set_aside() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("session.json");
        fs::write(&path, "{\"user\": tru").unwrap();
        assert_eq!(
            FileCredentials::new(&path, "https://care4w.example").load().unwrap_err().code(),
            "CREDENTIALS_DAMAGED"
        );
        assert!(
            FileCredentials::new(&path, "https://care4w.example").load().unwrap().is_none(),
            "then nobody is signed in"
        );
        assert!(directory.path().join("session.json.damaged").exists());
    }

    #[test]
    fn a_session_shows_nothing_in_a_log() {
        assert_eq!(format!("{:?}", session()), "StoredSession(<redacted>)");
    }
}
