//! `care4w-cli`: the phone without a window. It is how the phone is automated, scripted and measured.

mod arguments;
mod commands;
mod failure;
mod output;
mod profile;

use std::process::ExitCode;

use clap::Parser;
use tracing::level_filters::LevelFilter;

use crate::arguments::Arguments;
use crate::failure::Failure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    care4w_client::logging::start(LevelFilter::OFF);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::new("INTERNAL", format!("The program could not start: {error}")).report(),
    };
    match runtime.block_on(commands::run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
