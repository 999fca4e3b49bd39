//! What a virtual display shows, read without asking it: Xvfb keeps its pixels in a file.

use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::screenshot::Area;

/// How often the pixels are looked at.
const INTERVAL: Duration = Duration::from_millis(5);

/// Pictures of which fewer pixels than this differ are the same: a caret blinks.
const SAME: f64 = 0.004;

/// The pixels of a display.
pub struct Framebuffer {
    file: File,
    /// Bytes before the first pixel, and of a row.
    offset: u64,
    row: u64,
}

impl Framebuffer {
    /// Opens the one that an Xvfb with `-fbdir FOLDER` keeps there (screen 0).
    pub fn open(folder: &Path) -> Result<Self> {
        let path: PathBuf = folder.join("Xvfb_screen0");
        let file = File::open(&path).with_context(|| format!("no pixels in {}", path.display()))?;
        // A window dump (XWDFile.h): numbers of 32 bits, the most significant byte first.
        let mut header = [0; 80];
        file.read_exact_at(&mut header, 0)?;
        let number = |index: usize| -> u64 {
            let bytes = header[index * 4..index * 4 + 4].try_into().expect("four bytes");
            u32::from_be_bytes(bytes).into()
        };
        let (size, bits, row, colours) = (number(0), number(11), number(12), number(19));
        if bits != 32 {
            bail!("a pixel of this display has {bits} bits, not 32");
        }
        Ok(Self { file, offset: size + colours * 12, row })
    }

    /// The pixels of an area as they are now, row by row, four bytes each.
    pub fn read(&self, area: Area) -> Result<Vec<u8>> {
        let width = area.width as usize * 4;
        let mut pixels = vec![0; width * area.height as usize];
        for (index, row) in pixels.chunks_exact_mut(width).enumerate() {
            let at = self.offset + (u64::from(area.y) + index as u64) * self.row + u64::from(area.x) * 4;
            self.file.read_exact_at(row, at)?;
        }
        Ok(pixels)
    }

    /// How long after `start` the area showed what it shows in the end: when nothing in it has changed for `quiet`.
    ///
    /// # Errors
    ///
    /// When it still changes, or shows nothing, at `deadline` after the start.
    pub fn shown_after(&self, area: Area, start: Instant, quiet: Duration, deadline: Duration) -> Result<Duration> {
        let mut pictures = vec![(Duration::ZERO, self.read(area)?)];
        loop {
            std::thread::sleep(INTERVAL);
            let now = start.elapsed();
            let picture = self.read(area)?;
            let (since, last) = pictures.last().expect("there is one from the start");
            if differs(last, &picture) {
                pictures.push((now, picture));
            } else if now - *since > quiet && is_painted(last) {
                break;
            }
            if now > deadline {
                bail!("the window is not shown after {} s", deadline.as_secs());
            }
        }
        let (_, shown) = pictures.last().cloned().expect("there is one from the start");
        let first = pictures.iter().find(|(_, picture)| !differs(picture, &shown)).expect("the last one is the same");
        Ok(first.0)
    }
}

fn differs(one: &[u8], other: &[u8]) -> bool {
    let different = one.chunks_exact(4).zip(other.chunks_exact(4)).filter(|(a, b)| a[..3] != b[..3]).count();
    different as f64 > SAME * (one.len() / 4) as f64
}

/// Whether there is more to be seen than an empty window: letters have many shades.
fn is_painted(picture: &[u8]) -> bool {
    let mut colours: Vec<&[u8]> = picture.chunks_exact(4).map(|pixel| &pixel[..3]).collect();
    colours.sort_unstable();
    colours.dedup();
    colours.len() > 40
}
