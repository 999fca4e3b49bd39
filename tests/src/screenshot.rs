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

/// Saves a part of what `display` shows as the PNG `file`.
pub fn take_area(display: &str, file: &Path, area: Area) -> Result<()> {
    take(display, file)?;
    let Area { x, y, width, height } = area;
    let status = Command::new("mogrify")
        .args(["-crop", &format!("{width}x{height}+{x}+{y}"), "+repage"])
        .arg(file)
        .status()
        .context("ImageMagick's mogrify does not start")?;
    if !status.success() {
        bail!("{} could not be cut to {area:?}", file.display());
    }
    Ok(())
}

/// A part of a display, in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
    /// How wide.
    pub width: u32,
    /// How high.
    pub height: u32,
}

/// Saves a picture once each of the `areas` is painted: a web page comes later than its window.
///
/// Painted means at least `colours` different colours; the last picture stays when it never comes to that.
pub fn take_when_painted(display: &str, file: &Path, areas: &[Area], colours: u32, deadline: Duration) -> Result<()> {
    wait::until(deadline, "the window to be painted", || {
        take(display, file)?;
        for area in areas {
            if colours_in(file, *area)? < colours {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
}

/// How many colours a part of the picture has.
pub fn colours_in(file: &Path, Area { x, y, width, height }: Area) -> Result<u32> {
    let part = format!("{}[{width}x{height}+{x}+{y}]", file.display());
    let output = Command::new("identify").args(["-format", "%k", &part]).output()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().with_context(|| format!("{} is no picture", file.display()))
}
