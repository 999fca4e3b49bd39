//! The whole-system tests, one after another: each has sound and windows to itself.

use anyhow::Result;

use super::ground::Ground;
use crate::{
    build::TestProgram,
    count::Count,
    libtest,
    narrowing::Target,
    package, program,
    python::{self, Needs},
    tools,
};

/// Test programs that make namespaces, which root alone may.
const OF_ROOT: [&str; 4] = ["interop", "networks", "packages", "turn"];

pub fn has(target: &Target) -> bool {
    target.package() == "care4w-tests" && matches!(target, Target::Test { .. }) && !target.is_test("tidy")
}

pub fn run(ground: &Ground<'_>) -> Result<Count> {
    tools::ensure_tauri_driver()?;
    python::ensure(Needs::Scorer)?;
    let mut arguments = ground.arguments();
    arguments.push("--test-threads=1".into());
    let root = program::output(program::command("id").arg("-u"))?.trim() == "0";
    let mut count = Count::default();
    for test in ground.programs {
        if test.package != "care4w-tests" || ["care4w_tests", "tidy"].contains(&test.target.as_str()) {
            continue;
        }
        if test.target == "packages" {
            package::of_tested_programs()?;
        }
        count += if root || !OF_ROOT.contains(&test.target.as_str()) {
            libtest::run(test, &arguments, &[])?
        } else if program::output(program::command("sudo").args(["-n", "true"])).is_ok() {
            let before = ["-n".to_owned(), "-E".to_owned(), test.path.display().to_string()];
            let through = TestProgram { path: "sudo".into(), ..test.clone() };
            libtest::run(&through, &[&before, arguments.as_slice()].concat(), &[])?
        } else {
            crate::say::said!("  {}: not run here: namespaces need root, or sudo without a password", test.target);
            Count::default()
        };
    }
    Ok(count)
}
