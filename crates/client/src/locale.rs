//! What the system's locale says.

use care4w_phone::Region;

/// The region that the system's locale names: `sw-KE` is Kenya. On Unix the locale of telephone numbers counts before
/// that of the language: few who read English in Nairobi have a Kenyan English to choose.
pub fn region() -> Option<Region> {
    let telephone = ["LC_ALL", "LC_TELEPHONE"].into_iter().filter_map(|name| std::env::var(name).ok());
    telephone.chain(sys_locale::get_locales()).find_map(|locale| region_of(&locale))
}

/// The languages of the system as BCP 47 tags, the most wanted first; none where it speaks only "C".
///
/// A web view on Linux does not know them: it asks the C library, which knows only locales that are installed.
pub fn languages() -> Vec<String> {
    sys_locale::get_locales().filter(|locale| names_a_language(locale)).collect()
}

fn names_a_language(locale: &str) -> bool {
    let language = locale.split('-').next().unwrap_or_default();
    (2..=3).contains(&language.len()) && language.chars().all(|c| c.is_ascii_alphabetic())
}

fn region_of(locale: &str) -> Option<Region> {
    locale.split(['.', '@']).next()?.split(['_', '-']).skip(1).find_map(|part| Region::parse(part).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_names_its_region_in_whatever_form_the_system_writes_it() {
        for locale in ["sw-KE", "sw_KE.UTF-8", "en_KE@calendar=x", "sw-Latn-KE"] {
            assert_eq!(region_of(locale), Some(Region::KENYA), "{locale}");
        }
        for locale in ["C", "C.UTF-8", "POSIX", "en", ""] {
            assert_eq!(region_of(locale), None, "{locale}");
        }
    }

    #[test]
    fn c_and_posix_are_no_languages() {
        assert!(["fr", "sw-KE", "fil", "zh-Hant-TW"].into_iter().all(names_a_language));
        assert!(!["C", "POSIX", "", "fr_FR"].into_iter().any(names_a_language));
    }
}
