//! Speech over networks that are bad in one way each: ours and Chromium's, the same speech and the same seeded
//! impairment, both ends speaking at once over machines of their own.

use std::{net::Ipv4Addr, path::Path, time::Duration};

use anyhow::Result;
use care4w_tests::{
    Account, Chromium, Cli, Namespace, Network, Server, Sound,
    chromium::Setup,
    impairment::{Impairment, Loss, Spike},
    score,
    speech::Speech,
};

use super::{Figure, Figures, or_said};

const HERE: Ipv4Addr = Ipv4Addr::new(10, 86, 0, 1);
const THERE: Ipv4Addr = Ipv4Addr::new(10, 86, 0, 2);

/// How long each call is listened to: the longer of the two speeches, and what a bad network adds.
const LISTENING: usize = 12;

/// A bad network and its name in the table; `true` for those of a quick run.
fn networks() -> Vec<(&'static str, bool, Impairment)> {
    let ms = Duration::from_millis;
    let clean = Impairment { delay: ms(20), ..Impairment::default() };
    let random = |share| Impairment { loss: Loss::Random(share), ..clean };
    let bursts = |share, length| Impairment { loss: Loss::Bursts { share, length }, ..clean };
    let jitter = |most| Impairment { jitter: ms(most), ..clean };
    let spike = Spike { begin: ms(3_000), length: ms(10_000), delay: ms(250) };
    vec![
        ("clean", true, clean),
        ("1 % lost", false, random(0.01)),
        ("5 % lost", true, random(0.05)),
        ("10 % lost", true, random(0.10)),
        ("20 % lost", true, random(0.20)),
        ("30 % lost", false, random(0.30)),
        ("10 % lost in bursts of 2", false, bursts(0.10, 2.0)),
        ("10 % lost in bursts of 3", true, bursts(0.10, 3.0)),
        ("10 % lost in bursts of 4", false, bursts(0.10, 4.0)),
        ("20 ms jitter", false, jitter(20)),
        ("40 ms jitter", false, jitter(40)),
        ("80 ms jitter", true, jitter(80)),
        ("10 % lost, 40 ms jitter", true, Impairment { jitter: ms(40), ..random(0.10) }),
        ("5 % overtaken", false, Impairment { reordered: 0.05, ..clean }),
        ("10 s with 250 ms more delay", false, Impairment { spike: Some(spike), ..clean }),
    ]
}

pub fn measure(quick: bool, rounds: u64) -> Result<Figures> {
    let ground = Ground::new()?;
    let folder = tempfile::tempdir()?;
    let phones = Phones::new(&ground, folder.path())?;
    let mut browsers = Browsers::new(&ground)?;
    let mut figures = Figures::new();
    let mut set_up = Vec::new();
    for (name, often, what) in networks() {
        if quick && !often {
            continue;
        }
        let (mut ours, mut theirs) = (Scores::default(), Scores::default());
        for seed in 0..rounds {
            // A path has dice of its own each way, with seeds next to each other.
            let what = Impairment { seed: seed * 10, ..what };
            ground.network.impair(HERE, THERE, what);
            ours.extend(or_said(&format!("ours, {name}"), phones.talk()));
            ground.network.impair(HERE, THERE, what);
            theirs.extend(or_said(&format!("Chromium, {name}"), browsers.talk(&mut set_up)));
        }
        for (unit, ours, theirs) in [("PESQ", ours.pesq, theirs.pesq), ("PLCMOS", ours.plcmos, theirs.plcmos)] {
            let middle = super::super::median;
            crate::say::said!("  {name:32} {unit:6}  ours {:.2}   Chromium {:.2}", middle(&ours), middle(&theirs));
            for (who, samples) in [("ours", ours), ("Chromium", theirs)] {
                if !samples.is_empty() {
                    figures.push(Figure { what: format!("speech, {name}, {unit}: {who}"), unit, samples });
                }
            }
        }
    }
    if !set_up.is_empty() {
        figures.push(Figure::ms("answer to connected, 40 ms round trip: Chromium", set_up));
    }
    let first = phones.first_audio_ms.take();
    figures.push(Figure::ms("answer to first audio, 40 ms round trip: ours", first));
    Ok(figures)
}

/// Two machines with a network between, and our server.
struct Ground {
    machines: [Namespace; 2],
    server: Server,
    network: Network,
}

impl Ground {
    fn new() -> Result<Self> {
        let (network, server) = (Network::new(), Server::start()?);
        let machine = |address| -> Result<Namespace> {
            let machine = Namespace::new()?;
            network.plug(&machine, "net0", address)?;
            machine.bring(server.address().parse()?)?;
            Ok(machine)
        };
        let machines = [machine(HERE)?, machine(THERE)?];
        Ok(Self { machines, server, network })
    }
}

/// How calls were heard, a score for each call and direction.
#[derive(Default)]
struct Scores {
    pesq: Vec<f64>,
    plcmos: Vec<f64>,
}

impl Scores {
    /// Of one call: how the callee heard the caller, and the other way.
    fn of(heard_by_callee: &Sound, heard_by_caller: &Sound) -> Result<Self> {
        let mut scores = Self::default();
        for (speech, heard) in [(Speech::Caller, heard_by_callee), (Speech::Callee, heard_by_caller)] {
            let (pesq, plcmos) = score::however_bad(&speech.sound()?, heard)?;
            scores.pesq.extend(pesq);
            scores.plcmos.extend(plcmos);
        }
        Ok(scores)
    }

    fn extend(&mut self, more: Option<Self>) {
        let more = more.unwrap_or_default();
        self.pesq.extend(more.pesq);
        self.plcmos.extend(more.plcmos);
    }
}

struct Phones<'a> {
    caller: Cli,
    callee: Cli,
    folder: &'a Path,
    first_audio_ms: std::cell::RefCell<Vec<f64>>,
}

impl<'a> Phones<'a> {
    fn new(ground: &Ground, folder: &'a Path) -> Result<Self> {
        let phone = |name: &str, machine: &Namespace| -> Result<Cli> {
            let phone = Cli::new(ground.server.url(), &folder.join(name)).with_namespace(machine);
            phone.register(&Account::named(name))?;
            Ok(phone)
        };
        let (caller, callee) = (phone("caller", &ground.machines[0])?, phone("callee", &ground.machines[1])?);
        Ok(Self { caller, callee, folder, first_audio_ms: Vec::new().into() })
    }

    fn talk(&self) -> Result<Scores> {
        let (here, there) = (self.folder.join("here.wav"), self.folder.join("there.wav"));
        let flags = |speech: Speech, heard: &Path| -> Result<[String; 4]> {
            let said = format!("file:{}", speech.file()?.display());
            Ok(["--mic".into(), said, "--speaker".into(), format!("file:{}", heard.display())])
        };
        let (flags_here, flags_there) = (flags(Speech::Caller, &here)?, flags(Speech::Callee, &there)?);
        let flags_there = flags_there.each_ref().map(String::as_str);
        let mut answering = self.callee.answer(&[&["--calls", "1"], &flags_there[..]].concat())?;
        let flags_here = flags_here.each_ref().map(String::as_str);
        let mut calling = self.caller.call(&self.callee.care4w_id()?, &flags_here)?;
        let media = calling.wait("the first sound", |line| line.is("media"))?;
        self.first_audio_ms.borrow_mut().extend(media.json["firstAudioMs"].as_f64());
        for _ in 0..LISTENING {
            calling.wait("statistics", |line| line.is("stats"))?;
        }
        calling.end()?;
        answering.wait_for_end()?;
        Scores::of(&Sound::read(&there)?, &Sound::read(&here)?)
    }
}

struct Browsers {
    caller: Chromium,
    callee: Chromium,
    callee_id: String,
}

impl Browsers {
    fn new(ground: &Ground) -> Result<Self> {
        let start = |speech: Speech, index: usize| -> Result<(Chromium, String)> {
            let microphone = speech.file()?;
            let namespace = Some(&ground.machines[index]);
            let setup = Setup { microphone: Some(&microphone), namespace, ..Setup::default() };
            let mut browser = Chromium::start(&setup)?;
            let id = browser.sign_in(ground.server.url(), &format!("browser{index}"))?;
            Ok((browser, id))
        };
        let ((caller, _), (callee, callee_id)) = (start(Speech::Caller, 0)?, start(Speech::Callee, 1)?);
        Ok(Self { caller, callee, callee_id })
    }

    fn talk(&mut self, set_up: &mut Vec<f64>) -> Result<Scores> {
        self.callee.evaluate("void phone.answer(true)")?;
        self.caller.evaluate(&format!("phone.dial('{}', true)", self.callee_id))?;
        for browser in [&mut self.caller, &mut self.callee] {
            browser.wait_for_connection()?;
            browser.evaluate("phone.record()")?;
        }
        set_up.extend(self.caller.evaluate("phone.setUp()")?.as_f64());
        for browser in [&mut self.caller, &mut self.callee] {
            browser.evaluate("phone.speak()")?;
        }
        let seconds = format!("new Promise((resolve) => setTimeout(resolve, {LISTENING}000))");
        self.caller.evaluate(&seconds)?;
        let (here, there) = (self.caller.heard()?, self.callee.heard()?);
        self.caller.evaluate("phone.hangUp()")?;
        self.callee.evaluate("phone.connection.close()")?;
        Scores::of(&there, &here)
    }
}
