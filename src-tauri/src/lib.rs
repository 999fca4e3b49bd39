//! The shell around the phone: the window, the list of commands and events, the profile's places. It holds nothing
//! of calling: that is `care4w-client`'s, and this room must never know webrtc, cpal, reqwest or SQL.
#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod arguments;
pub mod bindings;
mod commands;
mod core;
mod events;
mod store;
mod window;

use std::process::ExitCode;

use clap::Parser;
use tauri::{Manager, RunEvent};
use tracing::level_filters::LevelFilter;

use crate::arguments::Arguments;
use crate::core::Core;

/// Runs the app until its window is closed.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    care4w_client::logging::start(LevelFilter::WARN);
    let mut context = tauri::generate_context!();
    if let Some(profile) = &arguments.profile {
        // Everything that Tauri keeps apart, it keeps apart by this: data, settings, the single-instance lock.
        context.config_mut().identifier = format!("{}.profile-{}", context.config().identifier, profile.as_str());
    }
    let bindings = bindings::builder();
    let builder = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, given, _directory| {
            window::show(app);
            if let Ok(Arguments { destination: Some(destination), .. }) = Arguments::try_parse_from(given) {
                app.state::<Core>().phone().offer_destination(&destination);
            }
        }))
        .plugin(tauri_plugin_store::Builder::default().build())
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .invoke_handler(bindings.invoke_handler())
        .setup(move |app| {
            bindings.mount_events(app);
            let core = Core::open(app.handle(), &arguments)?;
            if let Some(destination) = &arguments.destination {
                core.phone().offer_destination(destination);
            }
            app.manage(core);
            window::open(app.handle(), arguments.minimized)?;
            events::forward(app.handle());
            Ok(())
        });
    match without_a_display(|| builder.build(context)) {
        None => {
            eprintln!("care4w: no window can be opened here: there is no display, or it does not answer [NO_DISPLAY]");
            ExitCode::FAILURE
        }
        Some(Ok(app)) => {
            app.run(|app, event| {
                if let RunEvent::Exit = event {
                    // A call must not be left hanging at the other end.
                    tauri::async_runtime::block_on(app.state::<Core>().shut_down());
                }
            });
            ExitCode::SUCCESS
        }
        Some(Err(error)) => {
            eprintln!("care4w: the app could not start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The windowing library panics where it finds no display; that is a bad world and no bug, and it is told in one line.
/// `None`: it panicked.
fn without_a_display<T>(build: impl FnOnce() -> T) -> Option<T> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(build)).ok();
    std::panic::set_hook(hook);
    built
}
