//! Sound files that are none, devices that are not there, and a computer without sound.

use std::time::Duration;

use care4w_tests::{Environment, Sound};

use crate::Town;

#[test]
fn sound_that_cannot_be_used_fails_before_anybody_rings() {
    let town = Town::new();
    let (caller, callee) = (town.person("Caller"), town.person("Callee"));
    let id = callee.care4w_id().unwrap();
    let folder = town.folder.path();
    let whole = folder.join("whole.wav");
    Sound::chirp(16_000, Duration::from_secs(1), 300.0, 3_000.0).write(&whole).unwrap();
    let whole_bytes = std::fs::read(&whole).unwrap();
    let mut odd_bits = whole_bytes.clone();
    odd_bits[34] = 3;
    let mut no_channels = whole_bytes.clone();
    no_channels[22] = 0;
    let mut no_rate = whole_bytes.clone();
    no_rate[24..28].copy_from_slice(&[0; 4]);

    let mut waiting = callee.answer(&["--mic", "none", "--speaker", "none"]).unwrap();
    let refused = |microphone: &str, speaker: &str, code: &str| {
        for command in [&["call", &id][..], &["answer"]] {
            let arguments = [command, &["--mic", microphone, "--speaker", speaker]].concat();
            // Devices are opened by the call itself.
            if command == ["answer"] && !code.starts_with("FILE") && code != "INVALID_WAV" {
                continue;
            }
            let outcome = caller.run(&arguments, "").unwrap();
            outcome.refused(1, code).unwrap_or_else(|error| panic!("{arguments:?}: {error:#}"));
        }
    };
    for (name, bytes) in [
        ("empty.wav", &b""[..]),
        ("text.wav", b"this is no sound at all, whatever its name says"),
        ("header.wav", &whole_bytes[..20]),
        ("bits.wav", &odd_bits),
        ("channels.wav", &no_channels),
        ("rate.wav", &no_rate),
        ("zeros.wav", &[0; 4096]),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        refused(&format!("file:{}", path.display()), "none", "INVALID_WAV");
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name} is as it was");
    }
    refused(&format!("file:{}", folder.display()), "none", "INVALID_WAV");
    refused(&format!("file:{}", folder.join("missing.wav").display()), "none", "FILE_NOT_FOUND");
    refused("none", &format!("file:{}", folder.join("missing/heard.wav").display()), "FILE_NOT_FOUND");
    refused("none", &format!("file:{}", folder.display()), "FILE_FAILED");
    let recording = format!("file:{}", whole.display());
    refused(&recording, &recording, "FILE_FAILED");
    assert_eq!(std::fs::read(&whole).unwrap(), whole_bytes, "what the microphone reads is not written over");
    refused("pulseaudio:no-such-microphone", "none", "MICROPHONE_FAILED");
    refused("none", "pulseaudio:no-such-speaker", "SOUND_FAILED");
    assert_eq!(waiting.lines().unwrap().len(), 1, "ready, and nobody rang");
    waiting.end().unwrap();

    // A file that breaks off has its beginning played; the call goes on.
    let broken_off = folder.join("broken-off.wav");
    std::fs::write(&broken_off, &whole_bytes[..whole_bytes.len() / 2 + 1]).unwrap();
    let mut waiting = callee.answer(&["--mic", "none", "--speaker", "none", "--calls", "1"]).unwrap();
    let mut call = caller
        .call(&id, &["--mic", &format!("file:{}", broken_off.display()), "--speaker", "none", "--seconds", "1"])
        .unwrap();
    waiting.wait_for_call("connected").unwrap();
    assert_eq!(call.wait_for_end().unwrap(), Some(0));
    town.assert_no_panic();
}

/// A computer without any sound: no sound server can be reached, and ALSA knows no card.
fn silence(folder: &std::path::Path) -> Environment {
    let nowhere = folder.join("nowhere").display().to_string();
    let empty = folder.join("asound.conf");
    std::fs::write(&empty, "").unwrap();
    vec![
        ("PULSE_SERVER".into(), format!("unix:{nowhere}")),
        ("PIPEWIRE_REMOTE".into(), nowhere.clone()),
        ("XDG_RUNTIME_DIR".into(), nowhere),
        ("ALSA_CONFIG_PATH".into(), empty.display().to_string()),
    ]
}

#[test]
fn a_computer_without_sound_says_so_and_rings_nobody() {
    let town = Town::new();
    let callee = town.person("Callee");
    let caller = town.person("Caller").with_environment(silence(town.folder.path()));
    let devices = caller.run(&["devices"], "").unwrap().success().unwrap();
    assert_eq!((devices.stdout.as_str(), devices.stderr.as_str()), ("", ""), "none, and no noise of ALSA");
    let mut waiting = callee.answer(&["--mic", "none", "--speaker", "none"]).unwrap();
    let id = callee.care4w_id().unwrap();
    caller.run(&["call", &id], "").unwrap().refused(1, "MICROPHONE_FAILED").unwrap();
    caller.run(&["call", &id, "--mic", "none"], "").unwrap().refused(1, "SOUND_FAILED").unwrap();
    assert_eq!(waiting.lines().unwrap().len(), 1, "ready, and nobody rang");
    let doctor = caller.run(&["doctor"], "").unwrap();
    assert_eq!(doctor.code, Some(1), "{doctor:?}");
    assert!(doctor.stdout.contains("No microphone was found"), "{}", doctor.stdout);
}

#[test]
fn who_cannot_take_a_call_for_want_of_sound_refuses_it() {
    let town = Town::new();
    let caller = town.person("Caller");
    let callee = town.person("Callee").with_environment(silence(town.folder.path()));
    let mut waiting = callee.answer(&["--calls", "1"]).unwrap();
    let id = callee.care4w_id().unwrap();
    let call = caller.run(&["call", &id, "--mic", "none", "--speaker", "none"], "").unwrap();
    call.refused(1, "REMOTE_FAILED").unwrap();
    waiting.wait_for_end().unwrap();
    let lines = waiting.lines().unwrap();
    assert!(lines.iter().any(|line| line.is("summary") && line.text("reason") == "MICROPHONE_FAILED"), "{lines:?}");
}
