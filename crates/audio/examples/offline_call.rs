//! One direction of a call in simulated time, from WAV file to WAV file, as fast as the machine goes:
//! `offline_call IN.wav OUT.wav [loss=PERCENT] [burst=PACKETS] [jitter=MS] [seed=N] [bitrate=N] [echo] [noise] [gain]`.
//! For scoring with PESQ: the same seed loses the same packets.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use care4w_audio::parts::{Encoder, FarEnd, VoiceProcessing, WavReader};
use care4w_audio::{Processing, RtpAudio};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, options @ ..] = &arguments[..] else {
        eprintln!("offline_call IN.wav OUT.wav [loss=PERCENT] [burst=PACKETS] [jitter=MS] [seed=N] …");
        std::process::exit(2);
    };
    let option = |name: &str, default: u64| {
        let given = options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
        given.map_or(default, |value| value.parse().unwrap())
    };
    let on = |name: &str| options.iter().any(|option| option == name);
    let (loss, burst, jitter) = (option("loss", 0), option("burst", 1), option("jitter", 0));
    let mut seed = option("seed", 1);
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below.max(1)
    };

    let length = hound::WavReader::open(input).unwrap();
    let steps = (length.duration() as u64 * 100 / u64::from(length.spec().sample_rate)) as usize + 30;
    let mut file = WavReader::open(Path::new(input)).unwrap();
    let mut processing = VoiceProcessing::new(Processing { echo: on("echo"), noise: on("noise"), gain: on("gain") });
    let mut encoder = Encoder::new(option("bitrate", 32_000) as u32).unwrap();
    encoder.set_expected_loss(loss as u8);
    let mut far = FarEnd::new().unwrap();

    let start = Instant::now();
    let (mut network, mut frame, mut heard) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sequence, mut losing) = (0u16, 0);
    for step in 0..steps {
        let now = start + Duration::from_millis(10 * step as u64);
        let mut sound = [0.0; 480];
        file.read(&mut sound);
        processing.played(&[0.0; 480]);
        processing.clean(&mut sound);
        frame.extend_from_slice(&sound);
        if frame.len() == 960 {
            let payload = encoder.encode(&frame).unwrap();
            frame.clear();
            if losing == 0 && random(1_000 * burst) < 10 * loss {
                losing = burst;
            }
            if losing == 0 {
                let arrived = now + Duration::from_micros(2_000 + random(1_000 * jitter));
                network.push(RtpAudio { sequence, timestamp: u32::from(sequence) * 960, payload, arrived });
            } else {
                losing -= 1;
            }
            sequence += 1;
        }
        network.sort_by_key(|packet| packet.arrived);
        while network.first().is_some_and(|packet| packet.arrived <= now) {
            far.receive(network.remove(0));
        }
        let mut out = [0.0; 480];
        far.render(&mut out, now, Duration::ZERO);
        heard.extend_from_slice(&out);
    }
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(output, spec).unwrap();
    for sample in heard {
        writer.write_sample((sample.clamp(-1.0, 1.0) * 32_767.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
    println!("{:?}", far.stats());
}
