//! The command line of the app.

use std::str::FromStr;

use care4w_client::ServerUrl;
use clap::Parser;

/// A phone for the computer.
#[derive(Clone, Debug, Parser)]
#[command(name = "care4w", version, about)]
pub struct Arguments {
    /// A profile of its own: data, sign-in and window apart from all others.
    #[arg(long, value_name = "NAME", env = "CARE4W_PROFILE")]
    pub profile: Option<ProfileName>,
    /// The server's address: https, or http to this computer.
    #[arg(long, value_name = "URL", env = "CARE4W_SERVER")]
    pub server: Option<ServerUrl>,
    /// Start without showing the window in front.
    #[arg(long)]
    pub minimized: bool,
    /// Whom to call: a number, a Care4W ID, or a tel: or care4w: link. It is filled in; it rings with one press, or at
    /// once where the settings say so.
    #[arg(value_name = "DESTINATION")]
    pub destination: Option<String>,
}

/// A name that can be part of a file name and of a bus name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileName(String);

impl ProfileName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProfileName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if fits { Ok(Self(text.to_owned())) } else { Err("a profile's name is 1 to 32 letters, digits and _") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_name_cannot_leave_its_folder() {
        for text in ["", "../other", "a/b", "a b", "a.b", &"x".repeat(33)] {
            assert!(text.parse::<ProfileName>().is_err(), "{text}");
        }
        assert_eq!("work_1".parse::<ProfileName>().unwrap().as_str(), "work_1");
    }
}
