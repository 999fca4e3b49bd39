//! Why there is no new version, or why it was not taken: a stable code, and a sentence for each.

use care4w_client::Problem;
use care4w_client::fetch::FetchError;
use tauri_plugin_updater::Error;

/// This program has no key: nobody is asked.
pub fn not_in_this_build() -> Problem {
    Problem::new("UPDATES_NOT_AVAILABLE", "Updates are not available in this build.")
}

/// A call is under way, or began meanwhile.
pub fn in_a_call() -> Problem {
    Problem::new("LINE_BUSY", "End the call you're in first.")
}

/// There is nothing to install, or not by itself.
pub fn nothing_there() -> Problem {
    Problem::new("NO_UPDATE", "There is no new version to install.")
}

/// Somebody looks or installs already.
pub fn under_way() -> Problem {
    Problem::new("UPDATE_UNDER_WAY", "It is being done already.")
}

/// It could not be put in the place of what runs.
pub fn not_installed() -> Problem {
    Problem::new(
        "UPDATE_NOT_INSTALLED",
        "The new version could not be installed. This one goes on; try again, or install it by hand.",
    )
}

/// What was asked for did not come.
pub fn not_fetched(error: FetchError) -> Problem {
    match error {
        FetchError::Unreachable | FetchError::TooSlow => {
            Problem::new("UPDATE_UNREACHABLE", "The place of new versions can't be reached. Try again later.")
        }
        FetchError::Refused(_) => {
            Problem::new("UPDATE_REFUSED", "The place of new versions doesn't answer as it should. Try again later.")
        }
        FetchError::TooLarge => Problem::new(
            "UPDATE_TOO_LARGE",
            "What came in place of a new version is far too large. It was thrown away.",
        ),
        FetchError::Insecure => Problem::new(
            "UPDATE_INSECURE",
            "The place of new versions leads to an address that isn't safe. Nothing was fetched.",
        ),
    }
}

/// What came is not what it should be.
pub fn not_taken(error: &Error) -> Problem {
    match error {
        Error::Minisign(_) | Error::Base64(_) | Error::SignatureUtf8(_) => Problem::new(
            "UPDATE_NOT_GENUINE",
            "What came is not signed by the makers of Care4W, or was changed on its way. It was thrown away.",
        ),
        Error::SignedVersionMismatch { .. } | Error::MissingSignedVersion => {
            Problem::new("UPDATE_OTHER_VERSION", "What came is another version than was announced. It was thrown away.")
        }
        Error::Serialization(_) | Error::Semver(_) | Error::UrlParse(_) => unreadable(),
        _ => not_installed(),
    }
}

/// An answer that nobody can read.
pub fn unreadable() -> Problem {
    Problem::new("UPDATE_UNREADABLE", "The place of new versions answers what Care4W can't read.")
}
