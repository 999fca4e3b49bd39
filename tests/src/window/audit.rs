//! An accessibility audit of what a window shows, by axe-core inside the real web view.

use std::fs;

use anyhow::{Context as _, Result, bail};

use super::AppWindow;
use crate::binaries;

/// Runs every rule that axe-core has on by default, and says of each violation what it is and where.
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const where = (node) => `${node.target.join(' ')} — ${node.failureSummary.replaceAll('\\n', ' ')}`;
    axe.run(document, { resultTypes: ['violations'] }).then(
        ({ violations }) => done(violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map(where).join(' | ')}`)),
        (error) => done([`axe could not run: ${error}`]));";

/// What still moves changes colours and places: waited for, but for what turns for ever.
const AT_REST: &str = "return document.getAnimations().every((animation) => \
     animation.playState !== 'running' || animation.effect.getComputedTiming().endTime === Infinity)";

impl AppWindow {
    /// What is wrong with the page for somebody who does not see, hear or point well; empty when nothing is.
    ///
    /// The driver's scripts run beside the page's content policy, which stays as people have it.
    pub fn audit(&self) -> Result<Vec<String>> {
        self.wait_at_rest()?;
        if self.evaluate("return typeof axe")? == "undefined" {
            let file = binaries::project().join("node_modules/axe-core/axe.min.js");
            self.evaluate(&fs::read_to_string(&file).context("axe-core is not installed: npm ci")?)?;
        }
        let found = self.evaluate_later(RUN)?;
        let Some(found) = found.as_array() else { bail!("axe said no list, but {found}") };
        Ok(found.iter().map(|violation| violation.as_str().unwrap_or_default().to_owned()).collect())
    }

    /// Waits until nothing moves any more but what turns for ever.
    pub fn wait_at_rest(&self) -> Result<()> {
        self.until("the page to be at rest", async |client| {
            Ok((client.execute(AT_REST, Vec::new()).await? == true).then_some(()))
        })
    }
}
