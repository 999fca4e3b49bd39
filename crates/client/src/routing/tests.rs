use care4w_phone::Region;

use super::*;
use crate::dialling::read;

const RING: Found = Found::Somebody(Verdict::Ring);
const NAMESAKE: Found = Found::Somebody(Verdict::Confirm);
const ONESELF: Found = Found::Somebody(Verdict::Oneself);

fn to(text: &str) -> Destination {
    read(text, Some(Region::KENYA)).unwrap()
}

/// What was typed, how Twilio stands, whether free calls go first, who was found, and the ways.
type Row = (&'static str, TwilioVoice, bool, Found, Result<Ways, NoWay>);

fn table(rows: &[Row]) {
    for (typed, twilio, free, found, expected) in rows {
        assert_eq!(
            ways(&to(typed), *twilio, *free, *found),
            *expected,
            "{typed}, {twilio:?}, free calls {free}, {found:?}"
        );
    }
}

const fn go(first: Route, then: Option<Route>) -> Result<Ways, NoWay> {
    Ok(Ways { first, then })
}

#[test]
fn without_twilio_whoever_is_found_is_called_peer_to_peer_and_nobody_else_is_called() {
    use TwilioVoice::NotActive;
    let p2p = go(Route::P2p, None);
    table(&[
        ("0712345678", NotActive, false, RING, p2p),
        ("0712345678", NotActive, true, RING, p2p),
        ("+254712345678", NotActive, false, NAMESAKE, p2p),
        ("0712345678", NotActive, false, ONESELF, p2p),
        ("care4w-ABC1234", NotActive, false, RING, p2p),
        ("0712345678", NotActive, false, Found::Nobody, Err(NoWay::Nobody)),
        ("care4w-ABC1234", NotActive, true, Found::Nobody, Err(NoWay::Nobody)),
        ("0712345678", NotActive, false, Found::Unknown, Err(NoWay::NotAsked)),
    ]);
}

#[test]
fn with_twilio_active_every_destination_goes_over_twilio_and_falls_back_to_care4w_where_it_can() {
    use TwilioVoice::Active;
    table(&[
        ("0712345678", Active, false, RING, go(Route::Twilio, Some(Route::P2p))),
        ("+254712345678", Active, false, RING, go(Route::Twilio, Some(Route::P2p))),
        ("care4w-ABC1234", Active, false, RING, go(Route::Twilio, Some(Route::P2p))),
        ("0712345678", Active, false, Found::Nobody, go(Route::Twilio, None)),
        ("0712345678", Active, false, Found::Unknown, go(Route::Twilio, None)),
        ("care4w-ABC1234", Active, false, Found::Unknown, go(Route::Twilio, None)),
        ("0712345678", Active, false, NAMESAKE, go(Route::Twilio, None)),
        ("care4w-ABC1234", Active, false, Found::Nobody, Err(NoWay::Nobody)),
    ]);
}

#[test]
fn free_calls_go_peer_to_peer_first_where_the_person_is_known() {
    use TwilioVoice::Active;
    table(&[
        ("0712345678", Active, true, RING, go(Route::P2p, Some(Route::Twilio))),
        ("care4w-ABC1234", Active, true, RING, go(Route::P2p, None)),
        ("0712345678", Active, true, Found::Nobody, go(Route::Twilio, None)),
        ("0712345678", Active, true, Found::Unknown, go(Route::Twilio, None)),
        ("0712345678", Active, true, NAMESAKE, go(Route::Twilio, None)),
    ]);
}

#[test]
fn emergency_and_short_numbers_are_no_destination_for_any_way() {
    for (typed, code) in
        [("112", "EMERGENCY_NUMBER"), ("911", "EMERGENCY_NUMBER"), ("999", "EMERGENCY_NUMBER"), ("100", "SHORT_NUMBER")]
    {
        let problem = read(typed, Some(Region::KENYA)).unwrap_err();
        assert_eq!(problem.code, code, "{typed}");
    }
    let sentence = read("112", Some(Region::KENYA)).unwrap_err().message;
    assert!(sentence.contains("emergency") && sentence.contains("112"), "which number to dial on a phone: {sentence}");
}

#[test]
fn what_a_lookup_says_of_the_way_follows_the_server() {
    assert_eq!(route(TwilioVoice::NotActive), Route::P2p);
    assert_eq!(route(TwilioVoice::Active), Route::Twilio);
}
