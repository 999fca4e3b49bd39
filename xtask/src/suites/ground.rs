use std::collections::BTreeSet;

use crate::{build::TestProgram, narrowing::Target};

/// What a suite works with.
pub struct Ground<'a> {
    /// What of the workspace may have tests that were asked for.
    pub targets: &'a BTreeSet<Target>,
    /// The test programs that were built for them, and perhaps some more.
    pub programs: &'a [TestProgram],
    /// Parts of test names that a person gave; empty for all tests.
    pub filters: &'a [String],
}

impl Ground<'_> {
    /// What narrows a test program to the tests that a person named.
    pub fn arguments(&self) -> Vec<String> {
        self.filters.to_vec()
    }
}
