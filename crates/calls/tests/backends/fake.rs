//! The fake holds to the contract.

use care4w_calls::fake::FakeNetwork;
use tokio::sync::mpsc;

use crate::phone::{Phone, party};

fn phones() -> (Phone, Phone) {
    let network = FakeNetwork::new();
    let phone = |id, name| {
        let (events, receiver) = mpsc::unbounded_channel();
        Phone::new(party(id, name), network.join(party(id, name), events), receiver)
    };
    (phone("care4w-AMINA11", "Amina"), phone("care4w-BRIAN22", "Brian"))
}

crate::contract! { phones() }
