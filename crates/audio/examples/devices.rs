//! Lists the sound devices, then opens a call on the defaults for a few seconds and tells what befalls it: for trying
//! what happens when a device is pulled out. `devices [SECONDS]`
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use care4w_audio::{CallAudio, CallAudioConfig, devices};

fn main() {
    let begin = Instant::now();
    for device in devices::list().unwrap() {
        println!("{device:?}");
    }
    println!("listed in {:?}", begin.elapsed());
    let seconds = std::env::args().nth(1).map_or(0, |seconds| seconds.parse().unwrap());
    let begin = Instant::now();
    match CallAudio::open(CallAudioConfig::default(), Box::new(|_| {})) {
        Ok(audio) => {
            println!("opened in {:?}", begin.elapsed());
            audio.start();
            for _ in 0..seconds * 10 {
                std::thread::sleep(Duration::from_millis(100));
                for notice in audio.notices() {
                    println!("{:?} {notice:?} {:?}", begin.elapsed(), audio.levels());
                }
            }
            let begin = Instant::now();
            audio.close();
            println!("closed in {:?}", begin.elapsed());
        }
        Err(error) => println!("{} {error} after {:?}", error.code(), begin.elapsed()),
    }
}
