//! The packages for Debian and for distributions with RPM, as `cargo xtask package` makes them (here out of the programs that the other
//! tests run): what is in them, and how they install, run from the menu, and go.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod machine;
#[path = "../desktop/notifications.rs"]
mod notifications;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use care4w_tests::{AppWindow, Environment, Person, Server, binaries};
use machine::Machine;
use notifications::Notifications;

/// The packages' name, everywhere.
const NAME: &str = "care4w";

/// What both packages bring, besides papers.
const BROUGHT: [&str; 8] = [
    "/usr/bin/care4w",
    "/usr/bin/care4w-cli",
    "/usr/share/applications/care4w.desktop",
    "/usr/share/icons/hicolor/128x128/apps/care4w.png",
    "/usr/share/icons/hicolor/256x256@2/apps/care4w.png",
    "/usr/share/icons/hicolor/32x32/apps/care4w.png",
    "/usr/share/icons/hicolor/512x512/apps/care4w.png",
    "/usr/share/metainfo/org.care4w.desktop.metainfo.xml",
];

/// The package of a kind that `cargo xtask test` made.
fn package(kind: &str) -> PathBuf {
    let target = binaries::folder().unwrap().parent().unwrap().to_owned();
    let folder = target.join("installers/debug/bundle").join(kind);
    let mut found = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    found.find(|path| path.extension().is_some_and(|end| end == kind)).expect("`cargo xtask test` makes the packages")
}

fn config() -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(binaries::project().join("tauri.conf.json")).unwrap()).unwrap()
}

/// Runs a program here; gives what it printed.
fn prints(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").output();
    let output = output.unwrap_or_else(|error| panic!("{program} does not start: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}:\n{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// The packages that own the libraries which these programs name to the loader.
fn owners_of_libraries(machine: &Machine) -> BTreeSet<String> {
    let mut owners = BTreeSet::new();
    for program in [BROUGHT[0], BROUGHT[1]] {
        let headers = machine.does("objdump", &["-p", program]);
        let needed: Vec<&str> =
            headers.lines().filter_map(|line| line.trim().strip_prefix("NEEDED")).map(str::trim).collect();
        assert!(needed.len() > 3, "{headers}");
        for line in machine.does("ldd", &[program]).lines() {
            let Some((name, rest)) = line.trim().split_once(" => ") else { continue };
            if !needed.contains(&name) {
                continue;
            }
            let file = rest.split(' ').next().unwrap();
            let real = machine.does("readlink", &["-f", file]);
            // Debian knows the files of merged folders by the old path or the new one.
            let real = real.trim();
            let owner = [real, real.strip_prefix("/usr").unwrap_or(real)]
                .into_iter()
                .find_map(|path| machine.runs(&Environment::new(), "dpkg", &["-S", path]).ok())
                .unwrap_or_else(|| panic!("{real} belongs to no package"));
            owners.insert(owner.split(':').next().unwrap().to_owned());
        }
    }
    owners
}

#[test]
fn the_debian_package_is_in_order_and_names_what_it_needs() {
    let package = package("deb");
    let path = package.to_str().unwrap();
    let field = |name: &str| prints("dpkg-deb", &["--field", path, name]).trim().to_owned();
    assert_eq!(field("Package"), NAME);
    assert_eq!(field("Version"), config()["version"].as_str().unwrap());
    let depends = field("Depends");
    let named: BTreeSet<&str> = depends.split(", ").map(|word| word.split(' ').next().unwrap()).collect();
    assert!(named.contains("libayatana-appindicator3-1"), "the tray's library is loaded when it is needed: {depends}");

    // Errors only: of warnings there is one for each missing manual page.
    prints("lintian", &["--fail-on", "error", "--allow-root", "--no-cfg", path]);
    let listing = prints("dpkg-deb", &["--contents", path]);
    for line in listing.lines() {
        let mut words = line.split_whitespace();
        let (mode, owner) = (words.next().unwrap(), words.next().unwrap());
        assert!(["root/root", "0/0"].contains(&owner), "{line}");
        assert!(
            !mode.contains('s') && !mode[7..].contains('w'),
            "nobody else may change it, it runs as whoever starts it: {line}"
        );
        let file = line.split_whitespace().nth(5).unwrap().trim_start_matches('.').trim_matches('/');
        assert!(
            file.is_empty() || file == "usr" || file.starts_with("usr/"),
            "no service and no setting of the system's: {line}"
        );
    }
    let control = prints("dpkg-deb", &["--info", path]);
    for script in ["preinst", "postinst", "prerm", "postrm"] {
        assert!(!control.contains(script), "nothing of ours runs as root: {control}");
    }

    let folder = tempfile::tempdir().unwrap();
    let machine = Machine::set_up(folder.path());
    machine.does("dpkg", &["--install", path]);
    for owner in owners_of_libraries(&machine) {
        assert!(named.contains(owner.as_str()), "{owner} is linked with and not in {depends}");
    }
    for file in BROUGHT {
        assert!(machine.has(file), "{file}");
    }
    machine.does("desktop-file-validate", &[BROUGHT[2]]);
    machine.does("appstreamcli", &["validate", "--no-net", BROUGHT[7]]);
    let entry = machine.does("cat", &[BROUGHT[2]]);
    let wanted: BTreeSet<String> = config()["plugins"]["deep-link"]["desktop"]["schemes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scheme| format!("x-scheme-handler/{}", scheme.as_str().unwrap()))
        .collect();
    let types = entry.lines().find_map(|line| line.strip_prefix("MimeType=")).unwrap();
    assert_eq!(types.split_terminator(';').map(str::to_owned).collect::<BTreeSet<_>>(), wanted);
    assert!(entry.contains("\nExec=care4w %u\n"), "{entry}");
    for icon in BROUGHT.iter().filter(|path| path.ends_with(".png")) {
        let folder = icon.split('/').nth(5).unwrap();
        let (size, scale) = folder.split_once('@').unwrap_or((folder, "1"));
        let pixels: u32 = size.split('x').next().unwrap().parse().unwrap();
        let real = machine.does("identify", &["-format", "%w", icon]);
        assert!([pixels, pixels * scale.parse::<u32>().unwrap()].contains(&real.parse().unwrap()), "{icon}: {real}");
    }
    let version = config()["version"].as_str().unwrap().to_owned();
    for program in [NAME, "care4w-cli"] {
        assert!(machine.does(program, &["--version"]).contains(&version));
    }
    let metainfo = machine.does("cat", &[BROUGHT[7]]);
    assert!(metainfo.contains(&format!("<release version=\"{version}\"")), "the newest release is this version");
    assert!(
        prints(
            "sh",
            &[
                "-c",
                &format!(
                    "dpkg-deb --fsys-tarfile '{path}' | tar -xO ./usr/share/doc/care4w/THIRD-PARTY.txt.gz \
        2>/dev/null | zcat || dpkg-deb --fsys-tarfile '{path}' | tar -xO usr/share/doc/care4w/THIRD-PARTY.txt.gz | zcat"
                )
            ]
        )
        .contains("Xiph"),
        "whose work it is linked with goes along: Opus"
    );
}

/// A program for the driver to start as if it were the app: it starts the app as a menu does, and stays.
fn menu(machine: &Machine, folder: &Path) -> PathBuf {
    let words: Vec<String> = machine.words("gtk-launch", &[NAME]).iter().map(|word| format!("'{word}'")).collect();
    let script = folder.join("menu");
    fs::write(&script, format!("#!/bin/sh\n{} \"$@\"\nexec sleep infinity\n", words.join(" "))).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    script
}

fn shows(window: &AppWindow, text: &str) {
    window.wait_for_value("dial-input", |value| value == text).unwrap();
    window.wait_for_state("link-note", &["asks"]).unwrap();
}

#[test]
fn the_installed_app_opens_from_its_menu_entry_with_the_number_of_a_link_and_leaves_a_persons_data() {
    let person = Person::named("Amina", "default");
    let server = Server::start().unwrap();
    let machine = Machine::set_up(person.folder());
    let handler =
        |kind: &str| machine.runs(&person.environment(), "xdg-mime", &["query", "default", kind]).unwrap_or_default();
    assert_ne!(handler("x-scheme-handler/tel").trim(), "care4w.desktop", "nothing is installed yet");
    machine.does("dpkg", &["--install", package("deb").to_str().unwrap()]);
    for kind in ["tel", "callto", "care4w"] {
        assert_eq!(handler(&format!("x-scheme-handler/{kind}")).trim(), "care4w.desktop", "{kind}: links are its own");
    }

    // From the menu, with a link: the first start. A dock knows it by the entry that was installed.
    let notifications = Notifications::show(&person);
    let mut environment = person.environment();
    environment.push(("CARE4W_SERVER".into(), server.url().into()));
    let program = menu(&machine, person.folder());
    let window =
        AppWindow::open_program(&program, &["tel:+254712345678"], &environment, &person.folder().join("window"))
            .unwrap();
    window.arrives(&person.account);
    shows(&window, "+254 712 345678");
    assert_eq!(format!("/usr/share/applications/{}", notifications.badge_is(None)), BROUGHT[2]);
    assert!(person.program_of_app().ends_with("machine/files/usr/bin/care4w"), "it is the installed one that runs");

    // A link while it runs, as a browser opens it.
    machine.runs(&environment, "xdg-open", &["tel:+254722000111"]).unwrap();
    shows(&window, "+254 722 000111");
    drop(window);

    // It goes, and what is the person's stays.
    let data = person.desk.folder().join("data/org.care4w.desktop");
    assert!(data.join("history.sqlite").is_file(), "the history is there");
    machine.does("dpkg", &["--remove", NAME]);
    machine.does("dpkg", &["--purge", NAME]);
    for file in BROUGHT {
        assert!(!machine.has(file), "{file} is left");
    }
    assert_eq!(handler("x-scheme-handler/tel").trim(), "", "no entry answers links any more");
    assert!(data.join("history.sqlite").is_file(), "the history is still there");
}

#[test]
fn the_rpm_brings_the_same_and_names_libraries_as_every_distribution_does() {
    let package = package("rpm");
    let path = package.to_str().unwrap();
    assert_eq!(
        prints("rpm", &["-qp", "--queryformat", "%{NAME} %{VERSION}", path]),
        format!("{NAME} {}", config()["version"].as_str().unwrap())
    );
    assert_eq!(prints("rpm", &["-qp", "--scripts", path]), "", "nothing of ours runs as root");
    let requires = prints("rpm", &["-qp", "--requires", path]);
    for library in [
        "libwebkit2gtk-4.1.so.0()(64bit)",
        "libgtk-3.so.0()(64bit)",
        "libasound.so.2()(64bit)",
        "libayatana-appindicator3.so.1()(64bit)",
    ] {
        assert!(requires.lines().any(|line| line.trim() == library), "{library} is not in\n{requires}");
    }
    let folder = tempfile::tempdir().unwrap();
    let machine = Machine::set_up(folder.path());
    // This machine's packages are not RPM's, so what it requires is not known to it.
    machine.does("rpm", &["--install", "--nodeps", path]);
    for file in BROUGHT {
        assert!(machine.has(file), "{file}");
    }
    machine.does("desktop-file-validate", &[BROUGHT[2]]);
    assert!(machine.does("cat", &[BROUGHT[2]]).contains("\nExec=care4w %u\n"));
    for program in [NAME, "care4w-cli"] {
        machine.does(program, &["--version"]);
    }
    machine.does("rpm", &["--erase", NAME]);
    for file in BROUGHT {
        assert!(!machine.has(file), "{file} is left");
    }
}
