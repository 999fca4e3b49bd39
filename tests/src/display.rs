//! A display without a screen: Xvfb on a number that is free.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    Environment, Process,
    screenshot::{self, Area},
    wait,
};

/// All of a virtual display.
pub const WHOLE: Area = Area { x: 0, y: 0, width: 1280, height: 900 };

/// A virtual display, 1280 by 900 pixels.
pub struct Display {
    number: u32,
    server: Process,
}

impl Display {
    /// Starts one; it is ready when this returns.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// Starts one that keeps its pixels in a file below `folder` ([`crate::framebuffer`]).
    pub fn start_with_pixels_in(folder: &Path) -> Result<Self> {
        Self::start_with(&["-fbdir".as_ref(), folder.as_os_str()])
    }

    fn start_with(more: &[&OsStr]) -> Result<Self> {
        // With -displayfd the server picks a free number and says it once it accepts connections.
        let mut server = Process::start(
            "Xvfb",
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset"])
                .args(more)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        )?;
        let output = server.child().stdout.take().context("Xvfb's output is a pipe")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let Ok(number) = line.trim().parse() else { bail!("Xvfb started no display") };
        Ok(Self { number, server })
    }

    /// What `DISPLAY` is to be.
    pub fn name(&self) -> String {
        format!(":{}", self.number)
    }

    /// For processes that shall open windows here. Without the GPU path the web view draws at once in Xvfb.
    pub fn environment(&self) -> Environment {
        vec![
            ("DISPLAY".into(), self.name()),
            ("GDK_BACKEND".into(), "x11".into()),
            ("WEBKIT_DISABLE_DMABUF_RENDERER".into(), "1".into()),
            ("NO_AT_BRIDGE".into(), "1".into()),
        ]
    }

    /// What it runs, to see whether it lives.
    pub fn process(&mut self) -> &mut Process {
        &mut self.server
    }

    /// Moves the window of the process `id` there once it is open. Nothing arranges windows on this display: all of
    /// them open in its corner, one over the other.
    pub fn place_window(&self, id: u32, x: u32, y: u32) -> Result<()> {
        let xdotool = |arguments: &[&str]| {
            Command::new("xdotool").args(arguments).env("DISPLAY", self.name()).stdin(Stdio::null()).output()
        };
        wait::until(Duration::from_secs(15), "a window to be moved", || {
            let found = xdotool(&["search", "--onlyvisible", "--pid", &id.to_string()])?;
            let found = String::from_utf8_lossy(&found.stdout).into_owned();
            let Some(window) = found.lines().next() else { return Ok(None) };
            Ok(xdotool(&["windowmove", window, &x.to_string(), &y.to_string()])?.status.success().then_some(()))
        })
    }

    /// Saves a picture of a part of it as PNG.
    pub fn screenshot_of(&self, area: Area, file: &Path) -> Result<()> {
        screenshot::take_area(&self.name(), file, area)
    }

    /// Saves a picture of everything on it as PNG.
    pub fn screenshot(&self, file: &Path) -> Result<()> {
        screenshot::take(&self.name(), file)
    }
}
