//! `care4w`: the desktop app.
// Without this a console window opens beside the app on Windows.
#![cfg_attr(all(not(debug_assertions), target_os = "windows"), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    care4w_lib::run()
}
