use care4w_protocol::ErrorCode;
use care4w_protocol::rest::VerifyRequest;

use crate::error::Problem;
use crate::extract::{Body, Caller};

fn off() -> Problem {
    Problem::new(
        ErrorCode::NotAvailable,
        "This server does not verify numbers: a number counts as soon as it is saved.",
    )
}

/// Proves a claimed number by the code that was sent. Not available while `verification` is `off` (see `GET /config`).
#[utoipa::path(post, path = "/users/phone/verify", tag = "phone number", security(("bearer" = [])), request_body = VerifyRequest,
    responses((status = 501, description = "NOT_AVAILABLE: verification is off")))]
pub async fn verify(_caller: Caller, Body(_request): Body<VerifyRequest>) -> Problem {
    off()
}

/// Sends the code again. Not available while `verification` is `off`.
#[utoipa::path(post, path = "/users/phone/verify/send", tag = "phone number", security(("bearer" = [])),
    responses((status = 501, description = "NOT_AVAILABLE: verification is off")))]
pub async fn send(_caller: Caller) -> Problem {
    off()
}
