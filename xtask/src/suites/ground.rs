use crate::build::TestProgram;

/// What a suite works with.
pub struct Ground<'a> {
    /// Every built test program; empty when no chosen suite needs them.
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
