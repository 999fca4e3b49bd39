//! The list of countries, in the language of whoever reads it.

use care4w_phone::Region;
use care4w_tests::{AppWindow, Environment, Key, Server};

use crate::stage::Person;

/// The codes and names that the list shows, in its order.
fn listed(window: &AppWindow) -> Vec<(String, String)> {
    let script = "return [...document.querySelectorAll('[role=option]')]\
                  .map((o) => [o.dataset.value, o.querySelector('.name').textContent])";
    serde_json::from_value(window.evaluate(script).unwrap()).unwrap()
}

/// What is found first by a text that is typed into the search.
fn first(window: &AppWindow, typed: &str, wanted: &str) {
    window.press_with(Key::Control, 'a').unwrap();
    window.type_keys(typed).unwrap();
    window
        .wait_until(
            &format!("{typed:?} to find {wanted}"),
            &format!("return document.querySelector('[role=option]')?.dataset.value === '{wanted}'"),
        )
        .unwrap_or_else(|error| panic!("{typed:?} finds {:?}: {error}", listed(window).first()));
}

fn language(tag: &str) -> Environment {
    vec![("LC_ALL".into(), format!("{tag}.UTF-8")), ("LANG".into(), format!("{tag}.UTF-8"))]
}

#[test]
fn every_region_is_there_in_the_readers_language_and_is_found_by_whatever_people_know_of_it() {
    let person = Person::named("Amina");
    let server = Server::start().unwrap();
    let window = person.is_asked(server.url());
    window.click("phone-country").unwrap();
    window.wait_until("the list", "return document.querySelectorAll('[role=option]').length > 0").unwrap();

    // Every region of libphonenumber, each with a name and a picture or its letters.
    let shown = listed(&window);
    for region in Region::all() {
        let code = region.code();
        let (_, name) = shown.iter().find(|(shown, _)| *shown == code).unwrap_or_else(|| panic!("{code} is missing"));
        assert!(*name != code && !name.is_empty(), "{code} has no name");
    }
    let of_no_country = shown.iter().filter(|(code, _)| code.starts_with('+')).count();
    assert_eq!(of_no_country, Region::calling_codes_of_no_country().len());
    assert_eq!(shown.len(), Region::all().len() + of_no_country);
    let mut found = person.look(&window, "countries");

    for (typed, wanted) in [
        ("cote divoire", "CI"),
        ("Côte d'Ivoire", "CI"),
        ("ivory coast", "CI"),
        ("turkiye", "TR"),
        ("turkey", "TR"),
        ("aland", "AX"),
        ("uk", "GB"),
        ("ke", "KE"),
        ("+254", "KE"),
        ("254", "KE"),
        ("00254", "KE"),
        ("+44", "GB"),
        ("1", "US"),
        ("٢٥٤", "KE"),
        ("800", "+800"),
        ("+878", "+878"),
        ("freephone", "+800"),
    ] {
        first(&window, typed, wanted);
    }
    found.extend(person.look(&window, "countries-found"));
    window.type_keys("zzzz").unwrap();
    window.wait_until("nothing to be found", "return !document.querySelector('[role=option]')").unwrap();
    found.extend(person.look(&window, "countries-none"));
    first(&window, "800", "+800");
    window.press(&[Key::Enter]).unwrap();
    window.wait_for_value("phone-input", |text| text.trim() == "+800").unwrap();
    found.extend(person.look(&window, "of-no-country"));
    window.click("phone-skip").unwrap();
    window.wait_gone("phone-modal").unwrap();
    window.close().unwrap();

    // The language and the country are the system's, whether the C library has been given them or not.
    for (locale, country, name, finds) in [
        ("fr_FR", "FR", "Allemagne", [("cote d", "CI"), ("germany", "DE"), ("royaume", "GB")]),
        ("sw_KE", "KE", "Ujerumani", [("ujerumani", "DE"), ("germany", "DE"), ("marekani", "US")]),
        ("ar_EG", "EG", "ألمانيا", [("ألمانيا", "DE"), ("germany", "DE"), ("مصر", "EG")]),
    ] {
        let window = person.open_in(server.url(), &language(locale));
        window.click("nav-settings").unwrap();
        window.click("settings-phone-change").unwrap();
        window.wait_for("phone-modal").unwrap();
        let preset = window.attribute("phone-country", "data-value").unwrap();
        assert_eq!(preset.as_deref(), Some(country), "{locale}");
        window.click("phone-country").unwrap();
        window.wait_until("the list", "return document.querySelectorAll('[role=option]').length > 0").unwrap();
        let germany = listed(&window).into_iter().find(|(code, _)| code == "DE").unwrap().1;
        assert_eq!(germany, name, "{locale}");
        for (typed, wanted) in finds {
            first(&window, typed, wanted);
        }
        found.extend(person.look(&window, &format!("countries-{locale}")));
        window.close().unwrap();
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn where_the_system_names_no_country_it_is_the_servers() {
    let person = Person::named("Amina");
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("server.toml");
    std::fs::write(&config, "default_region = 'TZ'\n").unwrap();
    let server = Server::start_with(&["--config", config.to_str().unwrap()], &Vec::new()).unwrap();
    let window = person.open_in(server.url(), &vec![("LC_ALL".into(), "C".into()), ("LANG".into(), "C".into())]);
    person.register(&window);
    window.wait_for("phone-modal").unwrap();
    let preset = "return document.querySelector('[data-testid=phone-country]').dataset.value === 'TZ'";
    window.wait_until("Tanzania", preset).unwrap();
}
