//! Every command that the window may call. Each is one line to the core: what can be done, and how it fails, is
//! written there.

use care4w_client::app_state::AppState;
use care4w_client::audio::{self, Direction};
use care4w_client::numbers::Region;
use care4w_client::preview::{DialPreview, PhonePreview};
use care4w_client::protocol::CallId;
use care4w_client::{Phone, Problem};
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri::State;

use crate::core::Core;

pub mod desktop;
pub mod diagnostics;
pub mod history;
pub mod identity;
pub mod language;
pub mod ringing;
pub mod shortcut;
pub mod sound;
pub mod twilio;
pub mod updates;

/// What a new account is made of.
#[derive(Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RegisterInput {
    email: String,
    password: String,
    display_name: String,
}

/// Who signs in.
#[derive(Deserialize, Type)]
pub struct SignInInput {
    email: String,
    password: String,
}

/// A country or territory with phone numbers, or a calling code of no country.
#[derive(Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RegionInfo {
    /// ISO 3166-1 alpha-2; none for a calling code of no country, such as 800.
    code: Option<String>,
    calling_code: u16,
    /// Whether its plan leads the calling code: 44 is shared, and the United Kingdom's.
    leads: bool,
}

/// Whether a number is free.
#[derive(Serialize, Type)]
pub struct PhoneCheck {
    available: bool,
    claimable: bool,
    message: String,
}

/// Who somebody is.
#[derive(Serialize, Type)]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Lookup {
    /// A user.
    Found { name: String, care4w_id: String, region: Option<String>, confirm: bool, is_self: bool },
    /// Nobody who uses Care4W.
    Unknown,
}

/// Whom to call.
#[derive(Deserialize, Type)]
pub struct DialInput {
    text: String,
    country: String,
    confirmed: bool,
}

/// A sound device.
#[derive(Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AudioDevice {
    id: String,
    name: String,
    direction: DeviceDirection,
    is_default: bool,
}

/// Which way a device's sound flows.
#[derive(Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DeviceDirection {
    /// A microphone.
    Input,
    /// A speaker.
    Output,
}

/// How loud both directions are, in whole dBFS: −120 is silence, 0 full scale.
#[derive(Serialize, Type)]
pub struct AudioLevels {
    input: i32,
    output: i32,
}

fn call_id(text: &str) -> Result<CallId, Problem> {
    text.parse().map_err(|_| Problem::new("NO_CALL", "There is no call."))
}

fn phone(core: &State<'_, Core>) -> Phone {
    core.phone()
}

#[tauri::command]
#[specta::specta]
pub fn state(core: State<'_, Core>) -> AppState {
    core.state()
}

#[tauri::command]
#[specta::specta]
pub async fn register(core: State<'_, Core>, input: RegisterInput) -> Result<(), Problem> {
    phone(&core).register(&input.email, input.password, &input.display_name).await.map(drop)
}

#[tauri::command]
#[specta::specta]
pub async fn sign_in(core: State<'_, Core>, input: SignInInput) -> Result<(), Problem> {
    phone(&core).sign_in(&input.email, input.password).await.map(drop)
}

#[tauri::command]
#[specta::specta]
pub async fn sign_out(core: State<'_, Core>) -> Result<(), Problem> {
    phone(&core).sign_out().await
}

#[tauri::command]
#[specta::specta]
pub async fn set_server(core: State<'_, Core>, url: String) -> Result<(), Problem> {
    core.set_server(&url).await
}

#[tauri::command]
#[specta::specta]
pub fn regions() -> Vec<RegionInfo> {
    let regions = Region::all().iter().map(|region| {
        let calling_code = region.calling_code();
        let leads = Region::main_for_calling_code(calling_code) == Some(*region);
        RegionInfo { code: Some(region.code()), calling_code, leads }
    });
    let others = Region::calling_codes_of_no_country().into_iter();
    regions.chain(others.map(|calling_code| RegionInfo { code: None, calling_code, leads: true })).collect()
}

#[tauri::command]
#[specta::specta]
pub fn phone_preview(
    core: State<'_, Core>,
    text: String,
    country: String,
    caret: u32,
) -> Result<PhonePreview, Problem> {
    phone(&core).phone_preview(&text, &country, caret)
}

#[tauri::command]
#[specta::specta]
pub async fn phone_check(core: State<'_, Core>, text: String, country: String) -> Result<PhoneCheck, Problem> {
    let answer = phone(&core).phone_check(&text, &country).await?;
    Ok(PhoneCheck { available: answer.available, claimable: answer.claimable, message: answer.message })
}

#[tauri::command]
#[specta::specta]
pub async fn phone_save(core: State<'_, Core>, text: String, country: String) -> Result<(), Problem> {
    phone(&core).phone_set(&text, &country).await.map(drop)
}

#[tauri::command]
#[specta::specta]
pub async fn phone_verify(core: State<'_, Core>, code: String) -> Result<(), Problem> {
    phone(&core).phone_verify(&code).await.map(drop)
}

#[tauri::command]
#[specta::specta]
pub async fn phone_resend(core: State<'_, Core>) -> Result<(), Problem> {
    phone(&core).phone_resend().await.map(drop)
}

#[tauri::command]
#[specta::specta]
pub async fn phone_remove(core: State<'_, Core>) -> Result<(), Problem> {
    phone(&core).phone_remove().await.map(drop)
}

#[tauri::command]
#[specta::specta]
pub fn phone_skip(core: State<'_, Core>) {
    phone(&core).phone_skip();
}

#[tauri::command]
#[specta::specta]
pub fn phone_never(core: State<'_, Core>) {
    phone(&core).phone_never();
}

#[tauri::command]
#[specta::specta]
pub fn phone_open(core: State<'_, Core>) {
    phone(&core).phone_open();
}

#[tauri::command]
#[specta::specta]
pub fn dial_preview(core: State<'_, Core>, text: String, country: String, caret: u32) -> Result<DialPreview, Problem> {
    phone(&core).dial_preview(&text, &country, caret)
}

#[tauri::command]
#[specta::specta]
pub fn take_destination(core: State<'_, Core>) {
    phone(&core).take_destination();
}

#[tauri::command]
#[specta::specta]
pub async fn lookup(core: State<'_, Core>, text: String, country: String) -> Result<Lookup, Problem> {
    let found = phone(&core).lookup(&text, Some(&country)).await?;
    let confirm = found.confirm;
    Ok(match found.person {
        Some(person) => Lookup::Found {
            name: person.name,
            care4w_id: person.care4w_id.to_string(),
            region: person.region.map(Region::code),
            confirm,
            is_self: person.is_self,
        },
        None => Lookup::Unknown,
    })
}

#[tauri::command]
#[specta::specta]
pub async fn dial(core: State<'_, Core>, input: DialInput) -> Result<String, Problem> {
    let call = phone(&core).dial(&input.text, Some(&input.country), input.confirmed).await?;
    Ok(call.to_string())
}

#[tauri::command]
#[specta::specta]
pub async fn accept(core: State<'_, Core>, call_id: String) -> Result<(), Problem> {
    phone(&core).accept(self::call_id(&call_id)?).await
}

#[tauri::command]
#[specta::specta]
pub async fn decline(core: State<'_, Core>, call_id: String) -> Result<(), Problem> {
    phone(&core).decline(self::call_id(&call_id)?).await
}

#[tauri::command]
#[specta::specta]
pub async fn hang_up(core: State<'_, Core>, call_id: String) -> Result<(), Problem> {
    phone(&core).hang_up(self::call_id(&call_id)?).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_muted(core: State<'_, Core>, call_id: String, muted: bool) -> Result<(), Problem> {
    phone(&core).set_muted(self::call_id(&call_id)?, muted).await
}

#[tauri::command]
#[specta::specta]
pub async fn send_digits(core: State<'_, Core>, call_id: String, digits: String) -> Result<(), Problem> {
    phone(&core).send_digits(self::call_id(&call_id)?, &digits).await
}

#[tauri::command]
#[specta::specta]
pub async fn dismiss_call(core: State<'_, Core>, call_id: String) -> Result<(), Problem> {
    phone(&core).dismiss(self::call_id(&call_id)?).await
}

#[tauri::command]
#[specta::specta]
pub async fn devices() -> Result<Vec<AudioDevice>, Problem> {
    let listing = tauri::async_runtime::spawn_blocking(audio::devices::list).await;
    let found = listing
        .map_err(|_| Problem::new("INTERNAL", "The devices could not be listed."))?
        .map_err(|error| Problem::new(error.code(), error.to_string()))?;
    Ok(found
        .into_iter()
        .map(|device| AudioDevice {
            id: device.id,
            name: device.name,
            direction: match device.direction {
                Direction::Input => DeviceDirection::Input,
                Direction::Output => DeviceDirection::Output,
            },
            is_default: device.is_default,
        })
        .collect())
}

#[tauri::command]
#[specta::specta]
pub async fn levels(core: State<'_, Core>) -> Result<AudioLevels, Problem> {
    let levels = phone(&core).levels().await.unwrap_or_default();
    Ok(AudioLevels { input: levels.input_dbfs.round() as i32, output: levels.output_dbfs.round() as i32 })
}

#[tauri::command]
#[specta::specta]
pub fn set_country(core: State<'_, Core>, code: String) -> Result<(), Problem> {
    phone(&core).set_country(&code)
}
