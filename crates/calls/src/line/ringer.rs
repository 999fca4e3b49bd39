//! Tones of the line.
