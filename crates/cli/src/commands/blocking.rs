//! block, unblock, blocked.

use care4w_client::app_state::BlockedPerson;

use crate::failure::Failure;
use crate::output::Output;
use crate::profile::Profile;

pub async fn block(profile: &Profile, id: &str, name: Option<String>, output: Output) -> Result<(), Failure> {
    let phone = profile.phone();
    super::signed_in(&phone).await?;
    say(output, &phone.block(id, name).await?);
    Ok(())
}

pub async fn unblock(profile: &Profile, id: &str, output: Output) -> Result<(), Failure> {
    let phone = profile.phone();
    super::signed_in(&phone).await?;
    say(output, &phone.unblock(id).await?);
    Ok(())
}

pub async fn list(profile: &Profile, output: Output) -> Result<(), Failure> {
    let phone = profile.phone();
    super::signed_in(&phone).await?;
    say(output, &phone.blocked().await?);
    Ok(())
}

fn say(output: Output, blocked: &[BlockedPerson]) {
    output.say(&serde_json::json!({ "blocked": blocked }), || {
        if blocked.is_empty() {
            return "Nobody is blocked.".into();
        }
        let line = |person: &BlockedPerson| match &person.display_name {
            Some(name) => format!("{} {name}", person.care4w_id),
            None => person.care4w_id.clone(),
        };
        blocked.iter().map(line).collect::<Vec<_>>().join("\n")
    });
}
