//! Who arranges the windows of a display, and what a desktop's small tools say of them.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::{Display, Environment, Process, wait, wait::PATIENCE};

/// A window manager on a display: nothing arranges windows without one.
pub struct Arranger {
    _process: Process,
}

impl Arranger {
    /// Openbox, with these further words on its command line. The environment names the display.
    pub fn openbox(environment: &Environment, more: &[&str]) -> Result<Self> {
        Self::start(environment, "openbox", &[&["--sm-disable"], more].concat())
    }

    /// The one of Xfce. It gives the keyboard to every new window that does not say that it wants none, where Openbox leaves it
    /// with whoever types; and it keeps windows from coming to the front by themselves, which Openbox lets come.
    pub fn xfwm(environment: &Environment) -> Result<Self> {
        Self::start(environment, "xfwm4", &["--compositor=off"])
    }

    fn start(environment: &Environment, name: &str, arguments: &[&str]) -> Result<Self> {
        let quiet = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).envs(environment.iter().cloned());
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let process = Process::start(name, &mut quiet(name, arguments))?;
        wait::until(PATIENCE, "the window manager", || Ok(quiet("wmctrl", &["-m"]).status()?.success().then_some(())))?;
        Ok(Self { _process: process })
    }
}

impl Display {
    /// Runs one of a desktop's small tools there and gives what it prints, if it ends well.
    pub fn asks(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let output = Command::new(program).args(arguments).env("DISPLAY", self.name()).stdin(Stdio::null()).output();
        let output = output.expect("xtask installs the tools that are asked");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
