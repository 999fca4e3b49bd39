use care4w_phone::Care4wId;
use rand::Rng;

/// Capitals and digits without those that look like others (0 O, 1 I L, 5 S, 8 B, U V).
const CLEAR: &[u8] = b"2346789ACDEFGHJKMNPQRTVWXYZ";

fn random_clear(count: usize) -> String {
    // `rand::rng` is a CSPRNG seeded by the operating system.
    let mut rng = rand::rng();
    (0..count).map(|_| char::from(CLEAR[rng.random_range(0..CLEAR.len())])).collect()
}

/// A random id of seven clear characters: ten thousand million of them, none to be guessed from another.
pub fn random_care4w_id() -> Care4wId {
    Care4wId::parse(&format!("care4w-{}", random_clear(7))).expect("seven letters or digits make an id")
}

/// A random password that can be read out over a telephone: 76 bits.
pub fn random_password() -> String {
    (0..4).map(|_| random_clear(4)).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_have_seven_clear_characters_and_do_not_repeat() {
        let ids: HashSet<String> = (0..1000).map(|_| random_care4w_id().to_string()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            let own = &id["care4w-".len()..];
            assert_eq!(own.len(), 7);
            assert!(own.bytes().all(|byte| CLEAR.contains(&byte)), "{id}");
        }
    }
}
