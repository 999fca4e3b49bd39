//! The shell around the phone: the window, the list of commands and events, the profile's places. It holds nothing
//! of calling: that is `care4w-client`'s, and this room must never know webrtc, cpal, reqwest or SQL.
#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod arguments;
mod being_called;
pub mod bindings;
mod commands;
mod core;
mod diagnostics;
mod events;
mod export;
mod links;
mod messages;
mod notification;
mod place;
mod platform;
mod ring_window;
mod ringing_call;
mod shortcut;
mod staying;
mod store;
mod tray;
mod updates;
mod window;

use std::process::ExitCode;

use clap::Parser;
use tauri::{App, Manager, RunEvent};
use tracing::level_filters::LevelFilter;

use crate::arguments::Arguments;
use crate::being_called::BeingCalled;
use crate::core::Core;
use crate::diagnostics::Report;
use crate::place::PlaceInTray;
use crate::shortcut::Shortcut;
use crate::staying::Staying;
use crate::tray::Tray;
use crate::updates::Updates;

/// Runs the app until its window is closed.
pub fn run() -> ExitCode {
    // First of all: no other thread may read the environment meanwhile.
    platform::set_up_web_view();
    let arguments = Arguments::parse();
    care4w_client::logging::start_and_keep(LevelFilter::WARN);
    let mut context = tauri::generate_context!();
    #[cfg(debug_assertions)]
    updates::channel::of_a_test(context.config_mut());
    if let Some(profile) = &arguments.profile {
        // Everything that Tauri keeps apart, it keeps apart by this: data, settings, the single-instance lock.
        context.config_mut().identifier = format!("{}.profile-{}", context.config().identifier, profile.as_str());
    }
    let profile = arguments.profile.as_ref().map(|profile| profile.as_str().to_owned());
    let bindings = bindings::builder();
    let builder = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, given, _directory| {
            let given = Arguments::try_parse_from(given).ok();
            // A start with the system, while the app runs already, brings nothing to the front.
            if !given.as_ref().is_some_and(|given| given.minimized) {
                window::show(app);
            }
            if let Some(destination) = given.and_then(|given| given.destination) {
                app.state::<Core>().phone().offer_destination(&destination);
            }
        }))
        .plugin(tauri_plugin_store::Builder::default().build())
        .plugin(updates::plugin())
        .plugin(
            tauri_plugin_window_state::Builder::default()
                .with_state_flags(place::PLACE)
                // The ring window has its place in a corner.
                .with_filter(|window| window == window::MAIN)
                .build(),
        )
        .invoke_handler(bindings.invoke_handler())
        .manage(PlaceInTray::default())
        .setup(move |app| {
            bindings.mount_events(app);
            // Tauri would panic with it; it is no bug, but a folder that is no folder or may not be written.
            if let Err(error) = set_up(app, &arguments) {
                eprintln!("care4w: the app's own folder can't be used: {error} [NO_PROFILE]");
                std::process::exit(1);
            }
            Ok(())
        });
    let builder = platform::with_autostart(builder, profile.as_deref());
    // The windowing library panics where it finds no display; that is a bad world and no bug, and told in one line.
    match quietly(|| builder.build(context)) {
        None => {
            eprintln!("care4w: no window can be opened here: there is no display, or it does not answer [NO_DISPLAY]");
            ExitCode::FAILURE
        }
        Some(Ok(app)) => {
            app.run(|app, event| match event {
                // A call must not be left hanging at the other end.
                RunEvent::Exit => {
                    place::keep(app);
                    tauri::async_runtime::block_on(app.state::<Core>().shut_down());
                }
                // A Mac hands links to the running app, and shows a window whose icon is clicked.
                #[cfg(target_os = "macos")]
                RunEvent::Opened { urls } => {
                    window::show(app);
                    if let Some(url) = urls.first() {
                        app.state::<Core>().phone().offer_destination(url.as_str());
                    }
                }
                #[cfg(target_os = "macos")]
                RunEvent::Reopen { .. } => window::show(app),
                _ => {}
            });
            ExitCode::SUCCESS
        }
        Some(Err(error)) => {
            eprintln!("care4w: the app could not start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Starts the phone and opens its window.
fn set_up(app: &App, arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let core = Core::open(app.handle(), arguments)?;
    if let Some(destination) = &arguments.destination {
        core.phone().offer_destination(destination);
    }
    messages::speak(core.store().as_ref());
    app.manage(Staying::new(core.store(), arguments.profile.as_ref()));
    app.manage(Shortcut::open(app.handle(), core.store()));
    app.manage(Updates::open(app.config(), core.store()));
    app.manage(core);
    app.manage(Report::follow(app.handle()));
    app.manage(Tray::open(app.handle(), arguments.profile.as_ref().map(|profile| profile.as_str())));
    window::open(app.handle(), !arguments.minimized, staying::close)?;
    app.manage(BeingCalled::open(app.handle()));
    staying::appear(app.handle(), arguments.minimized);
    events::forward(app.handle());
    updates::look_by_itself(app.handle());
    Ok(())
}

/// Runs what panics where the system lacks something, and keeps the panic to itself. `None`: it panicked.
fn quietly<T>(build: impl FnOnce() -> T) -> Option<T> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(build)).ok();
    std::panic::set_hook(hook);
    built
}
