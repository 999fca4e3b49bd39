//! Calls that come in, and whether they make themselves noticed.

use care4w_client::Problem;
use care4w_client::app_state::DoNotDisturbFor;
use tauri::State;

use super::phone;
use crate::being_called::BeingCalled;
use crate::core::Core;
use crate::ringing_call::RingingCall;

/// The call that rings now, for the ring window; none when it is over already.
#[tauri::command]
#[specta::specta]
pub fn ringing(being_called: State<'_, BeingCalled>) -> Option<RingingCall> {
    being_called.ringing()
}

#[tauri::command]
#[specta::specta]
pub async fn set_do_not_disturb(core: State<'_, Core>, wish: DoNotDisturbFor) -> Result<(), Problem> {
    phone(&core).set_do_not_disturb(wish)
}
