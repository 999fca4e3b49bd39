//! What the system's locale says.

use care4w_phone::Region;

/// The region that the system's locale names: `sw-KE` is Kenya.
pub fn region() -> Option<Region> {
    region_of(&sys_locale::get_locale()?)
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
}
