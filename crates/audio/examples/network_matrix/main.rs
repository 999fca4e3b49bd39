//! What networks do to speech: one direction of a call in simulated time, through encoder, network, jitter buffer,
//! decoder and concealment, for a matrix of impairments, scored with PESQ (wide band, ITU-T P.862.2).
//!
//! `network_matrix [only=TEXT+TEXT] [seeds=N] [bitrate=N] [packet=10|20] [quiet=MS] [keep=FOLDER]` prints a table of medians over three
//! Debian sound prompts and so many seeds (3). The same seed loses the same packets; no device, no clock and no
//! network is touched. Before each prompt it is quiet for 500 ms, or as said: the buffer gets to know the network meanwhile.
//! Needs `asterisk-core-sounds-en-g722`, `ffmpeg`, and the Python that `cargo xtask test` installs
//! under `target/tools` (or `CARE4W_PYTHON`).
#![allow(clippy::unwrap_used)]

mod call;
mod impairment;
mod score;
mod speech;

use std::path::PathBuf;

use care4w_audio::PacketTime;

use call::{Outcome, Setting};
use impairment::Impairment;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| arguments.iter().find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
    let number = |name: &str, default: u32| option(name).map_or(default, |value| value.parse().unwrap());
    let only = option("only").unwrap_or("");
    let packet = if number("packet", 20) == 10 { PacketTime::Ms10 } else { PacketTime::Ms20 };
    let setting = Setting { bitrate: number("bitrate", care4w_audio::defaults::BITRATE), packet };
    let (seeds, kept) = (number("seeds", 3), option("keep").map(PathBuf::from));
    let temporary = tempfile::tempdir().unwrap();
    let folder = kept.unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder).unwrap();

    let prompts = speech::prompts(number("quiet", 500) as usize);
    let long = speech::joined(&prompts);
    let cells: Vec<Impairment> =
        impairment::matrix().into_iter().filter(|it| only.split('+').any(|part| it.name.contains(part))).collect();
    let mut jobs = Vec::new();
    for (at, cell) in cells.iter().enumerate() {
        let spoken = if cell.spike { std::slice::from_ref(&long) } else { &prompts[..] };
        for seed in 0..u64::from(seeds) {
            jobs.extend(spoken.iter().enumerate().map(|(which, speech)| (at, seed, which, speech)));
        }
    }
    let half = jobs.len().div_ceil(std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let results: Vec<(usize, Outcome, f64)> = std::thread::scope(|scope| {
        let (cells, folder) = (&cells, &folder);
        let threads: Vec<_> = jobs
            .chunks(half)
            .map(|jobs| {
                scope.spawn(move || {
                    let mut done = Vec::new();
                    for &(at, seed, which, speech) in jobs {
                        let outcome = call::run(speech, &cells[at], setting, 100 * seed + which as u64 + 1);
                        let stem = format!("{at}-{seed}-{which}");
                        let files = score::write(folder, &stem, speech, &outcome.heard);
                        done.push((at, outcome, files));
                    }
                    let scores = score::pesq(done.iter().map(|(_, _, files)| files));
                    done.into_iter()
                        .zip(scores)
                        .map(|((at, outcome, _), score)| (at, outcome, score))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });

    println!(
        "| network | PESQ | mean | worst–best | Chromium | buffer ms, mean | p95 | concealed % | recovered % | bent ms/s | kbit/s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for (at, cell) in cells.iter().enumerate() {
        let of = |pick: &dyn Fn(&Outcome, f64) -> f64| {
            let mut found: Vec<f64> = results
                .iter()
                .filter(|result| result.0 == at)
                .map(|(_, outcome, score)| pick(outcome, *score))
                .collect();
            found.sort_by(f64::total_cmp);
            found
        };
        let median = |found: Vec<f64>| found[found.len() / 2];
        let scores = of(&|_, score| score);
        println!(
            "| {} | {:.2} | {:.2} | {:.2}–{:.2} | {} | {:.0} | {:.0} | {:.1} | {:.1} | {:.1} | {:.1} |",
            cell.name,
            median(scores.clone()),
            scores.iter().sum::<f64>() / scores.len() as f64,
            scores[0],
            scores[scores.len() - 1],
            cell.chromium.map_or(String::new(), |score| format!("{score:.2}")),
            median(of(&|outcome, _| outcome.delay_mean_ms)),
            median(of(&|outcome, _| outcome.delay_p95_ms)),
            median(of(&|outcome, _| outcome.concealed_percent)),
            median(of(&|outcome, _| outcome.recovered_percent)),
            median(of(&|outcome, _| outcome.bent)),
            median(of(&|outcome, _| outcome.kbits)),
        );
    }
}
