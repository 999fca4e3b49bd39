//! How long a build takes when nothing changed. The first one's length is whatever `cargo xtask run` took on a clean clone.

use std::time::Instant;

use anyhow::Result;

use super::{Figure, Figures};
use crate::build;

pub fn measure() -> Result<Figures> {
    let start = Instant::now();
    build::binaries()?;
    Ok(vec![Figure::one("build again, nothing changed", "s", start.elapsed().as_secs_f64())])
}
