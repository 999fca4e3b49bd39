//! Who would be called, and how.

use care4w_client::numbers::{Destination, Region};
use care4w_client::protocol::rest::Match;
use care4w_client::routing::Route;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::profile::Profile;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LookedUp {
    exists: bool,
    number: Option<String>,
    care4w_id: Option<String>,
    display_name: Option<String>,
    is_self: Option<bool>,
    #[serde(rename = "match")]
    matched: Option<Match>,
    region: Option<String>,
    route: Route,
    /// Whether `call` wants `--yes`.
    confirm: bool,
}

pub async fn run(
    profile: &Profile,
    destination: &str,
    country: Option<&str>,
    free: bool,
    output: Output,
) -> Result<(), Failure> {
    let phone = profile.phone();
    if free {
        phone.free_calls_for_now();
    }
    super::signed_in(&phone).await?;
    phone.server_config().await?;
    let found = phone.lookup(destination, country).await?;
    let number = match &found.destination {
        Some(Destination::Number(dialled)) => Some(dialled.number.full().to_owned()),
        Some(Destination::Id(_)) | None => None,
    };
    let is_number = !matches!(found.destination, Some(Destination::Id(_)));
    let person = found.person.as_ref();
    let answer = LookedUp {
        exists: person.is_some(),
        number,
        care4w_id: person.map(|person| person.care4w_id.to_string()),
        display_name: person.map(|person| person.name.clone()),
        is_self: person.map(|person| person.is_self),
        matched: person.map(|person| person.matched).filter(|_| is_number),
        region: person.and_then(|person| person.region).map(Region::code),
        route: found.route,
        confirm: found.confirm,
    };
    output.say(&answer, || match person {
        Some(person) => format!("{} {}", person.name, person.care4w_id),
        None => "Nobody uses Care4W with that.".into(),
    });
    Ok(())
}
