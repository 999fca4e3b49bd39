//! Which device one direction of a call should use, while devices come and go and the system changes its mind.
//!
//! Invariant: a device that works is given up only for the one that was chosen, or for a new default where the default is
//! what is used.
//!
//! A machine without I/O and without a clock. Its inputs:
//!
//! - from the person: [`Following::chosen`];
//! - from the sound thread: [`Following::lost`], when the device went away;
//! - from the system: [`Following::surveyed`], what there is now, and [`Following::opened`], how opening went.

use crate::{Device, DeviceSelector, Direction, Notice};

/// What there is of one direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Present {
    pub ids: Vec<String>,
    pub default: Option<String>,
}

impl Present {
    /// The devices of one direction.
    pub fn among(devices: Vec<Device>, direction: Direction) -> Self {
        let devices: Vec<Device> = devices.into_iter().filter(|device| device.direction == direction).collect();
        let default = devices.iter().find(|device| device.is_default).map(|device| device.id.clone());
        Self { ids: devices.into_iter().map(|device| device.id).collect(), default }
    }
}

/// What the call should do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopen {
    pub selector: DeviceSelector,
    /// To be told when it worked.
    pub notice: Notice,
    /// Whether something works now, and stays if this fails.
    pub has_other: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Using {
    Chosen,
    /// The default, in the place of the device that was chosen.
    Fallback,
    Nothing,
}

/// See the module's head.
#[derive(Debug)]
pub struct Following {
    direction: Direction,
    chosen: DeviceSelector,
    using: Using,
    /// The system's default when it was looked at last.
    default: Option<String>,
}

impl Following {
    pub fn new(direction: Direction, chosen: DeviceSelector) -> Self {
        Self { direction, chosen, using: Using::Chosen, default: None }
    }

    /// Somebody chose another device, and it is open.
    pub fn chosen(&mut self, selector: DeviceSelector) {
        *self = Self::new(self.direction, selector);
    }

    /// Whether there is anything to look after: a file is not pulled out.
    pub fn is_card(&self) -> bool {
        matches!(self.chosen, DeviceSelector::Default | DeviceSelector::Id(_))
    }

    /// The device in use went away.
    pub fn lost(&mut self) -> Option<Reopen> {
        self.using = Using::Nothing;
        self.is_card().then(|| self.default_instead())
    }

    /// Looks at what there is.
    pub fn surveyed(&mut self, present: &Present) -> Option<Reopen> {
        let before = std::mem::replace(&mut self.default, present.default.clone());
        if !self.is_card() {
            return None;
        }
        let has_other = self.using != Using::Nothing;
        if let DeviceSelector::Id(id) = &self.chosen
            && self.using != Using::Chosen
            && present.ids.contains(id)
        {
            let notice = Notice::CameBack { direction: self.direction };
            return Some(Reopen { selector: self.chosen.clone(), notice, has_other });
        }
        if self.using == Using::Nothing {
            return present.default.is_some().then(|| self.default_instead());
        }
        let follows = self.chosen == DeviceSelector::Default || self.using == Using::Fallback;
        let moved = before.is_some() && present.default.is_some() && before != present.default;
        (follows && moved).then_some(Reopen {
            selector: DeviceSelector::Default,
            notice: Notice::FollowedDefault { direction: self.direction },
            has_other,
        })
    }

    /// How opening what was asked for went.
    pub fn opened(&mut self, reopen: &Reopen, worked: bool) {
        self.using = match worked {
            true if reopen.selector == self.chosen => Using::Chosen,
            true => Using::Fallback,
            false if reopen.has_other => {
                // What is used is not the default that was seen: the next look tries again.
                if reopen.selector == DeviceSelector::Default {
                    self.default = Some(String::new());
                }
                return;
            }
            false => Using::Nothing,
        };
    }

    fn default_instead(&self) -> Reopen {
        let notice = Notice::SwitchedToDefault { direction: self.direction };
        Reopen { selector: DeviceSelector::Default, notice, has_other: false }
    }
}

#[cfg(test)]
#[path = "following_tests.rs"]
mod tests;
