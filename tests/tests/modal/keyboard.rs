//! The whole question by keyboard alone.

use care4w_tests::{AppWindow, Key, Server};

use crate::stage::{FULL, Person};

/// What shows somebody where the focus is: an outline or a shadow of 2 px or more in the accent colour.
const RING: &str = "
    const on = document.activeElement;
    const around = (element) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
        return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || /-2px|2px/.test(boxShadow);
    };
    // A field without a border of its own is marked by the box that it stands in.
    return around(on) || around(on.parentElement) || [...on.parentElement.children].some(around)";

fn is_on(window: &AppWindow, id: &str) {
    let script =
        format!("const on = document.activeElement; return (on.dataset.testid ?? on.getAttribute('role')) === '{id}'");
    window.wait_until(&format!("the focus on “{id}”"), &script).unwrap_or_else(|error| {
        panic!("the focus is on “{}” and not on “{id}”: {error}", window.focused().unwrap());
    });
    assert_eq!(window.evaluate(RING).unwrap(), true, "nothing shows that the focus is on {id}");
}

fn tab_to(window: &AppWindow, id: &str) {
    window.press(&[Key::Tab]).unwrap();
    is_on(window, id);
}

fn active_country(window: &AppWindow, code: &str) {
    let script = format!(
        "const search = document.activeElement; \
         return document.getElementById(search.getAttribute('aria-activedescendant'))?.dataset.value === '{code}'"
    );
    window.wait_until(&format!("{code} to be the active country"), &script).unwrap();
}

fn chosen(window: &AppWindow, code: &str) {
    let script = format!("return document.querySelector('[data-testid=phone-country]').dataset.value === '{code}'");
    window.wait_until(&format!("{code} to be chosen"), &script).unwrap();
}

#[test]
fn a_number_is_given_without_a_pointer() {
    let person = Person::named("Amina");
    let server = Server::start().unwrap();
    let window = person.is_asked(server.url());

    // The focus begins in the field and never leaves the modal.
    is_on(&window, "phone-input");
    window.press_with(Key::Shift, Key::Tab.into()).unwrap();
    is_on(&window, "phone-country");
    tab_to(&window, "phone-input");
    tab_to(&window, "phone-skip");
    tab_to(&window, "phone-never");
    tab_to(&window, "phone-country");

    // The list: opened by typing, steered by keys, left by Escape, which leaves the modal where it is.
    window.type_keys("t").unwrap();
    is_on(&window, "combobox");
    window.type_keys("anz").unwrap();
    active_country(&window, "TZ");
    window.press(&[Key::Escape]).unwrap();
    is_on(&window, "phone-country");
    chosen(&window, "KE");
    window.wait_for("phone-modal").unwrap();

    window.press(&[Key::Enter]).unwrap();
    is_on(&window, "combobox");
    active_country(&window, "KE");
    window.press(&[Key::Down]).unwrap();
    active_country(&window, "KI");
    window.press(&[Key::Up]).unwrap();
    active_country(&window, "KE");
    window.press(&[Key::Home]).unwrap();
    active_country(&window, "AF");
    window.press(&[Key::PageDown]).unwrap();
    active_country(&window, "AG");
    window.press(&[Key::PageUp]).unwrap();
    active_country(&window, "AF");
    window.press(&[Key::End]).unwrap();
    active_country(&window, "+979");
    window.type_keys("tanz").unwrap();
    active_country(&window, "TZ");
    window.press(&[Key::Enter]).unwrap();
    chosen(&window, "TZ");
    is_on(&window, "phone-country");

    // A number of Kenya brings its country along. Enter saves from the field; so does the button.
    tab_to(&window, "phone-input");
    window.type_keys("+254712345678").unwrap();
    chosen(&window, "KE");
    window.wait_for_state("phone-status", &["available"]).unwrap();
    tab_to(&window, "phone-save");
    window.press(&[Key::Space]).unwrap();
    window.wait_gone("phone-modal").unwrap();

    // From the settings, and back to where one was.
    for _ in 0..40 {
        window.press(&[Key::Tab]).unwrap();
        if window.focused().unwrap() == "nav-settings" {
            break;
        }
    }
    is_on(&window, "nav-settings");
    window.press(&[Key::Enter]).unwrap();
    window.wait_for_text("settings-phone", |text| text == FULL).unwrap();
    for _ in 0..40 {
        window.press_with(Key::Shift, Key::Tab.into()).unwrap();
        if window.focused().unwrap() == "settings-phone-change" {
            break;
        }
    }
    is_on(&window, "settings-phone-change");
    window.press(&[Key::Enter]).unwrap();
    is_on(&window, "phone-input");
    window.press(&[Key::Escape]).unwrap();
    window.wait_gone("phone-modal").unwrap();
    is_on(&window, "settings-phone-change");
    window.wait_for_text("settings-phone", |text| text == FULL).unwrap();
}
