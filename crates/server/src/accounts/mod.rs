//! Passwords, tokens, ids and what an account's fields may hold.

mod fields;
mod ids;
mod passwords;
mod tokens;

pub use fields::{display_name, email, new_password};
pub use ids::{random_care4w_id, random_password};
pub use passwords::{PasswordError, Passwords};
pub use tokens::{AccessTokens, RefreshToken, TokenError, oldest_refresh, random_token};
