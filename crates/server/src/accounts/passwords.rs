use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use care4w_protocol::Secret;
use tokio::sync::Semaphore;

/// Why a password could be neither hashed nor checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The hash failed, or what is stored is none.
    #[error("the password hash failed")]
    Hash,
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopped,
}

/// Argon2id with the parameters that OWASP names as the least (19 MiB, 2 passes, 1 lane; the crate's default), on
/// blocking threads, as many at a time as there are cores: more would only make everybody wait and cost 19 MiB each.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// What a password is checked against when there is no account, so that both take the same time.
    nobody: Arc<str>,
}

impl Passwords {
    /// Makes the stand-in hash, which takes as long as one sign-in.
    pub fn new() -> Result<Self, PasswordError> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let nobody = hash_now("nobody's password")?;
        Ok(Self { turns: Arc::new(Semaphore::new(cores)), nobody: nobody.into() })
    }

    /// Hashes a password with a new salt into a PHC string.
    pub async fn hash(&self, password: Secret<String>) -> Result<String, PasswordError> {
        self.in_turn(move || hash_now(password.expose())).await
    }

    /// Whether the password is the one that was hashed. With no hash, or the empty one of an account that has no password,
    /// the answer is no, after the same time.
    pub async fn check(&self, password: Secret<String>, hash: Option<String>) -> Result<bool, PasswordError> {
        let hash = hash.filter(|hash| !hash.is_empty());
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        let right = self
            .in_turn(move || {
                let hash = PasswordHash::new(&hash).map_err(|_| PasswordError::Hash)?;
                Ok(Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(right && known)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| PasswordError::Stopped)?;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        })
        .await
        .map_err(|_| PasswordError::Hash)?
    }
}

fn hash_now(password: &str) -> Result<String, PasswordError> {
    Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|_| PasswordError::Hash)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_password_is_kept_as_a_salted_argon2id_hash() {
        let passwords = Passwords::new().unwrap();
        let secret = || Secret::new(String::from("correct horse"));
        let hash = passwords.hash(secret()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash(secret()).await.unwrap(), "each has its own salt");
        assert!(passwords.check(secret(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.check(Secret::new("wrong".into()), Some(hash)).await.unwrap());
        for none in [None, Some(String::new())] {
            assert!(!passwords.check(Secret::new("nobody's password".into()), none).await.unwrap());
        }
    }
}
