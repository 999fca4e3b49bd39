//! What makes installers ones that may be given to people: an address that somebody reads, and a place of new versions with the key by
//! which those are known (docs/releasing.md). All of it comes from the environment; what stands in for it in this repository is refused.

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// Of whoever answers for the packages. Debian wants an address, and there is none that is known to be ours.
const PLACEHOLDER_CONTACT: &str = "desktop@care4w.invalid";

/// Names that lead to nobody (RFC 2606, RFC 6761).
const NOBODYS: [&str; 8] =
    ["invalid", "example", "test", "localhost", "local", "example.com", "example.net", "example.org"];

/// What is told to people and programs about these installers.
#[derive(Debug, PartialEq, Eq)]
pub struct Publishing {
    /// The address of whoever answers for them.
    pub contact: String,
    /// Where the app looks for new versions; none, and it looks nowhere.
    pub updates: Option<Updates>,
}

/// Where new versions are.
#[derive(Debug, PartialEq, Eq)]
pub struct Updates {
    /// The public key, as `tauri signer generate` writes it.
    key: String,
    /// The number of the key that signs: of that one, or of the one before it while keys change.
    signs: [u8; 8],
    /// The list of the newest version's files.
    list: String,
    /// The page for who installs by hand.
    page: String,
    /// The folder in which this version's files will stand.
    pub files: String,
}

impl Publishing {
    /// Reads the environment. `to_publish` takes nothing that stands in for something.
    pub fn read(variable: impl Fn(&str) -> Option<String>, to_publish: bool) -> Result<Self> {
        // A workflow sets what it does not have to nothing.
        let given = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let contact = given("CARE4W_CONTACT");
        if let Some(contact) = &contact {
            check_contact(contact).context("CARE4W_CONTACT")?;
        }
        let names = ["CARE4W_UPDATE_KEY", "CARE4W_UPDATE_LIST", "CARE4W_UPDATE_PAGE", "CARE4W_UPDATE_FILES"];
        let missing: Vec<&str> = names.into_iter().filter(|name| given(name).is_none()).collect();
        if to_publish {
            ensure!(
                contact.is_some(),
                "CARE4W_CONTACT is not set: the packages would name an address that nobody reads"
            );
            ensure!(missing.is_empty(), "not set, and so nobody would ever be updated: {}", missing.join(", "));
        } else if !missing.is_empty() && missing.len() < names.len() {
            bail!("updates are configured in part; not set: {}", missing.join(", "));
        }
        let updates = if missing.is_empty() {
            let [key, list, page, files] = names.map(|name| given(name).expect("none is missing").trim().to_owned());
            let mut signs =
                number_of_key(&key).context("CARE4W_UPDATE_KEY is no public key of `tauri signer generate`")?;
            if let Some(old) = given("CARE4W_UPDATE_OLD_KEY") {
                signs = number_of_key(&old).context("CARE4W_UPDATE_OLD_KEY is no public key")?;
            }
            for (name, address) in names[1..].iter().zip([&list, &page, &files]) {
                check_address(address).context(*name)?;
            }
            ensure!(
                given("TAURI_SIGNING_PRIVATE_KEY").is_some(),
                "TAURI_SIGNING_PRIVATE_KEY is not set: installed apps would wait for versions that nobody signs"
            );
            Some(Updates { key, signs, list, page, files })
        } else {
            None
        };
        Ok(Self { contact: contact.unwrap_or_else(|| PLACEHOLDER_CONTACT.to_owned()), updates })
    }

    /// What the program and its bundler are told over `tauri.conf.json`.
    pub fn config(&self) -> Value {
        match &self.updates {
            None => json!({}),
            Some(Updates { key, list, page, .. }) => json!({
                "bundle": { "createUpdaterArtifacts": true, "homepage": page },
                "plugins": { "updater": { "pubkey": key, "endpoints": [list], "page": page } },
            }),
        }
    }
}

impl Updates {
    /// Whether a signature (the content of a `.sig`) is of the key that it shall be of, and says the version that it is of.
    pub fn check_signature(&self, signature: &str, version: &str) -> Result<()> {
        let text = decoded(signature)?;
        let mut lines = text.lines();
        let number = lines.nth(1).context("a signature has four lines").and_then(number)?;
        ensure!(
            number == self.signs,
            "it is signed by another key than apps will know: TAURI_SIGNING_PRIVATE_KEY and CARE4W_UPDATE_KEY do not belong together"
        );
        let comment = lines.next().unwrap_or_default();
        ensure!(comment.split('\t').any(|word| word == format!("version:{version}")), "the signature names no version");
        Ok(())
    }
}

fn check_contact(contact: &str) -> Result<()> {
    let (name, domain) = contact.split_once('@').context("it is no e-mail address")?;
    let plain = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || "<>@\"".contains(c));
    ensure!(plain(name) && plain(domain) && domain.contains('.'), "it is no e-mail address");
    check_name(domain)
}

fn check_address(address: &str) -> Result<()> {
    let rest = address.strip_prefix("https://").context("it is not https")?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    ensure!(!host.contains('@') && host.contains('.'), "it names no place of the web");
    ensure!(!address.contains(['{', '}', ' ']), "nothing is filled in in it");
    check_name(host.split(':').next().unwrap_or_default())
}

fn check_name(host: &str) -> Result<()> {
    let host = host.trim_end_matches('.').to_lowercase();
    let nobodys = NOBODYS.iter().any(|name| host == *name || host.ends_with(&format!(".{name}")));
    ensure!(!nobodys, "{host} stands in for a place that is yet to be named");
    Ok(())
}

/// The number of a public key: eight bytes, by which a signature names it too.
fn number_of_key(key: &str) -> Result<[u8; 8]> {
    let text = decoded(key)?;
    let line = text.lines().nth(1).context("it has not two lines")?;
    let bytes = BASE64_STANDARD.decode(line.trim())?;
    ensure!(bytes.len() == 42, "it is {} bytes long, and not 42", bytes.len());
    ensure!(bytes[10..].iter().any(|byte| *byte != bytes[10]), "it stands in for a key");
    number(line)
}

/// The number in a line of a key or signature: two letters for the method go before it.
fn number(line: &str) -> Result<[u8; 8]> {
    let bytes = BASE64_STANDARD.decode(line.trim())?;
    ensure!(bytes.len() > 10 && bytes[0] == b'E' && b"dD".contains(&bytes[1]), "it is not of Ed25519");
    Ok(bytes[2..10].try_into().expect("eight bytes"))
}

fn decoded(text: &str) -> Result<String> {
    Ok(String::from_utf8(BASE64_STANDARD.decode(text.trim())?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `tauri signer generate` makes, of a key that was thrown away.
    fn key(bytes: impl Fn(u8) -> u8) -> String {
        let raw: Vec<u8> = b"Ed".iter().copied().chain((0..40).map(bytes)).collect();
        BASE64_STANDARD.encode(format!("untrusted comment: minisign public key\n{}\n", BASE64_STANDARD.encode(raw)))
    }

    fn set(changed: &[(&str, &str)], to_publish: bool) -> Result<Publishing> {
        let key = key(|at| at);
        let mut all = vec![
            ("CARE4W_CONTACT", "desktop@care4w.org"),
            ("CARE4W_UPDATE_KEY", &key),
            ("CARE4W_UPDATE_LIST", "https://updates.care4w.org/latest.json"),
            ("CARE4W_UPDATE_PAGE", "https://care4w.org/download"),
            ("CARE4W_UPDATE_FILES", "https://updates.care4w.org/v0.1.0"),
            ("TAURI_SIGNING_PRIVATE_KEY", "secret"),
        ];
        all.extend(changed);
        Publishing::read(
            |name| all.iter().rev().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned()),
            to_publish,
        )
    }

    #[test]
    fn what_is_whole_is_published() {
        let config = set(&[], true).expect("nothing is missing").config();
        assert_eq!(config["bundle"]["createUpdaterArtifacts"], true);
        assert_eq!(config["plugins"]["updater"]["endpoints"][0], "https://updates.care4w.org/latest.json");
    }

    #[test]
    fn an_installer_that_stays_here_needs_nothing_and_looks_nowhere() {
        let nothing = Publishing::read(|_| None, false).expect("nothing is needed");
        assert_eq!(nothing.updates, None);
        assert_eq!(nothing.config(), json!({}));
        assert_eq!(nothing.contact, PLACEHOLDER_CONTACT);
        assert!(Publishing::read(|_| None, true).is_err(), "and is not published");
        assert!(Publishing::read(|_| Some(String::new()), true).is_err(), "what a workflow does not have is empty");
    }

    #[test]
    fn nothing_is_published_that_stands_in_for_something() {
        let (zero, short) = (key(|_| 0), BASE64_STANDARD.encode("untrusted comment: a key\nRWQ=\n"));
        for (name, value) in [
            ("CARE4W_CONTACT", ""),
            ("CARE4W_CONTACT", PLACEHOLDER_CONTACT),
            ("CARE4W_CONTACT", "somebody@example.org"),
            ("CARE4W_CONTACT", "nobody"),
            ("CARE4W_UPDATE_KEY", ""),
            ("CARE4W_UPDATE_KEY", "PUT THE KEY HERE"),
            ("CARE4W_UPDATE_KEY", "Q0hBTkdFIE1F"),
            ("CARE4W_UPDATE_KEY", &zero),
            ("CARE4W_UPDATE_KEY", &short),
            ("CARE4W_UPDATE_LIST", ""),
            ("CARE4W_UPDATE_LIST", "http://updates.care4w.org/latest.json"),
            ("CARE4W_UPDATE_LIST", "https://updates.care4w.example/latest.json"),
            ("CARE4W_UPDATE_LIST", "https://updates.care4w.org/{{target}}"),
            ("CARE4W_UPDATE_LIST", "https://localhost/latest.json"),
            ("CARE4W_UPDATE_PAGE", "javascript:alert(1)"),
            ("CARE4W_UPDATE_FILES", ""),
            ("TAURI_SIGNING_PRIVATE_KEY", ""),
        ] {
            assert!(set(&[(name, value)], true).is_err(), "{name}={value}");
        }
        for half in [("CARE4W_UPDATE_KEY", zero.as_str()), ("CARE4W_UPDATE_LIST", "")] {
            assert!(set(&[half], false).is_err(), "half of it is a mistake everywhere: {half:?}");
        }
    }

    #[test]
    fn what_another_key_signed_or_what_names_no_version_is_not_published() {
        let updates = set(&[], true).expect("nothing is missing").updates.expect("it looks for updates");
        let signature = |first: u8, comment: &str| {
            let raw: Vec<u8> = b"ED".iter().copied().chain((first..).take(72)).collect();
            let line = BASE64_STANDARD.encode(raw);
            BASE64_STANDARD.encode(format!("untrusted comment: x\n{line}\ntrusted comment: {comment}\n{line}\n"))
        };
        let comment = "timestamp:1\tfile:x\tversion:0.1.0";
        assert!(updates.check_signature(&signature(0, comment), "0.1.0").is_ok());
        assert!(updates.check_signature(&signature(1, comment), "0.1.0").is_err(), "another key");
        assert!(updates.check_signature(&signature(0, comment), "0.2.0").is_err(), "another version");
        assert!(updates.check_signature(&signature(0, "timestamp:1\tfile:x"), "0.1.0").is_err(), "no version");
        assert!(updates.check_signature("", "0.1.0").is_err());

        // While keys change, the old one signs what holds the new one.
        let old = key(|at| at + 1);
        let changing = set(&[("CARE4W_UPDATE_OLD_KEY", &old)], true).expect("nothing is missing");
        let updates = changing.updates.expect("it looks for updates");
        assert!(updates.check_signature(&signature(1, comment), "0.1.0").is_ok());
        assert!(updates.check_signature(&signature(0, comment), "0.1.0").is_err(), "which no installed app knows yet");
    }
}
