//! Whoever blocks whom: whoever is blocked is told what is told about nobody, and everybody else what is true.

use care4w_protocol::signal::{ClientMessage, Ended, HangUp, ServerMessage};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use super::calls::hears_nothing;
use super::{block, by_id, by_number, unblock};
use crate::server::{Person, Server};
use crate::signalling::Socket;

const PEOPLE: usize = 4;

struct World {
    server: Server,
    people: Vec<Person>,
    sockets: Vec<Socket>,
    /// `blocks[a][b]`: a has blocked b.
    blocks: [[bool; PEOPLE]; PEOPLE],
}

fn number(person: usize) -> String {
    format!("+25471234567{person}")
}

impl World {
    async fn new() -> Self {
        let server = Server::start().await;
        let (mut people, mut sockets) = (Vec::new(), Vec::new());
        for index in 0..PEOPLE {
            let person = server.register(&format!("person{index}")).await;
            server.set_phone(&person, &number(index)).await.data();
            // One sign-in each: its own devices are not told of what it changes.
            sockets.push(Socket::of(&server, &person, "phone").await);
            people.push(person);
        }
        Self { server, people, sockets, blocks: Default::default() }
    }

    async fn set(&mut self, blocker: usize, blocked: usize, wanted: bool) {
        if blocker == blocked {
            return;
        }
        let (blocker_is, blocked_is) = (&self.people[blocker], &self.people[blocked]);
        if wanted {
            block(&self.server, blocker_is, blocked_is).await;
        } else {
            unblock(&self.server, blocker_is, blocked_is).await;
        }
        self.blocks[blocker][blocked] = wanted;
    }

    async fn check(&mut self) {
        for asker in 0..PEOPLE {
            let of_nobody = by_id(&self.server, &self.people[asker], "care4w-NOBODY").await;
            let by_nobodys_number = by_number(&self.server, &self.people[asker], "+254799999999").await;
            for asked in (0..PEOPLE).filter(|asked| *asked != asker) {
                let is_blocked = self.blocks[asked][asker];
                let answer = by_id(&self.server, &self.people[asker], &self.people[asked].id).await;
                assert_eq!(answer == of_nobody, is_blocked, "{asker} asks for {asked}'s id");
                assert!(is_blocked || exists(&answer.2));
                let answer = by_number(&self.server, &self.people[asker], &number(asked)).await;
                assert_eq!(answer == by_nobodys_number, is_blocked, "{asker} asks for {asked}'s number");
                assert!(is_blocked || exists(&answer.2));
                self.calls(asker, asked, is_blocked).await;
            }
        }
    }

    async fn calls(&mut self, caller: usize, callee: usize, is_blocked: bool) {
        let to = self.people[callee].clone();
        let call = self.sockets[caller].invites(&to).await;
        if is_blocked {
            let ended = self.sockets[caller].hears().await;
            assert_eq!(ended, ServerMessage::Ended { call, reason: Ended::NotFound });
            hears_nothing(&mut self.sockets[callee]).await;
        } else {
            assert!(matches!(self.sockets[callee].hears().await, ServerMessage::Invite { .. }));
            self.sockets[caller].says(ClientMessage::HangUp { call, reason: HangUp::Normal }).await;
            let ended = self.sockets[callee].hears().await;
            assert_eq!(ended, ServerMessage::Ended { call, reason: Ended::Cancelled });
        }
    }
}

fn exists(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).unwrap()["data"]["exists"] == true
}

#[test]
fn in_every_world_the_blocked_are_told_what_is_told_about_nobody() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = tokio::sync::Mutex::new(runtime.block_on(World::new()));
    let steps = proptest::collection::vec((0..PEOPLE, 0..PEOPLE, proptest::bool::weighted(0.7)), 1..8);
    // Each world grows out of the one before, as a server's does.
    let mut runner =
        TestRunner::new(Config { cases: 12, max_shrink_iters: 0, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&steps, |steps| {
        runtime.block_on(async {
            let mut world = world.lock().await;
            for (blocker, blocked, wanted) in steps {
                world.set(blocker, blocked, wanted).await;
            }
            world.check().await;
        });
        Ok(())
    });
    ran.unwrap();
}
