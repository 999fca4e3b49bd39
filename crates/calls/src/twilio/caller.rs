//! Who calls, from what the gateway says of an incoming call.

use care4w_phone::{Care4wId, PhoneNumber};

use crate::Peer;

/// The parameter in which our server names the caller.
const NAME_PARAMETER: &str = "displayName";

/// More than any name has (`crates/protocol`: 80 characters).
const LONGEST_NAME: usize = 80;

/// The identity at Twilio of a user (TWILIO.md §8: letters, digits and underscores only).
pub(super) fn identity(id: &Care4wId) -> String {
    id.to_string().replace('-', "_")
}

/// Reads `From` and the parameters of the server's answer to Twilio.
pub(super) fn read(from: &str, params: &[(String, String)]) -> Peer {
    let named = params.iter().find(|(key, _)| key == NAME_PARAMETER).map(|(_, name)| name.trim());
    let named = named.filter(|name| !name.is_empty()).map(|name| name.chars().take(LONGEST_NAME).collect::<String>());
    if let Some(identity) = from.strip_prefix("client:") {
        let id = Care4wId::parse(&identity.replacen('_', "-", 1)).ok();
        let detail = id.as_ref().map(ToString::to_string).unwrap_or_default();
        let name = named.unwrap_or_else(|| if detail.is_empty() { "Unknown".to_owned() } else { detail.clone() });
        return Peer { care4w_id: id, name, detail };
    }
    match PhoneNumber::parse(from, None) {
        Ok(number) => {
            let shown = number.international();
            Peer { care4w_id: None, name: named.unwrap_or_else(|| shown.clone()), detail: shown }
        }
        // A number that was withheld.
        Err(_) => Peer { care4w_id: None, name: named.unwrap_or_else(|| "Unknown".to_owned()), detail: String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_a_user_a_number_or_unknown() {
        let named = [("displayName".to_owned(), " Amina ".to_owned())];
        let user = read("client:care4w_ABC1234", &named);
        assert_eq!((user.name.as_str(), user.detail.as_str()), ("Amina", "care4w-ABC1234"));
        assert_eq!(user.care4w_id.map(|id| identity(&id)).as_deref(), Some("care4w_ABC1234"));
        let number = read("+254712345678", &[]);
        assert_eq!((number.name.as_str(), number.care4w_id), ("+254 712 345678", None));
        for odd in ["", "anonymous", "+266696687", "client:", "client:\u{0}"] {
            assert!(!read(odd, &[]).name.is_empty(), "{odd:?}");
        }
    }
}
