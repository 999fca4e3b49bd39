//! Calls over Twilio Voice, natively: Twilio's signalling ("PStream", TWILIO.md) and the same media as peer to peer.
//!
//! Not yet confirmed against the live service: what the gateway does is known from the client that Twilio publishes and
//! from one old capture, and tried against a double that the published client accepts.

mod backoff;
mod caller;
mod codes;
mod edges;
mod frames;
mod params;
mod pstream;
