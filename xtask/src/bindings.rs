//! `cargo xtask bindings`: the UI's TypeScript types, written anew from the shell's Rust commands.

use anyhow::{Result, bail};

use crate::{build, count::Count, libtest, narrowing::Target, node, program, project};

/// Tells the test that compares the types to write them instead.
const WRITE: &str = "CARE4W_WRITE_BINDINGS";

pub fn write() -> Result<()> {
    node::ensure_ui()?;
    let environment = [(WRITE.to_owned(), "1".to_owned())];
    let units = Target::Units { package: "care4w".into() };
    let mut count = Count::default();
    for test in build::tests(&[units].into(), false)?.iter().filter(|test| test.package == "care4w") {
        count += libtest::run(test, &["bindings".into()], &environment)?;
    }
    if count.failed > 0 || count.passed == 0 {
        bail!("the types were not written");
    }
    let bindings = project::root().join("ui/src/backend/bindings.ts");
    program::run(program::command("npx").args(["prettier", "--log-level=warn", "--write"]).arg(&bindings))?;
    crate::say::said!("{}", crate::shown(&bindings));
    Ok(())
}
