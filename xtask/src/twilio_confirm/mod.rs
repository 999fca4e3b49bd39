//! `cargo xtask twilio-confirm`: a session with our own phones against the real Twilio, written down without anything of
//! anybody's, and how it differs from the same session with the double.

mod difference;
mod record;
mod script;

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::{build, project, run::TwilioDouble, say, shown};
use record::Record;
use script::{Outside, Pace, Script};

/// What to confirm against.
#[derive(Args)]
pub struct Options {
    /// Records against the double instead of Twilio, in short: whether the double still is what was confirmed
    #[arg(long)]
    against_double: bool,
    /// Where Twilio reaches this machine's server (https), such as a tunnel's address
    #[arg(long, required_unless_present = "against_double")]
    public_url: Option<String>,
    /// Where that leads to on this machine
    #[arg(long, default_value = "127.0.0.1:8790")]
    listen: String,
    /// A telephone (E.164) that is called; somebody answers it
    #[arg(long, required_unless_present = "against_double")]
    telephone: Option<String>,
    /// Twilio's gateway
    #[arg(long, default_value = "wss://voice-js.roaming.twilio.com/signal")]
    gateway: String,
    /// Compares with this record of an earlier session instead of recording one against the double
    #[arg(long)]
    with: Option<PathBuf>,
    /// Keeps the session with the double as what it is to be from now on, instead of comparing
    #[arg(long, requires = "against_double")]
    keep: bool,
}

/// Half an hour.
const REAL: Pace = Pace { hold: Duration::from_secs(240), token: 300 };
/// Two minutes: a heartbeat falls into each step, and a token ends. On a busy machine a shorter one ends before it is renewed.
const SHORT: Pace = Pace { hold: Duration::from_secs(11), token: 60 };

/// Where the record of Twilio lies, which is nobody else's.
const FOLDER: &str = ".care4w/twilio-confirm";
/// What the double said when it was looked at last.
const KEPT: &str = "tests/twilio/session.json";

pub fn confirm(options: &Options) -> Result<()> {
    if !options.against_double {
        script::credentials()?;
    }
    build::binaries()?;
    let kept = project::root().join(KEPT);
    let (name, record, other) = if options.against_double {
        let record = against_double(SHORT)?;
        if options.keep {
            record.write(&kept)?;
            say::line(&format!("kept: {KEPT}"));
            return Ok(());
        }
        ("the double", record, options.with.clone().unwrap_or(kept))
    } else {
        let real = against_twilio(options)?;
        let folder = project::root().join(FOLDER);
        fs::create_dir_all(&folder)?;
        real.write(&folder.join("twilio.json"))?;
        say::line(&format!("what Twilio said is written down, without anything of anybody's: {FOLDER}/twilio.json"));
        ("Twilio", real, options.with.clone().unwrap_or(kept))
    };
    let expected = Record::read(&other)?;
    let other = shown(&other);
    let differences = difference::between(&record, &expected);
    if differences.is_empty() {
        say::line(&format!("no differences: {name} said what stands in {other}"));
        return Ok(());
    }
    for difference in &differences {
        crate::say::said!("{difference}");
    }
    // How Twilio differs is what somebody wanted to know; a double that is another one than before is a fault.
    if options.against_double {
        bail!("{} differences", differences.len());
    }
    say::line(&format!("{} differences: docs/twilio.md says what to do with them", differences.len()));
    Ok(())
}

fn against_double(pace: Pace) -> Result<Record> {
    let folder = tempfile::tempdir()?;
    let double = TwilioDouble::start(folder.path())?;
    say::line("a session against the double begins");
    let environment = double.environment();
    let gateway = double.gateway().to_owned();
    Script { pace, environment, public_url: None, listen: "127.0.0.1:0", telephone: "+254712999999", gateway }
        .run(Outside::Double(double))
}

fn against_twilio(options: &Options) -> Result<Record> {
    let public_url = options.public_url.as_deref().context("--public-url is where Twilio reaches the server")?;
    let telephone = options.telephone.as_deref().context("--telephone is a telephone that is called")?;
    say::line("a session of half an hour against Twilio begins: keep the telephone at hand");
    Script {
        pace: REAL,
        environment: Vec::new(),
        public_url: Some(public_url),
        listen: &options.listen,
        telephone,
        gateway: options.gateway.clone(),
    }
    .run(Outside::Person)
}
