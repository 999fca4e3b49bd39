//! Calls between the virtual sound cards `a` and `b`: ours, and those of the programs beside which ours is measured.

use std::{any::Any, fs, path::Path, process::Command, time::Duration};

use anyhow::{Context as _, Result};
use care4w_tests::{Account, Chromium, Cli, Process, Server, SoundServer, chromium::Setup, wait};

/// What makes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Our phone without a window.
    Ours,
    /// The same with packets of 10 ms.
    OursShort,
    /// Two headless Chromiums.
    Chromium,
    /// Two baresips.
    Baresip,
}

impl Peer {
    /// What it is called in figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::OursShort => "ours, packets of 10 ms",
            Self::Chromium => "Chromium",
            Self::Baresip => "baresip",
        }
    }

    /// Connects `a` and `b`, with the processing that each has switched on by itself.
    pub fn call(self, sound: &SoundServer, folder: &Path) -> Result<Ends> {
        fs::create_dir_all(folder)?;
        match self {
            Self::Ours => ours(sound, folder, &[]),
            Self::OursShort => ours(sound, folder, &["--low-delay"]),
            Self::Chromium => chromium(sound),
            Self::Baresip => baresip(sound, folder),
        }
    }
}

/// A call that goes on until this is dropped.
pub struct Ends {
    /// The process of the one who called.
    pub caller: u32,
    /// From the answer to the connection, where that is known.
    pub set_up_ms: Option<f64>,
    _kept: Vec<Box<dyn Any>>,
}

fn ours(sound: &SoundServer, folder: &Path, more: &[&'static str]) -> Result<Ends> {
    let server = Server::start()?;
    let person = |name: &str| -> Result<Cli> {
        let cli = Cli::new(server.url(), &folder.join(name)).with_environment(sound.environment());
        cli.register(&Account::named(name))?;
        Ok(cli)
    };
    let (a, b) = (person("a")?, person("b")?);
    let flags = |name: &str| {
        ["--mic".to_owned(), SoundServer::microphone_id(name), "--speaker".into(), SoundServer::speaker_id(name)]
    };
    let (flags_a, flags_b) = (flags("a"), flags("b"));
    let (flags_a, flags_b) = (flags_a.each_ref().map(String::as_str), flags_b.each_ref().map(String::as_str));
    let mut answering = b.answer(&[&flags_b, more].concat())?;
    let mut calling = a.call(&b.care4w_id()?, &[&flags_a, more].concat())?;
    let media = answering.wait("sound at the callee", |line| line.is("media"))?;
    let caller = calling.process().id();
    let set_up_ms = media.json["firstAudioMs"].as_f64();
    // The order in which they end: the phones before their server.
    Ok(Ends { caller, set_up_ms, _kept: vec![Box::new(calling), Box::new(answering), Box::new(server)] })
}

fn chromium(sound: &SoundServer) -> Result<Ends> {
    let server = Server::start()?;
    let browser = |name: &str| -> Result<(Chromium, String)> {
        let mut environment = sound.environment();
        environment.push(("PULSE_SOURCE".into(), format!("{name}_mic")));
        environment.push(("PULSE_SINK".into(), format!("{name}_speaker")));
        let mut browser = Chromium::start(&Setup { environment, ..Setup::default() })?;
        let id = browser.sign_in(server.url(), name)?;
        browser.evaluate("phone.playAloud()")?;
        Ok((browser, id))
    };
    let ((mut a, _), (mut b, b_id)) = (browser("a")?, browser("b")?);
    b.evaluate("void phone.answer(true)")?;
    a.evaluate(&format!("phone.dial('{b_id}', true)"))?;
    for browser in [&mut a, &mut b] {
        browser.wait_for_connection()?;
        browser.evaluate("phone.speak(true)")?;
    }
    let set_up_ms = a.evaluate("phone.setUp()")?.as_f64();
    let caller = a.process().id();
    Ok(Ends { caller, set_up_ms, _kept: vec![Box::new(a), Box::new(b), Box::new(server)] })
}

/// Debian's has no module for PulseAudio: it goes through ALSA's.
fn baresip(sound: &SoundServer, folder: &Path) -> Result<Ends> {
    let start = |name: &str, port: u16, more: &[&str]| -> Result<Process> {
        let own = folder.join(name);
        fs::create_dir_all(&own)?;
        let alsa = own.join("asound.conf");
        fs::write(
            &alsa,
            format!(
                "</usr/share/alsa/alsa.conf>\npcm.mic {{ type pulse device {name}_mic }}\n\
                 pcm.speaker {{ type pulse device {name}_speaker }}\n"
            ),
        )?;
        fs::write(
            own.join("config"),
            format!(
                "sip_listen 127.0.0.1:{port}\naudio_source alsa,mic\naudio_player alsa,speaker\naudio_alert alsa,null\n\
                 module_path /usr/lib/baresip/modules\nmodule opus.so\nmodule alsa.so\nmodule_app account.so\n\
                 module_app menu.so\nmodule_tmp uuid.so\n"
            ),
        )?;
        fs::write(own.join("accounts"), format!("<sip:{name}@127.0.0.1:{port}>;regint=0;answermode=auto\n"))?;
        fs::write(own.join("contacts"), "")?;
        let mut command = Command::new("baresip");
        command.arg("-f").arg(&own).args(more).env("ALSA_CONFIG_PATH", &alsa);
        command.envs(sound.environment().iter().map(|(name, value)| (name, value)));
        Process::start_logged("baresip", &mut command, &own.join("log"))
    };
    // Each takes the port after its own for TLS.
    let callee = start("b", 5_170, &[])?;
    let log = folder.join("b/log");
    wait::until(Duration::from_secs(10), "baresip to be ready", || {
        Ok(fs::read_to_string(&log)?.contains("baresip is ready").then_some(()))
    })?;
    let caller = start("a", 5_180, &["-e", "/dial sip:b@127.0.0.1:5170"])?;
    wait::until(Duration::from_secs(10), "baresip to open its sound", || {
        let streams = sound.streams()?;
        Ok((streams.recording >= 2 && streams.playing >= 2).then_some(()))
    })
    .with_context(|| fs::read_to_string(folder.join("a/log")).unwrap_or_default())?;
    Ok(Ends { caller: caller.id(), set_up_ms: None, _kept: vec![Box::new(caller), Box::new(callee)] })
}
