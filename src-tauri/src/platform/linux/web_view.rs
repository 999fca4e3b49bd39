//! How WebKitGTK draws the page. It reads variables for that; its functions (cache model, page cache, what a page may use) spared
//! nothing. Interpreting all scripts (`JSC_useJIT=0`) would spare 8 MiB more, but the
//! test of the search among the countries took a sixth longer with it.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use gtk::glib;

/// Each with what it spares of the app's memory (PSS of all processes, WebKitGTK 2.50, a machine without a GPU, idle, measured one upon
/// the other). Somebody who set one of them keeps what they set.
const VARIABLES: [(&str, &str); 3] = [
    // The page is painted by the processor into memory that both processes share, and not by OpenGL into textures: 311 to 241 MiB, and 0.6 s
    // of processor less at each start. A window of this size that changes in small places has nothing from a GPU; and where NVIDIA's
    // own driver is, it would stay white.
    ("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
    // Then nothing draws with OpenGL in the app's own process either, but GDK and WebKit load the driver there to ask what it can do:
    // 241 to 223 MiB, and 0.1 s of processor. WebKit asks which file is the GPU's, and does not where it is told; it opens none.
    ("GDK_GL", "disable"),
    ("WEBKIT_WEB_RENDER_DEVICE_FILE", "/dev/dri/renderD128"),
];

/// How long a program that opens addresses may take to say that it can't. One that goes on is the browser, or waits for it.
const REFUSAL: Duration = Duration::from_millis(250);

/// Tells WebKit. To be called before there is another thread.
pub fn set_up_web_view() {
    for (name, value) in VARIABLES {
        if let Err(error) = glib::setenv(name, value, false) {
            tracing::debug!(%error, name, "the web view is not told");
        }
    }
}

/// Opens an address in the browser, which is not to be told what our web view was told: some browsers are WebKit too.
pub fn open_in_browser(address: &str) -> io::Result<()> {
    let mut refused = None;
    for command in launchers(address) {
        match launch(command) {
            Ok(()) => return Ok(()),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

/// What opens addresses on this desktop, in the order in which it is to be tried.
fn launchers(address: &str) -> Vec<Command> {
    let mut launchers = open::commands(address);
    for command in &mut launchers {
        for (name, _) in VARIABLES {
            command.env_remove(name);
        }
    }
    launchers
}

/// Starts one that goes on when the app ends.
fn launch(mut command: Command) -> io::Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut launched = command.spawn()?;
    let (sender, ended) = mpsc::channel();
    // Whatever ends is waited for by somebody, or it stays in the list of processes.
    thread::spawn(move || sender.send(launched.wait()));
    match ended.recv_timeout(REFUSAL) {
        Ok(Ok(status)) if !status.success() => Err(io::Error::other("what opens addresses here says that it can't")),
        Ok(Err(error)) => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_not_told_what_the_web_view_was_told() {
        let launchers = launchers("https://example.org");
        assert!(!launchers.is_empty());
        for launcher in launchers {
            for (name, _) in VARIABLES {
                assert!(launcher.get_envs().any(|given| given == (name.as_ref(), None)), "{name}: {launcher:?}");
            }
        }
    }

    #[test]
    fn what_can_open_nothing_is_an_error() {
        assert!(launch(Command::new("false")).is_err());
        assert!(launch(Command::new("no-such-program")).is_err());
        assert!(launch(Command::new("true")).is_ok());
    }
}
