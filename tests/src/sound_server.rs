//! Sound cards without hardware: a private PulseAudio with a microphone and a speaker for each name.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::{Environment, Process, Sound, wait};

/// Rate at which everything here runs, in Hz.
pub const RATE: u32 = 48_000;

/// A private sound server. The first name's microphone and speaker are its default devices.
pub struct SoundServer {
    folder: TempDir,
    drains: Vec<Process>,
    server: Process,
}

impl SoundServer {
    /// Starts one with a microphone `NAME_mic` and a speaker `NAME_speaker` for each of `names`.
    pub fn start(names: &[&str]) -> Result<Self> {
        let Some(first) = names.first() else { bail!("a sound server without a sound card") };
        // A socket's name has at most 107 bytes, so this lies in the system's temporary folder.
        let folder = tempfile::Builder::new().prefix("c4w-snd-").tempdir()?;
        let socket = folder.path().join("native");
        let mut script =
            format!("load-module module-native-protocol-unix auth-anonymous=1 socket={}\n", socket.display());
        for name in names {
            for line in [
                format!(
                    "load-module module-null-sink sink_name={name}_feed rate={RATE} channels=1 sink_properties=device.description={name}_feed"
                ),
                format!("load-module {}", microphone(name).join(" ")),
                format!(
                    "load-module module-null-sink sink_name={name}_speaker rate={RATE} channels=2 sink_properties=device.description={name}_speaker"
                ),
            ] {
                script += &line;
                script.push('\n');
            }
        }
        script += &format!("set-default-sink {first}_speaker\nset-default-source {first}_mic\n");
        let file = folder.path().join("sound.pa");
        fs::File::create(&file)?.write_all(script.as_bytes())?;

        let mut server = Process::start_logged(
            "pulseaudio",
            Command::new("pulseaudio")
                .arg("-n")
                .arg("-F")
                .arg(&file)
                .args(["--daemonize=no", "--exit-idle-time=-1", "--realtime=no", "--high-priority=no"])
                .args(["--use-pid-file=no", "--log-level=notice"])
                .env("XDG_RUNTIME_DIR", folder.path())
                .env("PULSE_RUNTIME_PATH", folder.path())
                .env("PULSE_STATE_PATH", folder.path())
                .env_remove("PULSE_SERVER"),
            &folder.path().join("pulseaudio.log"),
        )?;
        wait::until(Duration::from_secs(10), "the sound server", || {
            if server.ended()?.is_some() {
                bail!("pulseaudio ended: {}", fs::read_to_string(folder.path().join("pulseaudio.log"))?);
            }
            let answer = client("pactl", folder.path()).args(["list", "short", "sinks"]).output()?;
            let sinks = String::from_utf8_lossy(&answer.stdout).into_owned();
            Ok(names.iter().all(|name| sinks.contains(&format!("{name}_speaker"))).then_some(()))
        })?;

        // An idle null sink stalls for up to 2 s when somebody begins to play: these keep all of them awake.
        let mut drains = Vec::new();
        for sink in names.iter().flat_map(|name| [format!("{name}_feed"), format!("{name}_speaker")]) {
            drains.push(Process::start(
                "parec",
                client("parec", folder.path())
                    .args(["--latency-msec=10", "-d", &format!("{sink}.monitor")])
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null()),
            )?);
        }
        Ok(Self { folder, drains, server })
    }

    /// For processes that shall hear and speak here.
    pub fn environment(&self) -> Environment {
        vec![
            ("PULSE_SERVER".into(), format!("unix:{}", self.folder.path().join("native").display())),
            ("PULSE_COOKIE".into(), self.folder.path().join("cookie").display().to_string()),
        ]
    }

    /// Everything that it runs, to see whether it lives.
    pub fn processes(&mut self) -> impl Iterator<Item = &mut Process> {
        std::iter::once(&mut self.server).chain(&mut self.drains)
    }

    /// What the product calls the microphone of `name` (`--mic`).
    pub fn microphone_id(name: &str) -> String {
        format!("pulseaudio:{name}_mic")
    }

    /// What the product calls the speaker of `name` (`--speaker`).
    pub fn speaker_id(name: &str) -> String {
        format!("pulseaudio:{name}_speaker")
    }

    /// Pulls the plug of the microphone of `name`.
    pub fn unplug_microphone(&self, name: &str) -> Result<()> {
        let listed = client("pactl", self.folder.path()).args(["list", "short", "modules"]).output()?;
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let wanted = format!("source_name={name}_mic");
        let module = listed.lines().find(|line| line.contains(&wanted)).context("no such microphone")?;
        let number = module.split_whitespace().next().context("a module without a number")?;
        self.tell(&["unload-module", number])
    }

    /// Plugs it in again.
    pub fn plug_microphone(&self, name: &str) -> Result<()> {
        let [module, arguments @ ..] = microphone(name);
        self.tell(&[&["load-module", module.as_str()][..], &arguments.each_ref().map(String::as_str)].concat())
    }

    fn tell(&self, arguments: &[&str]) -> Result<()> {
        let told = client("pactl", self.folder.path()).args(arguments).output()?;
        if !told.status.success() {
            bail!("pactl {}: {}", arguments.join(" "), String::from_utf8_lossy(&told.stderr).trim());
        }
        Ok(())
    }

    /// Plays the WAV `file` into the microphone of `name`, once; ended when all of it was heard.
    pub fn speak(&self, name: &str, file: &Path) -> Result<Process> {
        Process::start(
            "paplay",
            client("paplay", self.folder.path())
                // No small latency here: the player would run dry, and speech break up, whenever the machine is busy.
                .args(["-d", &format!("{name}_feed")])
                .arg(file)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )
    }

    /// Begins to record what the speaker of `name` plays.
    pub fn listen(&self, name: &str) -> Result<Recording> {
        self.record(&format!("{name}_speaker.monitor"))
    }

    /// Begins to record what the microphone of `name` picks up.
    pub fn listen_to_microphone(&self, name: &str) -> Result<Recording> {
        self.record(&format!("{name}_feed.monitor"))
    }

    fn record(&self, source: &str) -> Result<Recording> {
        let file = tempfile::Builder::new().prefix("recording-").suffix(".raw").tempfile_in(self.folder.path())?;
        let process = Process::start(
            "parec",
            client("parec", self.folder.path())
                .args(["--latency-msec=10", "--format=s16le", "--channels=1", "--raw"])
                .args([&format!("--rate={RATE}"), "-d", source])
                .stdin(Stdio::null())
                .stdout(file.reopen()?)
                .stderr(Stdio::null()),
        )?;
        let recording = Recording { path: file.into_temp_path(), _process: process };
        wait::until(Duration::from_secs(5), "a recording to begin", || {
            Ok((fs::metadata(&recording.path)?.len() > 0).then_some(()))
        })?;
        Ok(recording)
    }

    /// How many programs listen and play here, this harness's own tools and PulseAudio's own modules left out.
    pub fn streams(&self) -> Result<Streams> {
        Ok(Streams { recording: self.count("source-outputs")?, playing: self.count("sink-inputs")? })
    }

    fn count(&self, kind: &str) -> Result<usize> {
        let output = client("pactl", self.folder.path()).args(["--format=json", "list", kind]).output()?;
        let list: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).context("pactl gives no list")?;
        let foreign = list.iter().filter(|stream| {
            let properties = &stream["properties"];
            // A stream of a module belongs to no client, and so to no program.
            let program = properties["application.name"].as_str().or(properties["application.process.binary"].as_str());
            program.is_some_and(|program| !["parec", "pacat", "paplay"].contains(&program))
        });
        Ok(foreign.count())
    }
}

/// The module of a microphone and its arguments. The remapped source stands for a microphone: programs hide monitors from
/// their lists.
fn microphone(name: &str) -> [String; 4] {
    [
        "module-remap-source".to_owned(),
        format!("master={name}_feed.monitor"),
        format!("source_name={name}_mic"),
        format!("source_properties=device.description={name}_mic"),
    ]
}

/// What is open on a sound server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    /// Programs that listen to a microphone.
    pub recording: usize,
    /// Programs that play to a speaker.
    pub playing: usize,
}

/// A recording that goes on until it is dropped.
pub struct Recording {
    path: tempfile::TempPath,
    _process: Process,
}

impl Recording {
    /// What was heard until now.
    pub fn so_far(&self) -> Result<Sound> {
        let bytes = fs::read(&self.path).context("the recording is gone")?;
        let samples = bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0);
        Ok(Sound { rate: RATE, samples: samples.collect() })
    }

    /// How long it is until now. A place to begin a later look from: [`Sound::from`].
    pub fn length(&self) -> Result<Duration> {
        let bytes = fs::metadata(&self.path)?.len();
        Ok(Duration::from_secs_f64(bytes as f64 / 2.0 / f64::from(RATE)))
    }

    /// Waits until it has `length` more than now, and gives that piece.
    pub fn next(&self, length: Duration) -> Result<Sound> {
        let begin = self.length()?;
        let deadline = length + Duration::from_secs(10);
        wait::until(deadline, "the recording to grow", || Ok((self.length()? >= begin + length).then_some(())))?;
        Ok(self.so_far()?.from(begin))
    }
}

fn client(program: &str, folder: &Path) -> Command {
    let socket: PathBuf = folder.join("native");
    let mut command = Command::new(program);
    command.env("PULSE_SERVER", format!("unix:{}", socket.display())).env("PULSE_COOKIE", folder.join("cookie"));
    command
}
