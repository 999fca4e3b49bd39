use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Counts what a thread allocates and frees while it is watched.
struct Telling;

impl Telling {
    fn note() {
        if WATCHED.get() {
            ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        }
    }
}

// SAFETY: everything is the system allocator's; the counting touches only constant-initialised thread locals.
unsafe impl GlobalAlloc for Telling {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::note();
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        Self::note();
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Telling = Telling;

pub(super) fn allocations(mut run: impl FnMut()) -> usize {
    ALLOCATIONS.set(0);
    WATCHED.set(true);
    run();
    WATCHED.set(false);
    ALLOCATIONS.get()
}

fn waker() -> Arc<Waker> {
    let waker = Arc::<Waker>::default();
    waker.adopt_current_thread();
    waker
}

#[test]
fn the_telling_allocator_tells() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1]))), 2);
}

/// Runs a microphone's and a speaker's callback of one sample type, and says how often they allocated or freed.
fn callbacks_of<T>(channels: usize, rate: u32, serve: bool) -> usize
where
    T: cpal::SizedSample + cpal::FromSample<f32>,
    f32: cpal::FromSample<T>,
{
    let (mut microphone, mut capture) = CardMicrophone::new(rate, channels, waker()).unwrap();
    let (mut speaker, mut playback) = CardSpeaker::new(rate, channels, waker()).unwrap();
    let frames = rate as usize / 100;
    let (heard, mut out) = (vec![T::EQUILIBRIUM; frames * channels], vec![T::EQUILIBRIUM; frames * channels]);
    let mut step = [0.0; 480];
    let mut count = 0;
    for call in 0..200 {
        // The engine's side may allocate; it is no callback.
        if serve {
            while speaker.wants() {
                speaker.write(&step);
            }
            while microphone.read(&mut step) {}
        }
        // Cards call with more, less and nothing too, and with half a frame when they are broken.
        let length = [frames * channels, 0, channels, frames * channels - 1][call % 4];
        count += allocations(|| {
            capture.run(&heard[..length]);
            playback.run(&mut out[..length]);
        });
    }
    // The engine is gone, and the card still calls.
    drop((microphone, speaker));
    count
        + allocations(|| {
            capture.run(&heard);
            playback.run(&mut out);
        })
}

#[test]
fn the_callbacks_allocate_nothing_whatever_the_card_and_the_engine_do() {
    for serve in [true, false] {
        for (channels, rate) in [(1, 48_000), (2, 44_100), (6, 96_000)] {
            let counts = [
                callbacks_of::<f32>(channels, rate, serve),
                callbacks_of::<i16>(channels, rate, serve),
                callbacks_of::<i32>(channels, rate, serve),
                callbacks_of::<u8>(channels, rate, serve),
            ];
            assert_eq!(counts, [0; 4], "{channels} channels, {rate} Hz: who allocates can wait for another thread");
        }
    }
}

#[test]
fn a_callback_does_not_wait_for_an_engine_that_sleeps_or_is_gone() {
    let waker = Arc::<Waker>::default();
    let sleeping = waker.clone();
    // The thread to be woken is over before the card calls.
    std::thread::spawn(move || sleeping.adopt_current_thread()).join().unwrap();
    let (_microphone, mut capture) = CardMicrophone::new(48_000, 1, waker).unwrap();
    assert_eq!(allocations(|| capture.run(&[0.1f32; 480])), 0);
}

/// Other than by reading: an engine that fills and empties the rings as fast as it can, on the same processor, is often
/// interrupted while it holds whatever it holds. A callback that wanted the same would wait.
#[cfg(target_os = "linux")]
#[test]
fn the_callbacks_neither_wait_nor_log_while_the_engine_is_at_its_busiest() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let waker = Arc::<Waker>::default();
    let (mut microphone, mut capture) = CardMicrophone::new(48_000, 2, waker.clone()).unwrap();
    let (mut speaker, mut playback) = CardSpeaker::new(48_000, 2, waker.clone()).unwrap();
    let over = AtomicBool::new(false);
    watched::stay_on_this_processor();
    let seen = std::thread::scope(|scope| {
        scope.spawn(|| {
            waker.adopt_current_thread();
            let mut step = [0.0; 480];
            while !over.load(Ordering::Acquire) {
                while speaker.wants() {
                    speaker.write(&step);
                }
                speaker.settle(Instant::now());
                while microphone.read(&mut step) {}
            }
        });
        let seen = watched::watched(&[], || {
            let (heard, mut out) = ([0.1f32; 960], [0.0f32; 960]);
            for _ in 0..300_000 {
                capture.run(&heard);
                playback.run(&mut out);
            }
        });
        over.store(true, Ordering::Release);
        seen
    });
    assert_eq!(seen, watched::Seen { calls: 0, events: 0 });
}

#[test]
fn channels_are_averaged_in_and_filled_out() {
    let (mut microphone, mut capture) = CardMicrophone::new(48_000, 2, waker()).unwrap();
    let heard: Vec<f32> = (0..480).flat_map(|_| [0.5, 0.1]).collect();
    capture.run(&heard);
    let mut step = [0.0; 480];
    assert!(microphone.read(&mut step));
    assert!(step.iter().all(|&s| (s - 0.3).abs() < 1e-6));
    assert!(!microphone.read(&mut step));

    let (mut speaker, mut playback) = CardSpeaker::new(48_000, 3, waker()).unwrap();
    speaker.write(&[0.25; 480]);
    let mut out = [1.0f32; 1_800];
    playback.run(&mut out);
    assert!(out[..1_440].iter().all(|&s| s == 0.25));
    assert!(out[1_440..].iter().all(|&s| s == 0.0), "silence where the ring ran dry");
}

#[test]
fn a_ring_holds_what_the_card_takes_next_and_no_more() {
    let (mut speaker, mut playback) = CardSpeaker::new(48_000, 1, waker()).unwrap();
    let start = Instant::now();
    let mut out = [0.0f32; 480];
    for call in 0..1_000 {
        while speaker.wants() {
            speaker.write(&[0.1; 480]);
        }
        assert!(speaker.lead() <= Duration::from_millis(20), "call {call}: {:?}", speaker.lead());
        playback.run(&mut out);
        speaker.settle(start + Duration::from_millis(10 * call));
        assert_eq!(out[479], 0.1, "call {call} found the ring dry");
    }
}

#[test]
fn a_ring_that_runs_dry_is_kept_fuller_and_later_leaner_again() {
    let (mut speaker, mut playback) = CardSpeaker::new(48_000, 1, waker()).unwrap();
    let start = Instant::now();
    let mut out = [0.0f32; 480];
    let fill = |speaker: &mut CardSpeaker| {
        while speaker.wants() {
            speaker.write(&[0.1; 480]);
        }
        speaker.lead()
    };
    for call in 0..100u64 {
        fill(&mut speaker);
        playback.run(&mut out);
        if call > 60 {
            // The engine comes too late.
            playback.run(&mut out);
        }
        speaker.settle(start + Duration::from_millis(10 * call));
    }
    assert!(fill(&mut speaker) >= Duration::from_millis(30), "two calls' worth, since two come at a time");
    for second in 0..100 {
        speaker.settle(start + Duration::from_secs(second + 2));
    }
    playback.run(&mut [0.0f32; 24_000]);
    playback.run(&mut out);
    playback.run(&mut out);
    assert!(fill(&mut speaker) <= Duration::from_millis(20));
}

#[test]
fn cards_of_other_rates_are_resampled() {
    let (mut microphone, mut capture) = CardMicrophone::new(44_100, 1, waker()).unwrap();
    let mut step = [0.0; 480];
    let mut steps = 0;
    for _ in 0..100 {
        capture.run(&[0.2f32; 441]);
        while microphone.read(&mut step) {
            steps += 1;
        }
    }
    assert!((98..=100).contains(&steps), "a second at 44.1 kHz is a second at 48: {steps} steps");
    assert!((step[240] - 0.2).abs() < 0.01);
}
