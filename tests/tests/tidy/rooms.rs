//! Who may import whom, read from the manifests.

use std::process::Command;

use care4w_tests::binaries;
use serde_json::Value;

/// The rooms, from the ground up, and the rooms that each may import.
const ROOMS: &[(&str, &[&str])] = &[
    ("care4w-phone", &[]),
    ("care4w-protocol", &["care4w-phone"]),
    ("care4w-audio", &[]),
    ("care4w-calls", &["care4w-phone", "care4w-protocol", "care4w-audio"]),
    ("care4w-client", &["care4w-phone", "care4w-protocol", "care4w-audio", "care4w-calls"]),
    ("care4w-server", &["care4w-phone", "care4w-protocol"]),
    ("care4w-cli", &["care4w-client"]),
    ("care4w", &["care4w-client"]),
    ("care4w-tests", &["care4w-phone", "care4w-protocol"]),
    ("xtask", &["care4w-tests"]),
    // Nobody may import it but for tests.
    (TWILIO_DOUBLE, &[]),
];

/// Stands in for another company's machines: what those are built of is its own affair.
const TWILIO_DOUBLE: &str = "care4w-twilio-double";

/// Libraries (a name, or the beginning of names with `*`) and the only rooms that may name them.
///
/// What a room needs for its own tests alone is its own affair.
const OWNERS: &[(&str, &[&str])] = &[
    ("webrtc", &["care4w-calls"]),
    ("rtc", &["care4w-calls"]),
    ("cpal", &["care4w-audio"]),
    ("pulseaudio", &["care4w-audio"]),
    ("opusic-sys", &["care4w-audio"]),
    ("sonora*", &["care4w-audio"]),
    ("rlibphonenumber", &["care4w-phone"]),
    ("phonenumber", &["care4w-phone"]),
    ("tauri*", &["care4w"]),
    ("axum", &["care4w-server"]),
    // The server's store, and the history of calls.
    ("sqlx", &["care4w-client", "care4w-server"]),
    ("jsonwebtoken", &["care4w-server"]),
    // The server asks Twilio with it, and nobody else.
    ("reqwest", &["care4w-client", "care4w-server"]),
    ("keyring", &["care4w-client"]),
    ("tokio-tungstenite", &["care4w-calls", "care4w-client"]),
    // No network and no runtime below the calls.
    ("tokio", &["care4w-calls", "care4w-client", "care4w-server", "care4w-cli", "care4w", "care4w-tests"]),
];

/// A package of this repository.
struct Room {
    name: String,
    version: String,
    /// Names of what it imports, what only its tests import left out.
    imports: Vec<String>,
}

fn rooms() -> Vec<Room> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(binaries::project())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let room = |package: &Value| Room {
        name: text(&package["name"]),
        version: text(&package["version"]),
        imports: package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| text(&dependency["name"]))
            .collect(),
    };
    metadata["packages"].as_array().unwrap().iter().map(room).collect()
}

/// Versions of all packages.
pub fn versions() -> Vec<String> {
    rooms().into_iter().map(|room| room.version).collect()
}

/// Every room is in the table and imports what the table allows.
pub fn check_rooms() {
    let mut wrong = Vec::new();
    for room in rooms() {
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room.name) else {
            panic!("{} is a new room: say in ARCHITECTURE.md and in {} what it may import", room.name, file!());
        };
        let ours = room.imports.iter().filter(|import| import.starts_with("care4w"));
        for import in ours.filter(|import| !allowed.contains(&import.as_str())) {
            wrong.push(format!("{} imports {import}", room.name));
        }
    }
    assert!(wrong.is_empty(), "against the room table of ARCHITECTURE.md:\n{}", wrong.join("\n"));
}

/// Every library is imported only by its owners.
pub fn check_owners() {
    let mut wrong = Vec::new();
    for room in rooms().into_iter().filter(|room| room.name != TWILIO_DOUBLE) {
        for import in &room.imports {
            let owners = OWNERS.iter().find(|(library, _)| match library.strip_suffix('*') {
                Some(beginning) => import.starts_with(beginning),
                None => import == library,
            });
            if owners.is_some_and(|(_, rooms)| !rooms.contains(&room.name.as_str())) {
                wrong.push(format!("{} imports {import}", room.name));
            }
        }
    }
    assert!(wrong.is_empty(), "libraries outside the room that owns them:\n{}", wrong.join("\n"));
}
