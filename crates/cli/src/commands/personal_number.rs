//! phone show, check, set, verify, resend, remove, discoverable.

use care4w_client::Phone;
use care4w_client::app_state::Discoverable;
use care4w_client::protocol::rest::PhoneAnswer;

use crate::arguments::{Finders, Number, PhoneCommand};
use crate::failure::Failure;
use crate::output::Output;
use crate::profile::Profile;

pub async fn run(profile: &Profile, command: PhoneCommand, output: Output) -> Result<(), Failure> {
    let phone = profile.phone();
    super::signed_in(&phone).await?;
    match command {
        PhoneCommand::Show => say(output, &phone.phone_show().await?),
        PhoneCommand::Check(number) => {
            let country = country(&phone, &number);
            let answer = phone.phone_check(&number.number, &country).await?;
            output.say(&answer, || answer.message.clone());
        }
        PhoneCommand::Set(number) => {
            let country = country(&phone, &number);
            say(output, &phone.phone_set(&number.number, &country).await?);
        }
        PhoneCommand::Verify { code } => say(output, &phone.phone_verify(&code).await?),
        PhoneCommand::Resend => {
            let answer = phone.phone_resend().await?;
            output.say(&answer, || answer.message.clone());
        }
        PhoneCommand::Remove => say(output, &phone.phone_remove().await?),
        PhoneCommand::Discoverable { who } => {
            let (who, sentence) = match who {
                Finders::Everyone => (Discoverable::Everyone, "Anybody who types your number finds you."),
                Finders::Nobody => (Discoverable::Nobody, "Nobody finds you by your number."),
            };
            phone.set_discoverable(who).await?;
            output.say(&serde_json::json!({ "discoverableByPhone": who }), || sentence.into());
        }
    }
    Ok(())
}

fn country(phone: &Phone, number: &Number) -> String {
    number.country.clone().unwrap_or_else(|| phone.state().borrow().country.clone())
}

fn say(output: Output, answer: &PhoneAnswer) {
    output.say(answer, || match &answer.personal_phone_number {
        Some(number) => format!("{number} {}", answer.message),
        None => answer.message.clone(),
    });
}
