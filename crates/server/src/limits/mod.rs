//! How often something may be asked. The machines here read no clock: `now` is handed in, and their memory is bounded. A
//! clock that goes back stands still for them.

mod address;
mod bucket;
mod daily;
mod guarded;
mod oracle;
mod proxies;

pub use address::AddressKey;
pub use bucket::{Allowance, Buckets, Wait};
pub use daily::DailyCount;
pub use guarded::Guarded;
pub use oracle::{Asked, Oracle, OracleLimits};
pub use proxies::TrustedProxies;
