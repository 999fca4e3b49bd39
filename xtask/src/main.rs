//! `cargo xtask`: everything that is done to this project rather than in it. `CONTRIBUTING.md` says when to use what.
//!
//! Standard library processes and few dependencies: this is compiled before anything else can happen.

mod bench;
mod bindings;
mod build;
mod count;
mod leftovers;
mod libtest;
mod narrowing;
mod node;
mod package;
mod program;
mod project;
mod python;
mod run;
mod say;
mod suites;
mod system_packages;
mod test;
mod tools;
mod twilio_confirm;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", version, about = "Runs, tests, measures and packages Care4W")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Installs what is missing, builds, starts a server with an echo line, and opens the app
    Run(run::Options),
    /// Installs what is missing and runs the tests: all, or the suites and tests named
    Test(test::Options),
    /// What continuous integration runs: the same as `test` without names
    Ci,
    /// Measures calls and sound
    Bench(bench::Options),
    /// Records a session of half an hour against the real Twilio and says how it differs from the double (docs/twilio.md)
    TwilioConfirm(twilio_confirm::Options),
    /// Writes the UI's TypeScript types anew from the Rust commands
    Bindings,
    /// Makes installers for this platform under `target/`
    Package(package::Options),
    /// Installs the system packages that building, running and testing need
    Packages,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Run(options) => run::run(&options),
        Task::Test(options) => test::test(&options),
        Task::Ci => test::test(&test::Options::default()),
        Task::Bench(options) => bench::bench(&options),
        Task::TwilioConfirm(options) => twilio_confirm::confirm(&options),
        Task::Bindings => bindings::write(),
        Task::Package(options) => package::package(&options),
        Task::Packages => system_packages::ensure(&[
            system_packages::Purpose::Build,
            system_packages::Purpose::Run,
            system_packages::Purpose::Test,
        ]),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Names of things that a person gave, for an error message.
fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// A path that a person is shown, from the project's top folder where it lies in it.
fn shown(path: &std::path::Path) -> String {
    let short: PathBuf = path.strip_prefix(project::root()).unwrap_or(path).to_owned();
    short.display().to_string()
}
