//! The one list of commands and events. The TypeScript types of the window are made from it; a test fails when the
//! file in `ui/` is not what this makes.

use tauri_specta::{Builder, ErrorHandlingMode, collect_commands, collect_events};

use crate::{commands, events};

/// Commands and events, for the app and for the exporter.
pub fn builder() -> Builder<tauri::Wry> {
    Builder::new()
        .error_handling(ErrorHandlingMode::Throw)
        // What the window sends and what it gets are different types already: one TypeScript type for each is enough.
        .disable_serde_phases()
        .commands(collect_commands![
            commands::state,
            commands::register,
            commands::sign_in,
            commands::sign_out,
            commands::identity::sign_out_everywhere,
            commands::identity::forgot_password,
            commands::identity::change_password,
            commands::identity::set_display_name,
            commands::identity::set_discoverable,
            commands::identity::blocked,
            commands::identity::block,
            commands::identity::unblock,
            commands::identity::delete_account,
            commands::set_server,
            commands::regions,
            commands::language::language,
            commands::language::set_language,
            commands::phone_preview,
            commands::phone_check,
            commands::phone_save,
            commands::phone_verify,
            commands::phone_resend,
            commands::phone_remove,
            commands::phone_skip,
            commands::phone_never,
            commands::phone_open,
            commands::dial_preview,
            commands::take_destination,
            commands::lookup,
            commands::dial,
            commands::accept,
            commands::decline,
            commands::hang_up,
            commands::set_muted,
            commands::send_digits,
            commands::dismiss_call,
            commands::devices,
            commands::levels,
            commands::sound::call_hold,
            commands::sound::call_stats,
            commands::sound::set_sound,
            commands::sound::sound_test_start,
            commands::sound::sound_test_stop,
            commands::sound::sound_test,
            commands::set_country,
            commands::history::history,
            commands::history::history_suggest,
            commands::history::history_seen,
            commands::history::history_clear,
            commands::history::history_export,
            commands::desktop::desktop,
            commands::desktop::set_close_to_tray,
            commands::desktop::set_start_at_login,
            commands::desktop::set_call_links_at_once,
            commands::shortcut::shortcut,
            commands::shortcut::set_shortcut,
            commands::diagnostics::diagnostics,
            commands::diagnostics::diagnostics_save,
            commands::ringing::ringing,
            commands::ringing::set_do_not_disturb,
            commands::twilio::set_free_calls,
            commands::twilio::ring_my_phone,
            commands::twilio::ring_cancel,
            commands::twilio::ring_dismiss,
            commands::updates::updates,
            commands::updates::set_look_for_updates,
            commands::updates::look_for_updates,
            commands::updates::install_update,
            commands::updates::open_updates_page,
        ])
        .events(collect_events![events::StateChanged])
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use specta_typescript::Typescript;

    /// `cargo xtask bindings` sets this to write the file instead of comparing it.
    const WRITE: &str = "CARE4W_WRITE_BINDINGS";

    #[test]
    fn the_windows_types_are_what_the_commands_say() {
        let made = tempfile::tempdir().unwrap();
        let path = made.path().join("bindings.ts");
        let header = "// Made from Rust by `cargo xtask bindings`: change the commands, not this file.\n";
        super::builder().export(Typescript::default().header(header), &path).unwrap();
        let made = fs::read_to_string(path).unwrap();
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/backend/bindings.ts");
        if std::env::var_os(WRITE).is_some() {
            fs::write(&kept, &made).unwrap();
        }
        assert!(
            fs::read_to_string(&kept).unwrap() == made,
            "ui/src/backend/bindings.ts is not what the commands say: run `cargo xtask bindings`"
        );
    }
}
