//! Pictures of a display.

use std::{path::Path, process::Command, time::Duration};

use anyhow::{Context as _, Result, bail};

use crate::wait;

/// Saves what `display` (`:0`) shows as the PNG `file`.
pub fn take(display: &str, file: &Path) -> Result<()> {
    let status = Command::new("import")
        .args(["-silent", "-window", "root", "-display", display])
        .arg(file)
        .status()
        .context("ImageMagick's import does not start")?;
    if !status.success() {
        bail!("no picture of the display {display}");
    }
    Ok(())
}

/// Saves a picture once something is painted: a web page comes later than its window.
///
/// Painted means at least `colours` different colours; the last picture stays when it never comes to that.
pub fn take_when_painted(display: &str, file: &Path, colours: u32, deadline: Duration) -> Result<()> {
    wait::until(deadline, "the window to be painted", || {
        take(display, file)?;
        Ok((colours_in(file)? >= colours).then_some(()))
    })
}

/// How many colours the picture has.
pub fn colours_in(file: &Path) -> Result<u32> {
    let output = Command::new("identify").args(["-format", "%k"]).arg(file).output()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().with_context(|| format!("{} is no picture", file.display()))
}
