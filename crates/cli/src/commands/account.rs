//! register, login, logout, whoami, account delete.

use care4w_client::protocol::rest::User;

use crate::failure::Failure;
use crate::output::Output;
use crate::profile::Profile;

pub async fn register(profile: &Profile, email: &str, name: &str, output: Output) -> Result<(), Failure> {
    let password = super::password::from_stdin()?;
    let user = profile.phone().register(email, password, name).await?;
    profile.remember_server()?;
    say(output, &user);
    Ok(())
}

pub async fn login(profile: &Profile, email: &str, output: Output) -> Result<(), Failure> {
    let password = super::password::from_stdin()?;
    let user = profile.phone().sign_in(email, password).await?;
    profile.remember_server()?;
    say(output, &user);
    Ok(())
}

pub async fn logout(profile: &Profile, everywhere: bool, output: Output) -> Result<(), Failure> {
    let phone = profile.phone();
    super::signed_in(&phone).await?;
    if everywhere {
        phone.sign_out_everywhere().await?;
    } else {
        phone.sign_out().await?;
    }
    output.say(&serde_json::json!({"signedOut": true}), || {
        if everywhere { "Signed out everywhere.".into() } else { "Signed out.".into() }
    });
    Ok(())
}

pub async fn delete(profile: &Profile, yes: bool, output: Output) -> Result<(), Failure> {
    if !yes {
        return Err(Failure::usage("CONFIRM", "This deletes the account for good. If you mean it, add --yes."));
    }
    let phone = profile.phone();
    super::signed_in(&phone).await?;
    phone.delete_account().await?;
    output.say(&serde_json::json!({"deleted": true}), || "The account was deleted.".into());
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
