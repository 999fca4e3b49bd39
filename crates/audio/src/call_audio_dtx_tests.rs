use super::*;

#[test]
fn silence_that_is_left_out_takes_its_time_and_speech_after_it_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for i in 0..56_000 {
        let t = i as f32 / 16_000.0;
        let speaks = !(1.0..2.5).contains(&t);
        let voice = (1..8).map(|n| (t * 150.0 * n as f32 * std::f32::consts::TAU).sin() / n as f32).sum::<f32>();
        writer.write_sample(if speaks { (voice * 6_000.0) as i16 } else { 0 }).unwrap();
    }
    writer.finalize().unwrap();
    let frames: Arc<Mutex<Vec<EncodedFrame>>> = Arc::default();
    let sink = frames.clone();
    let config = CallAudioConfig { dtx: true, ..config(DeviceSelector::File(path), DeviceSelector::Silence) };
    let audio = CallAudio::open(config, Box::new(move |frame| sink.lock().unwrap().push(frame))).unwrap();
    audio.start();
    until("three and a half seconds are encoded", || frames.lock().unwrap().len() >= 175);
    audio.close();
    let frames = frames.lock().unwrap();
    let paused = frames[..175].iter().filter(|frame| frame.payload.is_empty()).count();
    assert!((45..75).contains(&paused), "of a pause of 75 packets, {paused} are left out");
    assert!(frames.iter().all(|frame| frame.samples == 960), "time goes on");
    let marked: Vec<usize> = (0..175).filter(|&at| frames[at].starts_talkspurt).collect();
    assert!(matches!(marked[..], [0, again] if (124..130).contains(&again)), "{marked:?}");
    assert!(!frames[marked[1]].payload.is_empty());
}

#[test]
fn leaving_silence_out_is_switched_on_and_off_in_the_middle_of_a_call() {
    let frames: Arc<Mutex<Vec<EncodedFrame>>> = Arc::default();
    let sink = frames.clone();
    let config = config(DeviceSelector::Silence, DeviceSelector::Silence);
    let audio = CallAudio::open(config, Box::new(move |frame| sink.lock().unwrap().push(frame))).unwrap();
    audio.start();
    until("silence is sent", || frames.lock().unwrap().len() >= 30);
    assert!(frames.lock().unwrap().iter().all(|frame| !frame.payload.is_empty()), "all of it is sent at first");
    audio.set_dtx(true);
    let left_out = |frames: &[EncodedFrame]| frames.iter().rev().take(10).all(|frame| frame.payload.is_empty());
    until("silence is left out", || left_out(&frames.lock().unwrap()));
    audio.set_dtx(false);
    let sent = |frames: &[EncodedFrame]| frames.iter().rev().take(30).all(|frame| !frame.payload.is_empty());
    until("silence is sent again", || sent(&frames.lock().unwrap()));
    assert!(frames.lock().unwrap().iter().all(|frame| frame.samples == 960), "time goes on meanwhile");
    audio.close();
}
