use super::*;

const DIRECTION: Direction = Direction::Input;

fn headset() -> DeviceSelector {
    DeviceSelector::Id("headset".to_owned())
}

fn present(ids: &[&str], default: Option<&str>) -> Present {
    Present { ids: ids.iter().map(ToString::to_string).collect(), default: default.map(str::to_owned) }
}

/// Does what is asked for, and says what the person is told.
fn obey(following: &mut Following, reopen: Option<Reopen>, works: bool) -> Option<(DeviceSelector, Notice)> {
    reopen.map(|reopen| {
        following.opened(&reopen, works);
        (reopen.selector, reopen.notice)
    })
}

#[test]
fn a_device_that_was_pulled_out_gives_way_to_the_default_and_is_used_again_when_it_is_back() {
    let mut following = Following::new(DIRECTION, headset());
    assert_eq!(following.surveyed(&present(&["headset", "built-in"], Some("built-in"))), None);
    let lost = following.lost();
    let to = obey(&mut following, lost, true);
    assert_eq!(to, Some((DeviceSelector::Default, Notice::SwitchedToDefault { direction: DIRECTION })));
    assert_eq!(following.surveyed(&present(&["built-in"], Some("built-in"))), None);
    let back = following.surveyed(&present(&["headset", "built-in"], Some("built-in")));
    let to = obey(&mut following, back, true);
    assert_eq!(to, Some((headset(), Notice::CameBack { direction: DIRECTION })));
    assert_eq!(following.surveyed(&present(&["headset", "built-in"], Some("built-in"))), None);
}

#[test]
fn a_new_default_is_followed_where_the_default_was_chosen() {
    let mut following = Following::new(DIRECTION, DeviceSelector::Default);
    assert_eq!(following.surveyed(&present(&["a", "b"], Some("a"))), None);
    let moved = following.surveyed(&present(&["a", "b"], Some("b")));
    let to = obey(&mut following, moved, true);
    assert_eq!(to, Some((DeviceSelector::Default, Notice::FollowedDefault { direction: DIRECTION })));
    assert_eq!(following.surveyed(&present(&["a", "b"], Some("b"))), None);
}

#[test]
fn a_new_default_changes_nothing_where_a_device_was_chosen() {
    let mut following = Following::new(DIRECTION, headset());
    following.surveyed(&present(&["headset", "a", "b"], Some("a")));
    assert_eq!(following.surveyed(&present(&["headset", "a", "b"], Some("b"))), None);
}

#[test]
fn a_call_without_any_device_takes_the_first_that_comes() {
    let mut following = Following::new(DIRECTION, headset());
    let lost = following.lost();
    obey(&mut following, lost, false);
    assert_eq!(following.surveyed(&present(&[], None)), None);
    let found = following.surveyed(&present(&["built-in"], Some("built-in")));
    let to = obey(&mut following, found, true);
    assert_eq!(to, Some((DeviceSelector::Default, Notice::SwitchedToDefault { direction: DIRECTION })));
}

#[test]
fn a_device_that_is_back_and_does_not_work_costs_nothing_of_what_works() {
    let mut following = Following::new(DIRECTION, headset());
    let lost = following.lost();
    obey(&mut following, lost, true);
    for _ in 0..3 {
        let back = following.surveyed(&present(&["headset", "a"], Some("a"))).unwrap();
        assert!(back.has_other);
        following.opened(&back, false);
    }
}

#[test]
fn a_new_default_that_does_not_open_is_tried_again() {
    let mut following = Following::new(DIRECTION, DeviceSelector::Default);
    following.surveyed(&present(&["a", "b"], Some("a")));
    let moved = following.surveyed(&present(&["a", "b"], Some("b")));
    obey(&mut following, moved, false);
    let again = following.surveyed(&present(&["a", "b"], Some("b")));
    assert!(obey(&mut following, again, true).is_some());
    assert_eq!(following.surveyed(&present(&["a", "b"], Some("b"))), None);
}

#[test]
fn a_file_is_not_looked_after() {
    let mut following = Following::new(DIRECTION, DeviceSelector::File("a.wav".into()));
    following.surveyed(&present(&["a"], Some("a")));
    assert_eq!(following.surveyed(&present(&["b"], Some("b"))), None);
    assert_eq!(following.lost(), None);
}
