//! WAV files in the place of a microphone and a speaker.

mod reader;
mod writer;

pub use reader::WavReader;
pub use writer::WavWriter;

#[cfg(test)]
mod tests;
