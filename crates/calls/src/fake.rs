//! A backend without a network, for tests: two of them joined carry frames to each other in memory.
