//! The app as a program that a person starts and that runs at their desk, without a driver.

use std::path::PathBuf;
use std::process::Command;

use super::Person;
use crate::{Process, Server, binaries, process, wait, wait::PATIENCE};

impl Person {
    /// Starts the app without a driver, as a menu or the system does.
    pub fn starts(&self, server: &Server, more: &[&str]) -> Process {
        self.starts_profile(server, self.profile, more)
    }

    fn starts_profile(&self, server: &Server, profile: &str, more: &[&str]) -> Process {
        let mut command = Command::new(binaries::find("care4w").unwrap());
        command.args(["--server", server.url(), "--profile", profile]).args(more);
        command.envs(self.environment());
        Process::start_logged("care4w", &mut command, &self.folder.path().join("care4w.log")).unwrap()
    }

    /// Starts the app once more: it hands over what it was started with, and ends well.
    pub fn starts_again(&self, server: &Server, more: &[&str]) {
        self.starts_profile_again(server, self.profile, more);
    }

    /// The same with the app of another profile.
    pub fn starts_profile_again(&self, server: &Server, profile: &str, more: &[&str]) {
        let mut second = self.starts_profile(server, profile, more);
        let ended = second.wait_for_end(PATIENCE).unwrap();
        assert!(ended.success(), "the second start hands over and ends well: {ended}");
    }

    /// The process of the app that runs at this desk.
    pub fn process_of_app(&self) -> u32 {
        let bus = self.desk.environment().into_iter().find(|(name, _)| name == "DBUS_SESSION_BUS_ADDRESS").unwrap().1;
        wait::until(PATIENCE, "the app's process", || {
            let processes = std::fs::read_dir("/proc")?.filter_map(Result::ok);
            let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
            let mut ours = ids.filter(|id| {
                let is_app = std::fs::read_link(format!("/proc/{id}/exe")).is_ok_and(|path| path.ends_with("care4w"));
                let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
                is_app && String::from_utf8_lossy(&environment).contains(&bus)
            });
            Ok(ours.next())
        })
        .unwrap()
    }

    /// Which program is the app that runs at this desk, as its own file system names it.
    pub fn program_of_app(&self) -> PathBuf {
        std::fs::read_link(format!("/proc/{}/exe", self.process_of_app())).unwrap()
    }

    /// Ends the app as a power cut would.
    pub fn kills_app(&self) {
        let id = self.process_of_app();
        process::end_now(id);
        wait::until(PATIENCE, "the app to be gone", || {
            Ok(std::fs::read_link(format!("/proc/{id}/exe")).is_err().then_some(()))
        })
        .unwrap();
    }
}
