//! Passwords from stdin; password change, password forgot.

use std::io::Read;

use crate::arguments::PasswordCommand;
use crate::failure::Failure;
use crate::output::Output;
use crate::profile::Profile;

pub async fn run(profile: &Profile, command: PasswordCommand, output: Output) -> Result<(), Failure> {
    let phone = profile.phone();
    match command {
        PasswordCommand::Change => {
            let (current, next) = two(&read()?)?;
            super::signed_in(&phone).await?;
            phone.change_password(current, next).await?;
            output.say(&serde_json::json!({"passwordChanged": true}), || {
                "The password was changed. Your other sign-ins have ended.".into()
            });
        }
        PasswordCommand::Forgot { email } => {
            let done = phone.forgot_password(&email).await?;
            output.say(&done, || done.message.clone());
        }
    }
    Ok(())
}

/// The password as it was piped in, without one newline at its end.
pub fn from_stdin() -> Result<String, Failure> {
    let password = without_newline(&read()?).to_owned();
    if password.is_empty() {
        return Err(Failure::usage("INVALID_PASSWORD", "There is no password on stdin."));
    }
    Ok(password)
}

fn read() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(64 * 1024)
        .read_to_string(&mut text)
        .map_err(|_| Failure::usage("INVALID_PASSWORD", "The password on stdin is not UTF-8 text."))?;
    Ok(text)
}

/// The password until now and the one from now on, a line each.
fn two(text: &str) -> Result<(String, String), Failure> {
    let lines = text.split_once('\n').map(|(current, next)| (current.strip_suffix('\r').unwrap_or(current), next));
    match lines.map(|(current, next)| (current, without_newline(next))) {
        Some((current, next)) if !current.is_empty() && !next.is_empty() && !next.contains('\n') => {
            Ok((current.to_owned(), next.to_owned()))
        }
        _ => Err(Failure::usage(
            "INVALID_PASSWORD",
            "Two lines are read from stdin: the password until now, and the one from now on.",
        )),
    }
}

fn without_newline(text: &str) -> &str {
    let Some(text) = text.strip_suffix('\n') else { return text };
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn two_passwords_are_two_lines_whatever_ends_them() {
        for text in ["old\nnew", "old\nnew\n", "old\r\nnew\r\n"] {
            assert_eq!(two(text).unwrap(), ("old".to_owned(), "new".to_owned()), "{text:?}");
        }
        assert_eq!(two(" a b \n c \n").unwrap(), (" a b ".to_owned(), " c ".to_owned()), "spaces belong to passwords");
        for text in ["", "old", "old\n", "\nnew\n", "old\nnew\nmore\n"] {
            assert!(two(text).is_err(), "{text:?}");
        }
    }
}
