//! What befalls a call, and how the window says it: the other end puts one on hold, the microphone is pulled out, the
//! network is bad.

use std::net::Ipv4Addr;
use std::time::Duration;

use care4w_tests::{
    Account, Cli, Hearing, Namespace, Network, Server, Sound, SoundServer,
    impairment::{Impairment, Loss},
    score,
    speech::Speech,
    wait,
};

use crate::person::{looks, meter_moves, person, reads, wait_for_attribute};

/// Of the room, in Hz.
const SOUND_RATE: u32 = 16_000;

/// For what the other end or the network does.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn who_is_put_on_hold_reads_it_and_hears_a_tone_instead_of_the_other_end_until_it_is_over() {
    let hearing = Hearing::begin();
    let (amina, baraka) = (person(), person());
    let server = Server::start().unwrap();
    let account = Account::named("Baraka");
    let known = Cli::new(server.url(), &baraka.folder().join("known"));
    known.register(&account).unwrap();
    let (one, two) = (amina.arrives(&server), baraka.opens(&server, &[]));
    two.signs_in(&account);
    two.skips_number();
    one.type_into("dial-input", &known.care4w_id().unwrap()).unwrap();
    one.click("dial-call").unwrap();
    two.wait_for_state("call-status", &["incoming"]).unwrap();
    two.click("call-accept").unwrap();
    for window in [&one, &two] {
        window.wait_for_state("call-status", &["connected"]).unwrap();
    }

    two.click("call-hold").unwrap();
    wait_for_attribute(&one, "call-status", "data-hold", "there");
    reads(&one, "call-status", "Baraka put you on hold");
    let heard = amina.desk.sound().listen("desk").unwrap();
    let mut speaking = baraka.speaks("desk");
    assert!(speaking.wait_for_end(PATIENCE).unwrap().success());
    wait::until(PATIENCE, "the hold tone", || Ok((heard.so_far()?.dbfs() > score::SILENCE_DBFS).then_some(())))
        .unwrap();
    score::not_heard(&Speech::Caller.sound().unwrap(), &heard.so_far().unwrap()).unwrap();
    let mut found = Vec::new();
    found.extend(looks(&amina, &one, "held-there"));

    two.click("call-hold").unwrap();
    wait_for_attribute(&two, "call-hold", "aria-pressed", "false");
    one.wait_until(
        "the hold to be over",
        "return !document.querySelector('[data-testid=call-status]').hasAttribute('data-hold')",
    )
    .unwrap();
    hearing.call_begins();
    let heard = amina.desk.sound().listen("desk").unwrap();
    let mut speaking = baraka.speaks("desk");
    assert!(speaking.wait_for_end(PATIENCE).unwrap().success());
    heard.next(Duration::from_millis(700)).unwrap();
    hearing.call_ends();
    hearing.judge("after the hold", &Speech::Caller.sound().unwrap(), &heard.so_far().unwrap(), 0.0).unwrap();

    one.click("call-hangup").unwrap();
    two.wait_for_state("call-status", &["ended"]).unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_microphone_that_is_pulled_out_is_told_of_the_call_goes_on_with_another_and_it_is_used_again_when_it_is_back() {
    let person = person();
    let server = Server::start().unwrap();
    let window = person.arrives(&server);
    window.click("nav-settings").unwrap();
    window.chooses_device("settings-microphone", &SoundServer::microphone_id("headset"));
    window.click("nav-phone").unwrap();
    let baraka = Cli::new(server.url(), &person.folder().join("baraka"));
    baraka.register(&Account::named("Baraka")).unwrap();
    let recording = person.folder().join("heard.wav");
    let speaker = format!("file:{}", recording.display());
    let mut peer = baraka.answer(&["--calls", "1", "--mic", "none", "--speaker", &speaker]).unwrap();
    window.type_into("dial-input", &baraka.care4w_id().unwrap()).unwrap();
    window.click("dial-call").unwrap();
    window.wait_for_state("call-status", &["connected"]).unwrap();
    window.wait_for_state("call-status", &["connected"]).unwrap();
    window.click("call-sound").unwrap();
    let speaking = person.speaks("headset");
    meter_moves(&window, "sound-input");
    drop(speaking);
    window.click("sound-done").unwrap();

    person.desk.sound().unplug_microphone("headset").unwrap();
    reads(&window, "call-notice", "Your microphone went silent. Using desk_mic now.");
    let mut found = Vec::new();
    found.extend(window.audit().unwrap());
    person.picture(&window, "call/microphone-lost");
    let mut speaking = person.desk.sound().speak("desk", &Speech::Callee.file().unwrap()).unwrap();
    assert!(speaking.wait_for_end(PATIENCE).unwrap().success(), "all is said into the other microphone");

    person.desk.sound().plug_microphone("headset").unwrap();
    reads(&window, "call-notice", "headset_mic is back. You speak into it again.");
    window.click("call-sound").unwrap();
    let speaking = person.speaks("headset");
    meter_moves(&window, "sound-input");
    drop(speaking);
    window.click("sound-done").unwrap();
    assert_eq!(window.attribute("call-status", "data-state").unwrap().as_deref(), Some("connected"));

    window.click("call-hangup").unwrap();
    peer.wait_for_end().unwrap();
    let heard = Sound::read(&recording).unwrap();
    score::same_speech(&Speech::Callee.sound().unwrap(), &heard).unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_network_that_loses_sound_is_named_in_words_with_whose_side_it_is_on_and_so_is_its_end() {
    const HERE: Ipv4Addr = Ipv4Addr::new(10, 84, 0, 1);
    const THERE: Ipv4Addr = Ipv4Addr::new(10, 84, 0, 2);
    let person = person();
    let server = Server::start().unwrap();
    let network = Network::new();
    let machines = [HERE, THERE].map(|address| {
        let machine = Namespace::new().unwrap();
        network.plug(&machine, "wifi", address).unwrap();
        machine.bring(server.address().parse().unwrap()).unwrap();
        machine
    });
    let window = person.opens_in(&machines[0], &server);
    window.arrives(&person.account);
    let baraka = Cli::new(server.url(), &person.folder().join("baraka")).with_namespace(&machines[1]);
    baraka.register(&Account::named("Baraka")).unwrap();
    let mut peer = baraka.answer(&["--calls", "1", "--mic", "none", "--speaker", "none"]).unwrap();
    window.type_into("dial-input", &baraka.care4w_id().unwrap()).unwrap();
    window.click("dial-call").unwrap();
    window.wait_for_state("call-status", &["connected"]).unwrap();
    // A room that is not silent: a silent microphone would be named first.
    let room = person.folder().join("room.wav");
    Sound::chirp(SOUND_RATE, Duration::from_secs(180), 200.0, 400.0).write(&room).unwrap();
    let _room = person.desk.sound().speak("desk", &room).unwrap();

    // What comes here is lost: this end hears badly, and the other end is told so by its reports.
    let loss = Loss::Random(0.25);
    network.impair_way(THERE, HERE, Impairment { seed: 7, loss, ..Impairment::default() });
    reads(&window, "call-quality", "Your network is losing sound");
    wait_for_attribute(&window, "call-quality", "data-level", "poor");
    let told = peer.wait("its word on the loss", |line| line.is("quality") && line.text("cause") == "loss").unwrap();
    assert_eq!(told.text("side"), "there", "{:?}", told.json);
    let mut found = Vec::new();
    found.extend(looks(&person, &window, "poor"));

    // It is over.
    network.impair(HERE, THERE, Impairment::default());
    let over = "const mark = document.querySelector('[data-testid=call-quality]'); \
                return mark !== null && mark.dataset.cause !== 'LOSS'";
    window.wait_until("the warning to go", over).unwrap();
    peer.wait("the end of the loss", |line| line.is("quality") && line.text("cause") != "loss").unwrap();

    // What is lost on its way there is the other end's trouble.
    network.impair_way(HERE, THERE, Impairment { seed: 8, loss, ..Impairment::default() });
    reads(&window, "call-quality", "Baraka's network is losing sound");
    let told = peer.wait("its word on the loss", |line| line.is("quality") && line.text("cause") == "loss").unwrap();
    assert_eq!(told.text("side"), "here", "{:?}", told.json);

    window.click("call-hangup").unwrap();
    peer.wait_for_end().unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
