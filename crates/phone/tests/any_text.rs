//! Whatever somebody types, pastes or sends: an answer, never a panic.
#![allow(clippy::unwrap_used)]

use care4w_phone::{AsYouType, Care4wId, Destination, NumberReport, PhoneNumber, Region, clean};
use proptest::prelude::*;

/// Any text, and texts of the characters that numbers and their decorations are made of.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[0-9+()*#;=x./ \u{660}-\u{669}０-９＋\u{200b}\u{202a}a-z-]{0,40}", "[+0-9]{0,300}"]
}

fn region() -> impl Strategy<Value = Option<Region>> {
    prop::option::of(prop::sample::select(Region::all()))
}

/// The parts of links and the marks that stand for something, in any order: no longer than a number may be.
fn disorder() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "tel:",
        "care4w:",
        ";phone-context=",
        "+254",
        "example.com",
        ";ext=",
        ";isub=",
        ";x=y",
        ";",
        "0712345678",
        "7",
        "00",
        "+",
        "x",
        "#",
        "(0)",
        "～",
        "~",
        "\u{200b}",
        "\u{10ffff}",
        " ext. ",
        ",",
        "%2B",
    ]);
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_parts_of_a_link_in_any_order_are_answered(text in disorder(), region in region()) {
        let _ = NumberReport::of(&text, region);
        let _ = Destination::parse(&text, region);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_number_rules_panic(text in text(), region in region()) {
        let _ = PhoneNumber::parse(&text, region);
        let _ = NumberReport::of(&text, region);
        let _ = Destination::parse(&text, region);
        let _ = Care4wId::parse(&text);
        let _ = Region::parse_hint(&text);
        let _ = AsYouType::format(&text, region);
    }

    #[test]
    fn cleaning_twice_is_cleaning_once(text in text()) {
        let once = clean(&text);
        prop_assert_eq!(clean(&once), once);
    }

    #[test]
    fn a_number_read_once_is_read_again_from_its_full_form(text in text(), region in region()) {
        if let Ok(number) = PhoneNumber::parse(&text, region) {
            prop_assert_eq!(PhoneNumber::parse(number.full(), None).unwrap(), number.clone());
            prop_assert_eq!(format!("+{}{}", number.country_code(), number.national()), number.full());
        }
    }

    #[test]
    fn a_destination_is_a_valid_number_or_id(text in text(), region in region()) {
        match Destination::parse(&text, region) {
            Ok(Destination::Number(dialled)) => {
                let full = dialled.number.full();
                prop_assert!(full.starts_with('+') && full[1..].bytes().all(|b| b.is_ascii_digit()));
            }
            Ok(Destination::Id(id)) => prop_assert_eq!(Care4wId::parse(id.as_str()).unwrap(), id),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

/// Up to 100 kB of a few pieces over and over: what makes a reader go back, or deeper, at every step.
fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "00+",
            "+",
            "0",
            "9",
            "(0)",
            "(",
            " ",
            ";",
            ";ext=",
            ";phone-context=",
            "tel:",
            "care4w:",
            "care4w-",
            "%2B",
            "x",
            "ext. 1",
            "#",
            "~",
            "\u{200b}",
            "\u{ff10}",
            "\u{1d7ce}",
            "é",
            "\u{10ffff}",
            "\0",
        ])
        .prop_map(str::to_owned),
        "[0-9+()x#;-]{1,6}",
    ];
    (prop::collection::vec(piece, 1..4), 1..=100_000usize).prop_map(|(pieces, length)| {
        let mut text = pieces.concat().repeat(length / pieces.concat().len() + 1);
        let end = (0..=length.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hundred_kilobytes_of_anything_are_answered(text in hostile_text(), region in region()) {
        let long = text.chars().count() > 250;
        prop_assert!(!long || clean(&text).is_empty(), "what is too long for a number is none");
        prop_assert!(!long || PhoneNumber::parse(&text, region).is_err());
        prop_assert!(!long || Destination::parse(&text, region).is_err());
        let _ = Care4wId::parse(&text);
        let _ = Region::parse_hint(&text);
        let _ = AsYouType::format(&text, region);
        let _ = NumberReport::of(&text, region);
    }
}

#[test]
fn a_huge_text_is_too_long_and_nothing_else() {
    for text in ["1".repeat(1_000_000), "+".repeat(251), "é".repeat(251), "(".repeat(100_000)] {
        assert_eq!(Destination::parse(&text, Some(Region::KENYA)).unwrap_err().code(), "TOO_LONG");
        assert_eq!(NumberReport::of(&text, Some(Region::KENYA)).reason, Some("TOO_LONG"));
    }
}
