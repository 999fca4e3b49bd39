//! A machine to install things on: this one, on which whatever is changed is forgotten again. Its files lie in memory over those of this
//! machine (overlayfs in a mount namespace), and its processes end with it.

use std::path::Path;
use std::process::{Command, Stdio};

use care4w_tests::{
    Environment, Process,
    wait::{self, PATIENCE},
};

/// Such a machine. It needs root.
pub struct Machine {
    keeper: Process,
    root: String,
}

/// Lays the machine's files out in `$1` and waits. `/tmp` is shared: displays, buses and the desks of the tests are there.
const SET_UP: &str = "set -e
mount -t tmpfs tmpfs \"$1\"
mkdir \"$1/upper\" \"$1/scratch\" \"$1/files\"
mount -t overlay overlay -o \"lowerdir=/,upperdir=$1/upper,workdir=$1/scratch\" \"$1/files\"
for shared in dev proc run sys tmp; do mount --rbind \"/$shared\" \"$1/files/$shared\"; done
touch \"$1/files/tmp/$2\"
exec sleep infinity";

impl Machine {
    /// Sets one up; `folder` is where its files are laid out.
    pub fn set_up(folder: &Path) -> Self {
        let place = folder.join("machine");
        std::fs::create_dir_all(&place).unwrap();
        let ready = tempfile::Builder::new().prefix("care4w-machine-").tempdir().unwrap();
        let sign = format!("{}/ready", ready.path().file_name().unwrap().to_str().unwrap());
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", SET_UP, "machine"]);
        command.arg(&place).arg(&sign);
        let log = folder.join("machine.log");
        let mut keeper = Process::start_logged("unshare", &mut command, &log).unwrap();
        wait::until(PATIENCE, "the machine", || {
            if keeper.ended()?.is_some() {
                anyhow::bail!("it could not be set up: {}", std::fs::read_to_string(&log)?);
            }
            Ok(ready.path().join("ready").exists().then_some(()))
        })
        .unwrap();
        Self { keeper, root: format!("{}/files", place.display()) }
    }

    /// The words of a command that runs on it: `program` with `arguments`.
    pub fn words(&self, program: &str, arguments: &[&str]) -> Vec<String> {
        let inside = first_child(self.keeper.id()).to_string();
        let enter = ["nsenter", "--target", &inside, "--mount", "--pid", "chroot", &self.root, program];
        enter.iter().chain(arguments).map(|&word| word.to_owned()).collect()
    }

    /// Runs a program on it; gives what it printed, if it ended well.
    pub fn runs(&self, environment: &Environment, program: &str, arguments: &[&str]) -> Result<String, String> {
        let words = self.words(program, arguments);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).envs(environment.iter().cloned()).stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(format!("{program} {arguments:?}: {}\n{}{}", output.status, text(&output.stdout), text(&output.stderr)))
        }
    }

    /// Runs a program that must end well.
    pub fn does(&self, program: &str, arguments: &[&str]) -> String {
        self.runs(&Environment::new(), program, arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Whether there is such a file.
    pub fn has(&self, path: &str) -> bool {
        self.runs(&Environment::new(), "test", &["-e", path]).is_ok()
    }
}

/// The process that `unshare` made to be the machine's first.
fn first_child(parent: u32) -> u32 {
    let text = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    text.split_whitespace().next().expect("the machine runs").parse().unwrap()
}
