//! The command lines of the three programs.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use care4w_tests::{Cli, Display, Environment, Process, binaries, desk};

use crate::Town;

#[test]
fn wrong_usage_of_the_command_line_phone_is_told_with_exit_code_2() {
    let town = Town::new();
    let amina = town.stranger("Amina");
    for arguments in [
        &[][..],
        &["telephone"],
        &["call"],
        &["call", "x", "--seconds", "soon"],
        &["call", "x", "--nonsense"],
        &["answer", "--calls", "-1"],
        &["register", "--email", "a@example.org", "--name", "A"],
        &["login", "--password-stdin"],
        &["phone"],
        &["phone", "set"],
        &["lookup"],
    ] {
        let outcome = amina.run(arguments, "").unwrap();
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {outcome:?}");
        let first = outcome.stderr.lines().next().unwrap_or_default();
        assert!(!first.is_empty() && !outcome.stderr.contains("panicked"), "{arguments:?}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{arguments:?}: errors go to stderr");
    }
    for (arguments, code) in [
        (&["call", "x", "--seconds=-1"][..], "INVALID_SECONDS"),
        (&["call", "x", "--seconds", "NaN"], "INVALID_SECONDS"),
        (&["answer", "--seconds", "1e99"], "INVALID_SECONDS"),
        (&["call", "x", "--digits", "12x"], "INVALID_DIGITS"),
        (&["call", "x", "--country", "XX"], "INVALID_COUNTRY"),
        (&["number", "--country", "99999"], "INVALID_COUNTRY"),
        (&["login", "--email", "a@example.org", "--password-stdin"], "INVALID_PASSWORD"),
        (&["whoami", "--server", "not a server"], "INVALID_SERVER"),
        (&["whoami", "--server", "ftp://example.org"], "INVALID_SERVER"),
        // A token must not cross the network in the clear.
        (&["whoami", "--server", "http://phone.example.org"], "INSECURE_SERVER"),
        (&["whoami", "--server", "http://127.0.0.1.example.org"], "INSECURE_SERVER"),
    ] {
        let outcome = match arguments.iter().position(|argument| *argument == "--server") {
            Some(at) => Cli::new(arguments[at + 1], amina.profile()).run(&arguments[..at], ""),
            None => amina.run(arguments, ""),
        };
        outcome.unwrap().refused(2, code).unwrap_or_else(|error| panic!("{arguments:?}: {error:#}"));
    }
}

#[test]
fn what_the_server_says_no_to_is_exit_code_1_and_one_line() {
    let town = Town::new();
    let amina = town.stranger("Amina");
    for (arguments, input, code) in [
        (
            &["register", "--email", "no address", "--name", "A", "--password-stdin"][..],
            "long enough\n",
            "VALIDATION_ERROR",
        ),
        (&["register", "--email", "a@example.org", "--name", "A", "--password-stdin"], "short\n", "VALIDATION_ERROR"),
        (
            &["register", "--email", "a@example.org", "--name", "", "--password-stdin"],
            "long enough\n",
            "VALIDATION_ERROR",
        ),
        (&["login", "--email", "a@example.org", "--password-stdin"], "long enough\n", "INVALID_CREDENTIALS"),
        (&["whoami"], "", "SIGNED_OUT"),
        (&["phone", "show"], "", "SIGNED_OUT"),
        (&["call", "0712345678", "--mic", "none", "--speaker", "none"], "", "SIGNED_OUT"),
        (&["answer", "--mic", "none", "--speaker", "none"], "", "SIGNED_OUT"),
    ] {
        let outcome = amina.run(arguments, input).unwrap();
        outcome.refused(1, code).unwrap_or_else(|error| panic!("{arguments:?}: {error:#}"));
    }
    let odd = town.person("Odd");
    for (arguments, code) in [
        (&["call", "", "--mic", "none", "--speaker", "none"][..], "EMPTY"),
        (&["call", "care4w-!", "--mic", "none", "--speaker", "none"], "INVALID_ID"),
        (&["phone", "verify", "123456"], "NOT_AVAILABLE"),
        (&["phone", "set", "+254712"], "TOO_SHORT"),
    ] {
        odd.run(arguments, "").unwrap().refused(1, code).unwrap_or_else(|error| panic!("{arguments:?}: {error:#}"));
    }
    town.assert_no_panic();
}

/// Runs a program that must end by itself, and gives its exit code and what it wrote on stderr but log lines.
fn ends(program: &str, arguments: &[&str], environment: &Environment, folder: &Path) -> (Option<i32>, Vec<String>) {
    let log = folder.join("ended.log");
    let mut command = Command::new(binaries::find(program).unwrap());
    command.args(arguments).envs(environment.iter().map(|(name, value)| (name, value))).current_dir(folder);
    command.stdin(Stdio::null());
    let mut process = Process::start_logged(program, &mut command, &log).unwrap();
    let status = process.wait_for_end(Duration::from_secs(20)).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    (status.code(), said.lines().filter(|line| !line.starts_with('{')).map(ToOwned::to_owned).collect())
}

#[test]
fn a_server_that_cannot_run_as_told_says_why_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let garbage = format!("sqlite:{}", file("garbage.db", &[7; 5000]));
    let beneath_a_file = format!("sqlite:{}/care4w.db", file("plain-file", b"x"));
    let a_folder = format!("sqlite:{}", folder.path().display());
    let broken = file("broken.toml", b"[ice]\nsecret = 'hush\n");
    let misspelt = file("misspelt.toml", b"lisen = '127.0.0.1:0'\n");
    let wrong_type = file("wrong-type.toml", b"trusted_proxies = 7\n");
    let binary = file("binary.toml", b"\xff\xfe\x00");
    let good = ["--listen", "127.0.0.1:0", "--database", "sqlite:good.db"];
    for (arguments, exit, part) in [
        (&["--listen", &taken, "--database", "sqlite:good.db"][..], 1, "cannot listen"),
        (&["--database", "postgres://127.0.0.1:1/care4w"], 1, "database"),
        (&["--bus", "nats://bus.example.org"], 1, "NOT_AVAILABLE"),
        (&["--database", "mysql://x"], 2, "--database"),
        (&["--database", "sqlite:"], 2, "--database"),
        (&["--bus", "pigeon"], 2, "--bus"),
        (&[good[0], good[1], "--database", &garbage], 1, "database"),
        (&[good[0], good[1], "--database", &beneath_a_file], 1, "database"),
        (&[good[0], good[1], "--database", &a_folder], 1, "database"),
        (&["--config", "there-is-none.toml"], 1, "configuration"),
        (&["--config", &broken], 1, "configuration"),
        (&["--config", &misspelt], 1, "lisen"),
        (&["--config", &wrong_type], 1, "configuration"),
        (&["--config", &binary], 1, "configuration"),
        (&["import", "there-is-none.jsonl"], 1, "cannot read the file"),
        (&["user", "delete", "nobody@example.org", "--database", "sqlite:good.db"], 1, "no account"),
    ] {
        let (code, said) = ends("care4w-server", arguments, &Vec::new(), folder.path());
        assert_eq!(code, Some(exit), "{arguments:?}: {said:?}");
        let [line] = &said[..] else { panic!("{arguments:?}: not one line: {said:?}") };
        assert!(line.starts_with("care4w-server: ") && line.contains(part), "{arguments:?}: {line}");
        assert!(!line.contains("hush"), "a secret of the file is shown");
    }
    for arguments in [&["--listen", "nonsense"][..], &["--listen", "127.0.0.1:99999"], &["--listen", ""], &["serve"]] {
        let (code, said) = ends("care4w-server", arguments, &Vec::new(), folder.path());
        assert_eq!(code, Some(2), "{arguments:?}: {said:?}");
        assert!(said[0].starts_with("error: "), "{said:?}");
    }
    assert_eq!(
        std::fs::read(folder.path().join("garbage.db")).unwrap(),
        [7; 5000],
        "what was no database is as it was"
    );
}

#[test]
fn the_app_refuses_flags_that_it_cannot_take_before_it_opens() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start().unwrap();
    let mut environment = display.environment();
    environment.extend(desk::own_folders(folder.path()));
    for arguments in [
        &["--profile", "../other"][..],
        &["--profile", ""],
        &["--nonsense"],
        &["--server", "http://phone.example.org"],
        &["--server", "not a server"],
    ] {
        let (code, said) = ends("care4w", arguments, &environment, folder.path());
        assert_eq!(code, Some(2), "{arguments:?}: {said:?}");
        assert!(said[0].starts_with("error: "), "{arguments:?}: {said:?}");
    }
    assert!(!folder.path().join("data").exists(), "nothing was written");
}

#[test]
fn the_app_says_in_one_line_that_there_is_no_display() {
    let folder = tempfile::tempdir().unwrap();
    for display in ["", ":4711"] {
        let nowhere = vec![("DISPLAY".to_owned(), display.to_owned()), ("WAYLAND_DISPLAY".into(), String::new())];
        let (code, said) = ends("care4w", &[], &nowhere, folder.path());
        assert_eq!(code, Some(1), "{said:?}");
        let [line] = &said[..] else { panic!("not one line: {said:?}") };
        assert!(line.contains("[NO_DISPLAY]"), "{line}");
    }
}

#[test]
fn the_app_says_in_one_line_that_its_folder_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start().unwrap();
    let file = folder.path().join("a file");
    std::fs::write(&file, "no folder").unwrap();
    let mut environment = display.environment();
    environment.extend(desk::own_folders(folder.path()));
    environment.push(("XDG_DATA_HOME".into(), file.display().to_string()));
    let (code, said) = ends("care4w", &[], &environment, folder.path());
    assert_eq!(code, Some(1), "{said:?}");
    assert!(said.iter().any(|line| line.contains("[NO_PROFILE]")), "{said:?}");
    assert!(!said.iter().any(|line| line.contains("panicked")), "{said:?}");
}
