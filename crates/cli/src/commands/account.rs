//! register, login, logout, whoami.

use std::io::Read;

use care4w_client::protocol::rest::User;

use crate::failure::Failure;
use crate::output::Output;
use crate::profile::Profile;

pub async fn register(profile: &Profile, email: &str, name: &str, output: Output) -> Result<(), Failure> {
    let password = password_from_stdin()?;
    let user = profile.phone().register(email, password, name).await?;
    profile.remember_server()?;
    say(output, &user);
    Ok(())
}

pub async fn login(profile: &Profile, email: &str, output: Output) -> Result<(), Failure> {
    let password = password_from_stdin()?;
    let user = profile.phone().sign_in(email, password).await?;
    profile.remember_server()?;
    say(output, &user);
    Ok(())
}

pub async fn logout(profile: &Profile, output: Output) -> Result<(), Failure> {
    let phone = profile.phone();
    super::signed_in(&phone).await?;
    phone.sign_out().await?;
    output.say(&serde_json::json!({"signedOut": true}), || "Signed out.".into());
    Ok(())
}

pub async fn whoami(profile: &Profile, output: Output) -> Result<(), Failure> {
    let phone = profile.phone();
    super::signed_in(&phone).await?;
    let user = phone
        .who_am_i()
        .await?
        .ok_or_else(|| Failure::new("SIGNED_OUT", "Nobody is signed in. Use login or register first."))?;
    say(output, &user);
    Ok(())
}

fn say(output: Output, user: &User) {
    output.say(user, || format!("{} <{}> {}", user.display_name, user.email, user.care4w_id));
}

/// The password as it was piped in, without one newline at its end.
fn password_from_stdin() -> Result<String, Failure> {
    let mut password = String::new();
    std::io::stdin()
        .take(64 * 1024)
        .read_to_string(&mut password)
        .map_err(|_| Failure::usage("INVALID_PASSWORD", "The password on stdin is not UTF-8 text."))?;
    if password.ends_with('\n') {
        password.pop();
        if password.ends_with('\r') {
            password.pop();
        }
    }
    if password.is_empty() {
        return Err(Failure::usage("INVALID_PASSWORD", "There is no password on stdin."));
    }
    Ok(password)
}
