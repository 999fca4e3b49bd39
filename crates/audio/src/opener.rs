//! Opens devices for a call: at its start, when somebody chooses another, and when one went away or came back.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::card::{Host, OnLost, Waker};
use crate::command::Command;
use crate::endpoint::{Microphone, Opened, Speaker};
use crate::following::{Following, Reopen};
use crate::notice::Notice;
use crate::shared::Shared;
use crate::{DeviceSelector, Direction, OpenAudioError};

/// What the thread that looks after the devices is told.
#[derive(Debug)]
pub enum DeviceEvent {
    /// Somebody chose another, and it is open.
    Chosen(Direction, DeviceSelector),
    /// The one in use went away.
    Lost(Direction),
    /// The call is over.
    Close,
}

/// What opening a device needs.
#[derive(Clone)]
pub struct Opener {
    pub host: Arc<dyn Host>,
    pub waker: Arc<Waker>,
    pub commands: Sender<Command>,
    pub shared: Arc<Shared>,
    pub events: Sender<DeviceEvent>,
    /// Held while a device is opened and handed over: what was chosen last is what is used last.
    pub opening: Arc<Mutex<()>>,
}

impl Opener {
    pub fn microphone(&self, selector: &DeviceSelector) -> Result<Opened<Microphone>, OpenAudioError> {
        let (generation, lost) = self.lost(Direction::Input);
        let device = Microphone::open(&*self.host, selector, self.waker.clone(), lost)?;
        Ok(Opened { device, generation, notice: None })
    }

    pub fn speaker(&self, selector: &DeviceSelector) -> Result<Opened<Speaker>, OpenAudioError> {
        let (generation, lost) = self.lost(Direction::Output);
        let device = Speaker::open(&*self.host, selector, self.waker.clone(), lost)?;
        Ok(Opened { device, generation, notice: None })
    }

    /// Opens what somebody chose and hands it to the engine.
    pub fn choose(&self, direction: Direction, selector: DeviceSelector) -> Result<(), OpenAudioError> {
        let _opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        let command = match direction {
            Direction::Input => Command::Microphone(self.microphone(&selector)?),
            Direction::Output => Command::Speaker(self.speaker(&selector)?),
        };
        // Whoever listens ends only with the call, and then nobody needs to know.
        let _ = self.events.send(DeviceEvent::Chosen(direction, selector));
        let _ = self.commands.send(command);
        self.waker.wake();
        Ok(())
    }

    fn lost(&self, direction: Direction) -> (u64, OnLost) {
        let generation = self.shared.generation.fetch_add(1, Ordering::Relaxed) + 1;
        let (commands, waker) = (self.commands.clone(), self.waker.clone());
        let lost = Box::new(move || {
            let _ = commands.send(Command::Lost(direction, generation));
            waker.wake();
        });
        (generation, lost)
    }

    /// Looks after both devices until the call is over, on a thread of its own: systems take their time to open one.
    pub fn look_after(
        self,
        events: Receiver<DeviceEvent>,
        mut followings: [Following; 2],
        every: Duration,
    ) -> std::io::Result<()> {
        let look = move || {
            loop {
                let watches = followings.iter().any(Following::is_card);
                let event = if watches {
                    events.recv_timeout(every)
                } else {
                    events.recv().map_err(|_| RecvTimeoutError::Disconnected)
                };
                match event {
                    Ok(DeviceEvent::Close) | Err(RecvTimeoutError::Disconnected) => return,
                    Ok(DeviceEvent::Chosen(direction, selector)) => followings[index(direction)].chosen(selector),
                    Ok(DeviceEvent::Lost(direction)) => {
                        let reopen = followings[index(direction)].lost();
                        self.obey(direction, &mut followings[index(direction)], reopen, &events);
                    }
                    Err(RecvTimeoutError::Timeout) => {
                        for direction in [Direction::Input, Direction::Output] {
                            let following = &mut followings[index(direction)];
                            if following.is_card()
                                && let Some(present) = self.host.survey(direction)
                            {
                                let reopen = following.surveyed(&present);
                                self.obey(direction, following, reopen, &events);
                            }
                        }
                    }
                }
            }
        };
        thread::Builder::new().name("call-devices".to_owned()).spawn(look).map(drop)
    }

    fn obey(
        &self,
        direction: Direction,
        following: &mut Following,
        reopen: Option<Reopen>,
        events: &Receiver<DeviceEvent>,
    ) {
        let Some(reopen) = reopen else { return };
        let _opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have chosen while this waited for the lock; all else is seen to afterwards.
        let waiting: Vec<DeviceEvent> = events.try_iter().collect();
        let mut overtaken = false;
        for event in waiting {
            match event {
                DeviceEvent::Chosen(chosen, selector) if chosen == direction => {
                    following.chosen(selector);
                    overtaken = true;
                }
                other => {
                    overtaken |= matches!(other, DeviceEvent::Close);
                    let _ = self.events.send(other);
                }
            }
        }
        if overtaken {
            return;
        }
        let notice = Some(reopen.notice.clone());
        let command = match direction {
            Direction::Input => self
                .microphone(&reopen.selector)
                .map(|opened| Command::Microphone(Opened { notice: notice.clone(), ..opened })),
            Direction::Output => self
                .speaker(&reopen.selector)
                .map(|opened| Command::Speaker(Opened { notice: notice.clone(), ..opened })),
        };
        following.opened(&reopen, command.is_ok());
        match command {
            Ok(command) => drop(self.commands.send(command)),
            Err(_) if reopen.has_other => return,
            Err(_) => self.shared.notice(Some(Notice::NoDeviceLeft { direction })),
        }
        self.waker.wake();
    }
}

fn index(direction: Direction) -> usize {
    match direction {
        Direction::Input => 0,
        Direction::Output => 1,
    }
}
