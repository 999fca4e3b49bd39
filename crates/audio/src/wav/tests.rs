use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::OpenAudioError;

fn wav(channels: u16, rate: u32, samples: &[i16]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let spec =
        hound::WavSpec { channels, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for &sample in samples {
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn open(bytes: &[u8]) -> Result<WavReader, OpenAudioError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    WavReader::open(file.path())
}

#[test]
fn a_recording_is_a_wav_file_at_every_moment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.wav");
    let mut writer = WavWriter::create(&path).unwrap();
    assert_eq!(hound::WavReader::open(&path).unwrap().len(), 0);
    for _ in 0..250 {
        assert!(writer.write(&[0.5; 480]));
    }
    let halfway = hound::WavReader::open(&path).unwrap().len();
    assert_eq!(halfway, 96_000, "the header is brought up to date every second");
    drop(writer);
    let reader = hound::WavReader::open(&path).unwrap();
    assert_eq!(reader.len(), 120_000);
    assert_eq!((reader.spec().sample_rate, reader.spec().channels), (48_000, 1));
}

#[test]
fn stereo_is_averaged() {
    let mut reader = open(&wav(2, 48_000, &[16_384, 0, 16_384, 0, -16_384, -16_384])).unwrap();
    let mut out = [9.0; 4];
    reader.read(&mut out);
    assert_eq!(out, [0.25, 0.25, -0.5, 0.0]);
}

#[test]
fn a_file_plays_once_and_is_silent_after() {
    let mut reader = open(&wav(1, 16_000, &[10_000; 1_600])).unwrap();
    let mut sound = vec![0.0; 9_600];
    reader.read(&mut sound);
    assert!(sound[2_400] > 0.25, "16 kHz is brought to 48 kHz");
    assert!(sound[6_000..].iter().all(|&s| s == 0.0));
}

#[test]
fn a_file_that_is_no_wav_file_is_invalid() {
    for bytes in [&b""[..], b"RIFF", b"not a wav file at all, just some text", &[0; 64]] {
        assert_eq!(open(bytes).unwrap_err().code(), "INVALID_WAV");
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(WavReader::open(folder.path()).unwrap_err().code(), "INVALID_WAV");
}

#[test]
fn a_missing_file_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("nowhere/a.wav");
    assert_eq!(WavReader::open(&inside).unwrap_err().code(), "FILE_NOT_FOUND");
    assert_eq!(WavWriter::create(&inside).unwrap_err().code(), "FILE_NOT_FOUND");
}

proptest! {
    #[test]
    fn a_damaged_file_never_panics(cut in 0usize..3_000, place in 0usize..60, value: u8) {
        let mut bytes = wav(2, 44_100, &[1_000; 1_400]);
        bytes.truncate(cut.max(1));
        let place = place.min(bytes.len() - 1);
        bytes[place] = value;
        if let Ok(mut reader) = open(&bytes) {
            let mut out = [0.0; 4_800];
            reader.read(&mut out);
            prop_assert!(out.iter().all(|s| s.is_finite()));
        }
    }
}
