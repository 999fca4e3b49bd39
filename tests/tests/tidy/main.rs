//! The rules of ARCHITECTURE.md that a test can hold. Quick: it reads the repository and builds nothing.
#![allow(clippy::unwrap_used)]

mod repository;
mod rooms;
mod text;

use repository::Repository;

/// Files and folders, by how their paths begin, that hold a state machine: they are told the time and never ask for it.
const MACHINES: &[&str] = &[
    "crates/audio/src/jitter/",
    "crates/calls/src/call",
    "crates/calls/src/twilio/backoff.rs",
    "crates/calls/src/twilio/pstream",
    "crates/client/src/phone_prompt.rs",
    "crates/client/src/signalling",
    "crates/server/src/limits/",
    "crates/server/src/signalling/switchboard/",
];

/// What asks for the time, in the languages of this repository.
const CLOCKS: &[&str] =
    &["Instant::now", "SystemTime::now", "now_utc", "Utc::now", ".elapsed()", "thread::sleep", "tokio::time"];

/// More lines than this, and a file holds two things.
const LONGEST_FILE: usize = 500;

/// Names that say nothing about what a thing is.
const EMPTY_NAMES: &[&str] = &["manager", "helper", "helpers", "util", "utils", "misc", "common"];

#[test]
fn every_room_imports_only_the_rooms_below_it() {
    rooms::check_rooms();
}

#[test]
fn every_library_is_named_only_in_the_room_that_owns_it() {
    rooms::check_owners();
}

#[test]
fn a_state_machine_reads_no_clock() {
    let repository = Repository::read();
    let mut wrong = Vec::new();
    for machine in MACHINES {
        let files: Vec<_> = repository.files.iter().filter(|file| file.path.starts_with(machine)).collect();
        assert!(!files.is_empty(), "{machine} holds a state machine and is not there: mend the list in {}", file!());
        for file in files.iter().filter(|file| !file.is_test()) {
            for (line, text) in file.code_lines() {
                if CLOCKS.iter().any(|clock| text.contains(clock)) {
                    wrong.push(format!("{}:{line}: {}", file.path, text.trim()));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "a machine is handed `now`, so that a test can run minutes in a moment:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn no_file_holds_more_than_one_thing() {
    let repository = Repository::read();
    let long = repository
        .sources()
        .filter(|file| file.path != "ui/src/backend/bindings.ts")
        .map(|file| (file.text.lines().count(), &file.path))
        .filter(|&(lines, _)| lines > LONGEST_FILE)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect::<Vec<_>>();
    assert!(long.is_empty(), "at most {LONGEST_FILE} lines a file:\n{}", long.join("\n"));
}

#[test]
fn names_say_what_a_thing_is() {
    let repository = Repository::read();
    let mut wrong = Vec::new();
    for file in repository.sources() {
        if EMPTY_NAMES.contains(&file.stem().to_lowercase().as_str()) {
            wrong.push(file.path.clone());
        }
        for (line, name) in text::defined_names(file) {
            if text::words(&name).iter().any(|word| EMPTY_NAMES.contains(&word.as_str())) {
                wrong.push(format!("{}:{line}: {name}", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "names that say nothing:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_backend_module_of_the_ui_talks_to_tauri() {
    let repository = Repository::read();
    let wrong: Vec<_> = repository
        .sources()
        .filter(|file| file.path.starts_with("ui/") && !file.path.starts_with("ui/src/backend/"))
        .filter(|file| file.text.contains("@tauri-apps"))
        .map(|file| file.path.as_str())
        .collect();
    assert!(wrong.is_empty(), "only ui/src/backend imports @tauri-apps: {wrong:?}");
}

#[test]
fn every_window_is_confined_to_its_own_page_and_none_has_developer_tools_in_a_release() {
    let repository = Repository::read();
    let (mut windows, mut wrong) = (0, Vec::new());
    for file in repository.files.iter().filter(|file| file.path.starts_with("src-tauri/") && file.path.ends_with(".rs"))
    {
        let made = file.text.matches("WebviewWindowBuilder::new(").count();
        windows += made;
        if file.text.matches("links::confined(").count() < made {
            wrong.push(file.path.as_str());
        }
    }
    assert!(windows > 0, "windows are made where this looks for it");
    assert!(wrong.is_empty(), "a window that is not made through `links::confined` is a browser: {wrong:?}");
    let manifests = repository.files.iter().filter(|file| file.path.ends_with("Cargo.toml"));
    let with: Vec<_> = manifests.filter(|file| file.text.contains("\"devtools\"")).map(|file| &file.path).collect();
    assert!(with.is_empty(), "Tauri's feature `devtools` opens a release to whoever sits before it: {with:?}");
}

#[test]
fn no_test_is_left_out_and_nothing_is_left_to_do() {
    // Written in two parts, so that this file does not name them.
    let marks = [
        concat!("#[ig", "nore"),
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("it.sk", "ip("),
        concat!("it.on", "ly("),
        concat!("describe.sk", "ip("),
    ];
    let repository = Repository::read();
    let wrong = repository.lines_with(&marks);
    assert!(wrong.is_empty(), "left out or left to do:\n{}", wrong.join("\n"));
}

#[test]
fn nothing_names_a_package_registry_or_a_path_of_one_machine() {
    let marks = [
        concat!("crates", ".io"),
        concat!("pypi", ".org"),
        concat!("python", "hosted.org"),
        concat!("npm", "js.org"),
        concat!("deb.", "debian.org"),
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("/tmp", "/bin"),
        concat!("/home", "/"),
    ];
    let repository = Repository::read();
    let wrong = repository.lines_with(&marks);
    assert!(wrong.is_empty(), "the repository is not of one machine:\n{}", wrong.join("\n"));
}

#[test]
fn no_secret_key_is_in_the_repository_and_releases_refuse_what_stands_in_for_one() {
    // How a secret key of the updater's tools begins, as it is in a file and as it is in a workflow's secret.
    let marks = [
        concat!("RWRTY", "0Iy"),
        concat!("dW50cnVzdGVkIGNvbW1lbnQ6IHJz", "aWdu"),
        concat!("rsign encrypted ", "secret key"),
    ];
    let repository = Repository::read();
    let wrong = repository.lines_with(&marks);
    assert!(wrong.is_empty(), "a secret key:\n{}", wrong.join("\n"));

    let workflow = repository.files.iter().find(|file| file.path.ends_with("workflows/release.yml")).unwrap();
    let packages: Vec<_> = workflow.text.lines().filter(|line| line.contains("xtask package")).collect();
    assert!(!packages.is_empty(), "the workflow makes packages");
    assert!(packages.iter().all(|line| line.ends_with(" --to-publish")), "{packages:?}");
}

#[test]
fn every_crate_says_first_what_it_is_for() {
    let repository = Repository::read();
    let crates: Vec<_> = repository.files.iter().filter(|file| file.path.ends_with("src/lib.rs")).collect();
    assert!(crates.len() >= 7, "the crates lie where this looks for them");
    let silent: Vec<_> =
        crates.iter().filter(|file| text::opening_paragraph(file).len() < 60).map(|file| file.path.as_str()).collect();
    assert!(
        silent.is_empty(),
        "lib.rs opens with a paragraph of //!, what the room is for and what it must not know: {silent:?}"
    );
}

#[test]
fn the_architecture_is_written_down_with_its_invariants() {
    let repository = Repository::read();
    let file = repository.files.iter().find(|file| file.path == "ARCHITECTURE.md").expect("ARCHITECTURE.md is there");
    let invariants = file.text.matches("Architecture Invariant:").count();
    assert!(invariants >= 5, "ARCHITECTURE.md names {invariants} invariants");
}

#[test]
fn what_a_page_names_as_its_proof_is_there() {
    let repository = Repository::read();
    let folders = ["crates/", "src-tauri/", "tests/", "ui/", "xtask/", "docs/", "capabilities/"];
    for page in repository.files.iter().filter(|file| file.path.starts_with("docs/") && file.path.ends_with(".md")) {
        for named in
            page.text.split('`').skip(1).step_by(2).filter(|word| folders.iter().any(|at| word.starts_with(at)))
        {
            let path = named.trim_end_matches('/');
            // Patterns and places in a text are no files.
            if path.contains(['*', ' ', '…', '{', ':', '<']) {
                continue;
            }
            assert!(care4w_tests::binaries::project().join(path).exists(), "{} names `{named}`", page.path);
        }
    }
}

#[test]
fn the_app_the_ui_and_the_crates_carry_one_version() {
    let repository = Repository::read();
    let json = |path: &str| -> serde_json::Value {
        let file = repository.files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path} is there"));
        serde_json::from_str(&file.text).unwrap()
    };
    let crates = rooms::versions();
    let one = crates.first().unwrap().clone();
    assert!(crates.iter().all(|version| *version == one), "the crates' versions differ: {crates:?}");
    assert_eq!(json("tauri.conf.json")["version"], one, "tauri.conf.json");
    assert_eq!(json("package.json")["version"], one, "package.json");
}
