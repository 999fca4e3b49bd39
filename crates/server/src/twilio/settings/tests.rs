//! What the settings of Twilio are read as.

#![allow(clippy::unwrap_used)]

use super::*;

fn sid(begins: &str) -> Option<String> {
    Some(format!("{begins}{:032x}", 0xabc))
}

fn whole() -> Twilio {
    Twilio {
        account: sid("AC"),
        key: sid("SK"),
        secret: Some("hush".to_owned().into()),
        auth_token: Some("hush too".to_owned().into()),
        application: sid("AP"),
        caller_id: Some("+1 202-555-0143".into()),
        ..Twilio::default()
    }
}

fn refused(given: &Twilio) -> TwilioSettingsError {
    given.voice(None).unwrap_err()
}

#[test]
fn half_of_it_is_an_error_that_names_what_is_missing_and_shows_nothing() {
    assert!(Twilio::default().voice(None).unwrap().is_none());
    let verify = Twilio { account: None, auth_token: None, application: None, caller_id: None, ..whole() };
    assert!(verify.voice(None).unwrap().is_none(), "key and secret alone are Verify's");
    let half = Twilio { auth_token: None, caller_id: None, ..whole() };
    let said = refused(&half).to_string();
    assert!(said.ends_with("missing: auth_token, caller_id") && !said.contains("hush"), "{said}");
    assert!(!format!("{:?} {:?}", whole(), whole().voice(None)).contains("hush"));
}

#[test]
fn what_is_wrong_is_named() {
    let wrong = [
        (Twilio { key: sid("AC"), ..whole() }, TwilioSettingsError::NoSid("key", "SK")),
        (Twilio { account: Some("AC1/../x".into()), ..whole() }, TwilioSettingsError::NoSid("account", "AC")),
        (Twilio { caller_id: Some("0712".into()), ..whole() }, TwilioSettingsError::NoCallerId),
        (Twilio { countries: Some("KE, Mars".into()), ..whole() }, TwilioSettingsError::NoCountry),
        (Twilio { edge: Some("evil.example.org/".into()), ..whole() }, TwilioSettingsError::NoPlace),
        (Twilio { minutes_a_call: Some(0), ..whole() }, TwilioSettingsError::NoNumberOfMinutes),
        (Twilio { token_seconds: Some(29), ..whole() }, TwilioSettingsError::NoNumberOfMinutes),
        (Twilio { token_seconds: Some(86_401), ..whole() }, TwilioSettingsError::NoNumberOfMinutes),
    ];
    for (given, wanted) in wrong {
        assert_eq!(refused(&given), wanted);
    }
}

#[test]
fn a_token_lasts_as_long_as_it_is_said_between_half_a_minute_and_a_day() {
    let lasts = |token_seconds| Twilio { token_seconds, ..whole() }.voice(None).unwrap().unwrap().token_seconds;
    assert_eq!([None, Some(30), Some(86_400)].map(lasts), [3_600, 30, 86_400]);
}

#[test]
fn credentials_go_to_no_plain_address() {
    for url in ["http://api.example.org", "ftp://127.0.0.1", "api", "http://127.0.0.1.example.org", "https://u:p@h"] {
        let given = Twilio { api_url: Some(url.into()), ..whole() };
        assert_eq!(refused(&given), TwilioSettingsError::NoUrl("api_url"), "{url}");
        assert_eq!(whole().voice(Some(url)).unwrap_err(), TwilioSettingsError::NoUrl("public_url"), "{url}");
    }
    for url in ["ws://gateway.example.org/signal", "https://gateway.example.org", "gateway"] {
        let given = Twilio { gateway_url: Some(url.into()), ..whole() };
        assert_eq!(refused(&given), TwilioSettingsError::NoGateway, "{url}");
    }
    let local = Twilio {
        api_url: Some("http://127.0.0.1:1".into()),
        gateway_url: Some("ws://[::1]:1/signal".into()),
        ..whole()
    };
    let voice = local.voice(Some("https://care4w.example.org/")).unwrap().unwrap();
    assert_eq!(voice.gateway.as_deref(), Some("ws://[::1]:1/signal"));
    assert_eq!(voice.public_url.as_deref(), Some("https://care4w.example.org"));
}

#[test]
fn the_rest_interface_is_where_twilio_says() {
    let at = |edge: Option<&str>, region: Option<&str>| {
        let given = Twilio { edge: edge.map(Into::into), region: region.map(Into::into), ..whole() };
        given.voice(None).unwrap().unwrap().api.to_string()
    };
    assert_eq!(at(None, None), "https://api.twilio.com/");
    assert_eq!(at(Some("dublin"), Some("ie1")), "https://api.dublin.ie1.twilio.com/");
    assert_eq!(at(Some("dublin"), None), "https://api.dublin.us1.twilio.com/");
    assert_eq!(at(None, Some("ie1")), "https://api.ie1.twilio.com/");
}

#[test]
fn the_environment_says_it_too() {
    let environment = |name: &str| match name {
        "CARE4W_TWILIO_COUNTRIES" => Some("KE, tz".to_owned()),
        "CARE4W_TWILIO_PREMIUM_NUMBERS" => Some("true".to_owned()),
        "CARE4W_TWILIO_MINUTES_A_DAY" => Some("7".to_owned()),
        "CARE4W_TWILIO_EDGE" => Some(String::new()),
        _ => None,
    };
    let given = Twilio::from_environment(environment).unwrap().or(whole());
    let voice = given.voice(None).unwrap().unwrap();
    assert_eq!(voice.countries.iter().map(|region| region.code()).collect::<Vec<_>>(), ["KE", "TZ"]);
    assert_eq!((voice.premium_numbers, voice.minutes_a_day, voice.edge), (true, 7, None));
    let wrong = |_: &str| Some("x".to_owned());
    assert_eq!(Twilio::from_environment(wrong).unwrap_err(), TwilioSettingsError::NoYes);
}
