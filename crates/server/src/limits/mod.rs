//! How often something may be asked. The machines here read no clock: `now` is handed in, and their memory is bounded.

mod address;
mod bucket;
mod daily;
mod oracle;

pub use address::{AddressKey, TrustedProxies};
pub use bucket::{Allowance, Buckets, Wait};
pub use daily::DailyCount;
pub use oracle::{Asked, Oracle, OracleLimits, Spent};
