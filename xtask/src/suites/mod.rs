//! The suites of `cargo xtask test`, in the order in which they run: what fails soonest comes first.

mod api;
mod check;
mod ground;
mod numbers;
mod rust;
mod system;
mod tidy;
mod ui;
mod workflow;

use anyhow::Result;

pub use ground::Ground;

use crate::{count::Count, narrowing::Target, system_packages::Purpose};

/// What a suite needs built besides its tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// Nothing.
    Nothing,
    /// The UI, without which the app does not compile.
    Ui,
    /// The product's binaries, and so the UI.
    Binaries,
}

/// A suite.
pub struct Suite {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it shows, in a few words.
    pub about: &'static str,
    /// Whether its tests have names that narrow it.
    pub has_names: bool,
    /// Whether it is the one that runs a target's tests.
    pub has: fn(&Target) -> bool,
    /// What has to be built before, besides these tests.
    pub build: Build,
    /// System packages that it needs.
    pub packages: &'static [Purpose],
    /// Why it is not run on this system, when it is not.
    pub not_here: Option<&'static str>,
    /// Runs it. An error counts as one failed test.
    pub run: fn(&Ground<'_>) -> Result<Count>,
}

const NEEDS_LINUX: Option<&str> =
    if cfg!(target_os = "linux") { None } else { Some("its sound cards, displays and keychains are Linux's") };

/// All of them.
pub const ALL: [Suite; 7] = [
    Suite {
        name: "workflow",
        about: "the GitHub workflows are valid",
        has_names: false,
        has: |_| false,
        build: Build::Nothing,
        packages: &[],
        not_here: None,
        run: workflow::run,
    },
    Suite {
        name: "tidy",
        about: "formatting, lints, and the rules of ARCHITECTURE.md",
        has_names: true,
        has: tidy::has,
        build: Build::Ui,
        packages: &[Purpose::Build],
        not_here: None,
        run: tidy::run,
    },
    Suite {
        name: "rust",
        about: "every crate's own tests",
        has_names: true,
        has: rust::has,
        build: Build::Ui,
        packages: &[Purpose::Build],
        not_here: None,
        run: rust::run,
    },
    Suite {
        name: "ui",
        about: "the UI's types, style and tests",
        has_names: false,
        has: |_| false,
        build: Build::Nothing,
        packages: &[],
        not_here: None,
        run: ui::run,
    },
    Suite {
        name: "numbers",
        about: "the number rules against libphonenumber",
        has_names: true,
        has: numbers::has,
        build: Build::Nothing,
        packages: &[Purpose::Build, Purpose::Test],
        not_here: None,
        run: numbers::run,
    },
    Suite {
        name: "api",
        about: "the server against everything its OpenAPI document allows, and more",
        has_names: false,
        has: |_| false,
        build: Build::Binaries,
        packages: &[Purpose::Build, Purpose::Test],
        not_here: None,
        run: api::run,
    },
    Suite {
        name: "system",
        about: "real processes, windows and sound",
        has_names: true,
        has: system::has,
        build: Build::Binaries,
        packages: &[Purpose::Build, Purpose::Run, Purpose::Test],
        not_here: NEEDS_LINUX,
        run: system::run,
    },
];
