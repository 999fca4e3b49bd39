//! The packages of the operating system that building, running and testing need, installed where that can be done.

use std::{
    io::{IsTerminal as _, Write as _},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::{program, say};

/// What a package is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Compiling.
    Build,
    /// Running the app where there is no desktop: a display, a sound server and a keychain of our own.
    Run,
    /// Testing: drivers of windows, speech, scoring.
    Test,
}

impl Purpose {
    fn on_debian(self) -> &'static [&'static str] {
        match self {
            Self::Build => &[
                "build-essential",
                "cmake",
                "libasound2-dev",
                "libayatana-appindicator3-dev",
                "librsvg2-dev",
                "libssl-dev",
                "libwebkit2gtk-4.1-dev",
                "libxdo-dev",
                "pkg-config",
            ],
            Self::Run => {
                &["dbus", "fonts-dejavu-core", "gnome-keyring", "imagemagick", "pulseaudio", "pulseaudio-utils", "xvfb"]
            }
            Self::Test => &[
                "asterisk-core-sounds-en-g722",
                "appstream",
                "baresip-core",
                "chromium",
                "coturn",
                "dunst",
                "desktop-file-utils",
                "ffmpeg",
                "iproute2",
                "libasound2-plugins",
                "libgtk-3-bin",
                "lintian",
                "openbox",
                "postgresql",
                "python3-dev",
                "python3-venv",
                "rpm",
                "webkit2gtk-driver",
                "wmctrl",
                "xclip",
                "xdg-utils",
                "xdotool",
                "xfwm4",
                "xterm",
            ],
        }
    }
}

/// Makes sure that the packages for `purposes` are installed: installs them, or says exactly what to do.
pub fn ensure(purposes: &[Purpose]) -> Result<()> {
    if cfg!(target_os = "macos") {
        return macos();
    }
    if cfg!(windows) {
        return windows();
    }
    if program::find("dpkg-query").is_some() && program::find("apt-get").is_some() {
        return debian(purposes);
    }
    other_linux()
}

fn debian(purposes: &[Purpose]) -> Result<()> {
    let wanted: Vec<&str> = purposes.iter().flat_map(|purpose| purpose.on_debian()).copied().collect();
    let missing = not_installed(&wanted)?;
    if missing.is_empty() {
        return Ok(());
    }
    let root = output_of("id", &["-u"])? == "0";
    let packages = missing.join(" ");
    let by_hand = format!("{}apt-get install {packages}", if root { "" } else { "sudo " });
    say::line(&format!("missing system packages: {packages}"));
    if std::io::stdin().is_terminal() && !agreed(&by_hand)? {
        bail!("without these packages nothing works; install them with\n  {by_hand}");
    }
    if !root && program::find("sudo").is_none() {
        bail!("these packages must be installed by an administrator:\n  {by_hand}");
    }
    if !candidates_known(&missing)? {
        say::step("reading the package lists", || apt(root, &["update", "-q"]))?;
    }
    let install = ["install", "-q", "-y", "--no-install-recommends"];
    let arguments: Vec<&str> = install.into_iter().chain(missing.iter().copied()).collect();
    let what = format!("installing {} packages", missing.len());
    let first = say::step(&what, || apt(root, &arguments));
    if first.is_err() {
        // A list that is old names versions that are gone.
        say::step("reading the package lists again", || apt(root, &["update", "-q"]))?;
        say::step(&what, || apt(root, &arguments))?;
    }
    let still = not_installed(&wanted)?;
    if !still.is_empty() {
        bail!("these packages did not get installed: {}", still.join(" "));
    }
    Ok(())
}

/// Those of `wanted` that are not installed.
fn not_installed<'a>(wanted: &[&'a str]) -> Result<Vec<&'a str>> {
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat=${Package} ${db:Status-Status}\n"])
        .args(wanted)
        // Packages that it never heard of are an error to it, and simply missing to us.
        .stderr(Stdio::null())
        .output()
        .context("dpkg-query does not start")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let installed: Vec<&str> = text.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    Ok(wanted.iter().copied().filter(|name| !installed.contains(name)).collect())
}

/// Whether apt knows a version of each, so that its lists need not be read anew.
fn candidates_known(packages: &[&str]) -> Result<bool> {
    let output = Command::new("apt-cache").arg("policy").args(packages).env("LC_ALL", "C").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let known = text.lines().filter(|line| line.contains("Candidate:") && !line.contains("(none)")).count();
    Ok(known == packages.len())
}

fn apt(root: bool, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new(if root { "apt-get" } else { "sudo" });
    if root {
        command.env("DEBIAN_FRONTEND", "noninteractive");
    } else {
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    }
    // Another apt may be at work on a machine that has just started.
    command.args(["-o", "DPkg::Lock::Timeout=300"]).args(arguments).stdout(Stdio::null());
    program::run(&mut command)
}

fn agreed(command: &str) -> Result<bool> {
    print!("  install them now ({command})? [Y/n] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(["", "y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// What pkg-config calls the libraries that are linked; asked on a Linux whose packages this does not know.
const LIBRARIES: [&str; 5] = ["webkit2gtk-4.1", "ayatana-appindicator3-0.1", "librsvg-2.0", "openssl", "alsa"];

fn other_linux() -> Result<()> {
    let mut missing: Vec<&str> =
        ["cc", "cmake", "pkg-config"].into_iter().filter(|name| program::find(name).is_none()).collect();
    if missing.is_empty() {
        let absent = |name: &&str| {
            let check = Command::new("pkg-config").args(["--exists", name]).status();
            !check.is_ok_and(|status| status.success())
        };
        missing.extend(LIBRARIES.into_iter().filter(absent));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let command = if program::find("dnf").is_some() {
        "sudo dnf install gcc gcc-c++ make cmake pkgconf-pkg-config webkit2gtk4.1-devel \
         libappindicator-gtk3-devel librsvg2-devel libxdo-devel openssl-devel alsa-lib-devel"
    } else if program::find("pacman").is_some() {
        "sudo pacman -S --needed base-devel cmake webkit2gtk-4.1 libappindicator-gtk3 librsvg xdotool openssl alsa-lib"
    } else {
        "your distribution's packages of these libraries, with their headers"
    };
    bail!("missing: {}\ninstall: {command}", missing.join(", "));
}

fn macos() -> Result<()> {
    let mut missing = Vec::new();
    if !Command::new("xcode-select").arg("-p").output().is_ok_and(|output| output.status.success()) {
        missing.push("Apple's command line tools: xcode-select --install");
    }
    if program::find("cmake").is_none() {
        missing.push("cmake: brew install cmake");
    }
    report(&missing)
}

fn windows() -> Result<()> {
    let mut missing = Vec::new();
    if program::find("cmake").is_none() {
        missing.push("cmake: winget install Kitware.CMake (and open a new terminal)");
    }
    let runtime = "HKLM\\SOFTWARE\\WOW6432Node\\Microsoft\\EdgeUpdate\\Clients\\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}";
    if !Command::new("reg").args(["query", runtime]).output().is_ok_and(|output| output.status.success()) {
        missing.push("the WebView2 runtime: winget install Microsoft.EdgeWebView2Runtime");
    }
    report(&missing)
}

fn report(missing: &[&str]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    bail!("missing:\n  {}", missing.join("\n  "));
}

fn output_of(name: &str, arguments: &[&str]) -> Result<String> {
    Ok(program::output(Command::new(name).args(arguments))?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_package_is_named_for_two_purposes() {
        let all: Vec<&str> =
            [Purpose::Build, Purpose::Run, Purpose::Test].into_iter().flat_map(Purpose::on_debian).copied().collect();
        for name in &all {
            assert_eq!(all.iter().filter(|other| *other == name).count(), 1, "{name}");
        }
    }
}
