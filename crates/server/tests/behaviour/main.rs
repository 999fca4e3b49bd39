//! The server as clients meet it: over HTTP and WebSocket, on a port of its own, with a database of its own.
#![allow(clippy::unwrap_used)]

mod account_end;
mod accounts;
mod addresses;
mod binary;
mod blocking;
mod both_stores;
mod budgets;
mod import;
mod lookup;
mod malformed;
mod numbers;
mod password_links;
mod scrapers;
mod server;
mod signalling;
mod signalling_abuse;
mod slow;
mod smtp;
mod timing;
mod twilio;
mod verification;
mod verifiers;
