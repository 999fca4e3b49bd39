//! One dialling: the targets ring, the first to answer wins, the two hear each other until one hangs up.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    Outcome, Says, Telephone,
    call::{CallState, new_reconnect_token, new_sid},
    house::{House, Leg, LegEvent},
    media::{MediaEnd, Source},
    outgoing,
    twiml::{Dial, Target, TargetKind},
    webhook::{self, Form},
    wire,
};

/// How long targets ring when TwiML does not say.
const TIMEOUT: u64 = 30;

/// Who dials.
pub(crate) enum Caller {
    /// A client, with the answer that it was not given yet.
    Client { sid: String, sdp: Option<String>, media: MediaEnd },
    /// Somebody outside, who says this.
    Outside { says: Says },
}

/// A call and what was learnt of it so far.
pub(crate) struct Dialling {
    pub house: Arc<House>,
    pub caller: Caller,
    pub from: String,
    pub to: String,
    pub events: mpsc::UnboundedSender<(String, LegEvent)>,
    pub heard: mpsc::UnboundedReceiver<(String, LegEvent)>,
    /// Of the caller's call.
    pub sid: String,
    /// With whom the caller speaks, or spoke last, and since when.
    pub spoke: Option<(String, Instant)>,
}

/// How a dialling ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The caller hung up, or is lost.
    CallerGone,
    /// The two spoke, and the other one ended it: perhaps with a code for the caller.
    Spoken(Option<u32>),
    /// Nobody answered.
    Unanswered(Outcome),
}

impl Ended {
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::CallerGone => None,
            Self::Spoken(code) => *code,
            Self::Unanswered(outcome) => Some(outcome.words().1),
        }
    }
}

/// Somebody who rings.
struct Ringing {
    target: Target,
    sid: String,
    /// Of a telephone: how it behaves, and when it does something.
    telephone: Option<(Telephone, Option<Instant>)>,
}

enum Next {
    Event(String, LegEvent),
    Moment,
}

impl Dialling {
    /// Lets the targets ring and joins the caller with the first to answer, until it is over. Beside how it ended comes what
    /// `<Dial action>` is told of it.
    pub async fn dial(&mut self, dial: &Dial) -> (Ended, Form) {
        self.spoke = None;
        let ended = self.dial_and_speak(dial).await;
        let status = match (&ended, &self.spoke) {
            (Ended::Unanswered(outcome), _) => outcome.words().0,
            (Ended::CallerGone, None) => "canceled",
            _ => "completed",
        };
        let mut form = Form::from([("DialCallStatus".to_owned(), status.to_owned())]);
        if let Some((sid, since)) = &self.spoke {
            form.insert("DialCallSid".to_owned(), sid.clone());
            form.insert("DialCallDuration".to_owned(), since.elapsed().as_secs().to_string());
        }
        (ended, form)
    }

    async fn dial_and_speak(&mut self, dial: &Dial) -> Ended {
        let mut ringing = self.ring(dial).await;
        if ringing.is_empty() {
            return Ended::Unanswered(Outcome::NoAnswer);
        }
        let early = ringing.iter().find_map(|one| one.telephone.as_ref()?.0.early_media.clone());
        self.announce(dial, early.map(|sound| Source::Play(Arc::new(sound))));
        let end = Instant::now() + Duration::from_secs(dial.timeout.unwrap_or(TIMEOUT));
        let mut worst = Outcome::NoAnswer;
        loop {
            let moments = ringing.iter().filter_map(|one| one.telephone.as_ref()?.1);
            let next = self.next(moments.fold(end, Instant::min)).await;
            let (index, outcome) = match next {
                Next::Event(sid, event) if sid == self.sid => match event {
                    LegEvent::HungUp | LegEvent::Lost | LegEvent::Cancel => {
                        self.stop(&ringing, "canceled").await;
                        return Ended::CallerGone;
                    }
                    LegEvent::Remote(code) => {
                        self.stop(&ringing, "canceled").await;
                        return code.map_or(Ended::Unanswered(Outcome::Declined), |code| Ended::Spoken(Some(code)));
                    }
                    LegEvent::AnswerOutside => match ringing.iter().position(|one| one.telephone.is_some()) {
                        Some(index) => (index, Outcome::Answered),
                        None => continue,
                    },
                    LegEvent::Answered | LegEvent::Declined => continue,
                },
                Next::Event(sid, event) => {
                    let Some(index) = ringing.iter().position(|one| one.sid == sid) else { continue };
                    match event {
                        LegEvent::Answered => (index, Outcome::Answered),
                        LegEvent::Declined | LegEvent::HungUp => (index, Outcome::Declined),
                        LegEvent::Lost => (index, Outcome::NoAnswer),
                        // The caller gives up.
                        LegEvent::Cancel | LegEvent::Remote(_) => {
                            self.stop(&ringing, "canceled").await;
                            return Ended::CallerGone;
                        }
                        LegEvent::AnswerOutside => continue,
                    }
                }
                Next::Moment => {
                    let now = Instant::now();
                    let due =
                        |one: &Ringing| one.telephone.as_ref().is_some_and(|(_, at)| at.is_some_and(|at| at <= now));
                    match ringing.iter().position(due) {
                        Some(index) => {
                            let telephone = ringing[index].telephone.as_mut();
                            let outcome = telephone.map_or(Outcome::NoAnswer, |(telephone, at)| {
                                *at = None;
                                telephone.outcome
                            });
                            // It rings on, until the dialling has lasted its time.
                            if outcome == Outcome::NoAnswer {
                                continue;
                            }
                            (index, outcome)
                        }
                        None if now >= end => {
                            self.stop(&ringing, "no-answer").await;
                            return Ended::Unanswered(worst);
                        }
                        None => continue,
                    }
                }
            };
            if outcome == Outcome::Answered {
                let winner = ringing.swap_remove(index);
                self.stop(&ringing, "no-answer").await;
                return self.speak(winner, dial.time_limit).await;
            }
            worst = outcome;
            let gone = ringing.swap_remove(index);
            self.house.state().end(&gone.sid, None);
            self.call_back(&gone, outcome.words().0, "completed").await;
            if ringing.is_empty() {
                return Ended::Unanswered(outcome);
            }
        }
    }

    async fn next(&mut self, moment: Instant) -> Next {
        tokio::select! {
            event = self.heard.recv() => match event {
                Some((sid, event)) => Next::Event(sid, event),
                None => Next::Moment,
            },
            () = tokio::time::sleep_until(moment) => Next::Moment,
        }
    }

    /// Tells the caller that it rings; with `answerOnBridge` off it is answered now.
    fn announce(&mut self, dial: &Dial, early: Option<Source>) {
        if !dial.answer_on_bridge {
            self.answer_caller(early.unwrap_or(Source::Nothing));
            return;
        }
        let Caller::Client { sid, sdp, media } = &mut self.caller else { return };
        let state = &mut *self.house.state();
        let Some(stream) = state.legs.get(sid).and_then(|leg| leg.stream) else { return };
        match early {
            Some(sound) => {
                media.send(sound);
                state.send(stream, wire::ringing(sid, sdp.take().as_deref()));
            }
            None => state.send(stream, wire::ringing(sid, None)),
        }
    }

    /// Answers the caller, if it was not before.
    pub fn answer_caller(&mut self, source: Source) {
        let Caller::Client { sid, sdp, media } = &mut self.caller else { return };
        media.send(source);
        let mut state = self.house.state();
        let Some(leg) = state.legs.get_mut(sid).filter(|leg| leg.state == CallState::Ringing) else { return };
        leg.state = CallState::Answered;
        let (stream, message) = (leg.stream, wire::answer(sid, sdp.take().as_deref(), Some(&leg.reconnect)));
        if let Some(stream) = stream {
            state.send(stream, message);
        }
    }

    async fn ring(&self, dial: &Dial) -> Vec<Ringing> {
        let mut ringing = Vec::new();
        let from = dial.caller_id.clone().unwrap_or_else(|| self.from.clone());
        for target in &dial.targets {
            match target.kind {
                TargetKind::Number => {
                    let telephone = self.house.look().telephone(&target.name);
                    let at = telephone.rings.map(|rings| Instant::now() + rings);
                    ringing.push(Ringing { target: target.clone(), sid: new_sid(), telephone: Some((telephone, at)) });
                }
                TargetKind::Client => {
                    let streams = self.house.look().registered(&target.name);
                    for stream in streams {
                        if let Some(sid) = self.invite(target, stream, &from).await {
                            ringing.push(Ringing { target: target.clone(), sid, telephone: None });
                        }
                    }
                }
            }
        }
        for one in &ringing {
            self.call_back(one, "initiated", "initiated").await;
            self.call_back(one, "ringing", "ringing").await;
        }
        ringing
    }

    /// Calls a client on one of its streams.
    async fn invite(&self, target: &Target, stream: u64, from: &str) -> Option<String> {
        let media = self.house.media(stream).await.ok()?;
        let sid = new_sid();
        let to = format!("client:{}", target.name);
        let account = self.house.account();
        let mut parameters = Map::new();
        for (name, value) in [
            ("ApiVersion", "2010-04-01"),
            ("CallSid", &sid),
            ("From", from),
            ("To", &to),
            ("AccountSid", &account.account_sid),
        ] {
            parameters.insert(name.to_owned(), Value::from(value));
        }
        if !target.parameters.is_empty() {
            let mut text = url::form_urlencoded::Serializer::new(String::new());
            let text = text.extend_pairs(&target.parameters).finish().replace('+', "%20");
            parameters.insert("Params".to_owned(), Value::from(text));
        }
        let offer = media.offer();
        let mut state = self.house.state();
        let reconnect_timeout = state.streams.get(&stream)?.reconnect_timeout;
        state.order.push(sid.clone());
        state.legs.insert(
            sid.clone(),
            Leg {
                temporary: None,
                identity: target.name.clone(),
                stream: Some(stream),
                reconnect_timeout,
                incoming: true,
                from: from.to_owned(),
                to,
                parameters: target.parameters.clone(),
                state: CallState::Ringing,
                reconnect: new_reconnect_token(),
                media,
                events: self.events.clone(),
                restarts: 0,
                reconnects: 0,
                digits: String::new(),
                messages: Vec::new(),
            },
        );
        let message = wire::invite(&sid, &offer, &Value::Object(parameters));
        state.send(stream, message);
        drop(state);
        Some(sid)
    }

    /// Who still rings stops.
    async fn stop(&self, ringing: &[Ringing], status: &str) {
        for one in ringing {
            self.house.state().end(&one.sid, Some(wire::cancel(&one.sid)));
            self.call_back(one, status, "completed").await;
        }
    }

    /// The two hear each other until one hangs up.
    async fn speak(&mut self, winner: Ringing, limit: Option<u64>) -> Ended {
        let now = Instant::now();
        self.spoke = Some((winner.sid.clone(), now));
        // Twilio's own limit.
        let end = now + Duration::from_secs(limit.unwrap_or(4 * 3_600));
        self.join(&winner);
        self.call_back(&winner, "in-progress", "answered").await;
        let ended = loop {
            let Next::Event(sid, event) = self.next(end).await else {
                self.house.state().end(&winner.sid, Some(wire::hang_up(&winner.sid, None)));
                break Ended::Spoken(None);
            };
            let of_caller = sid == self.sid;
            match event {
                LegEvent::HungUp | LegEvent::Lost if of_caller => {
                    self.house.state().end(&winner.sid, Some(wire::hang_up(&winner.sid, None)));
                    break Ended::CallerGone;
                }
                LegEvent::HungUp | LegEvent::Lost if sid == winner.sid => {
                    self.house.state().end(&winner.sid, None);
                    break Ended::Spoken(None);
                }
                LegEvent::Remote(code) if of_caller => {
                    self.house.state().end(&winner.sid, Some(wire::hang_up(&winner.sid, None)));
                    break Ended::Spoken(code);
                }
                // The other side of an incoming call is the caller.
                LegEvent::Remote(code) if sid == winner.sid => {
                    self.house.state().end(&winner.sid, Some(wire::hang_up(&winner.sid, code)));
                    break Ended::CallerGone;
                }
                _ => {}
            }
        };
        self.call_back(&winner, "completed", "completed").await;
        ended
    }

    fn join(&mut self, winner: &Ringing) {
        let other = {
            let mut state = self.house.state();
            state.legs.get_mut(&winner.sid).map(|leg| {
                leg.state = CallState::Answered;
                (leg.media.clone(), leg.stream, wire::answer(&winner.sid, None, Some(&leg.reconnect)))
            })
        };
        let Some((media, stream, message)) = other else {
            let says = winner.telephone.as_ref().map_or(Says::Nothing, |(telephone, _)| telephone.says.clone());
            return self.answer_caller(says.source());
        };
        if let Some(stream) = stream {
            self.house.send(stream, message);
        }
        match &self.caller {
            Caller::Client { media: caller, .. } => {
                let caller = caller.clone();
                self.answer_caller(Source::Nothing);
                caller.bridge(&media);
            }
            Caller::Outside { says } => media.send(says.source()),
        }
    }

    /// The caller hung up, or is lost: there is nobody to tell.
    pub fn caller_left(self) {
        self.house.state().end(&self.sid, None);
    }

    /// The caller's call is over.
    pub fn finish(self, code: Option<u32>) {
        let mut state = self.house.state();
        let message = wire::hang_up(&self.sid, code);
        state.end(&self.sid, Some(message));
    }

    async fn call_back(&self, one: &Ringing, status: &str, event: &str) {
        let Some(url) = &one.target.callback else { return };
        if !one.target.callback_events.iter().any(|wanted| wanted == event) {
            return;
        }
        let mut form = outgoing::form(&self.house, &one.sid, &self.from, &one.target.name, None);
        form.insert("CallStatus".to_owned(), status.to_owned());
        form.insert("Direction".to_owned(), "outbound-dial".to_owned());
        form.insert("ParentCallSid".to_owned(), self.sid.clone());
        if event == "completed" {
            let spoke = self.spoke.as_ref().filter(|(sid, _)| *sid == one.sid);
            let secs = spoke.map_or(0, |(_, since)| since.elapsed().as_secs());
            form.insert("CallDuration".to_owned(), secs.to_string());
        }
        webhook::tell(&self.house, url, form).await;
    }
}
