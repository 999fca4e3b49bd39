//! What a call over Twilio needs besides phones: our server, and a double of Twilio that asks it what to do.

use std::path::Path;

use care4w_tests::{Account, Cli, Environment, Server};
use care4w_twilio_double::{Double, PlacedCall, Settings};
use tokio::runtime::Runtime;

/// Where the server is for Twilio: a proxy stands before it.
const PUBLIC: &str = "https://care4w.example";

/// The caller id that the account lends.
pub const CALLER_ID: &str = "+254709000000";

/// A server whose calls go over Twilio, and Twilio's double.
pub struct Ground {
    pub server: Server,
    pub double: Double,
    pub runtime: Runtime,
}

impl Ground {
    pub fn lay() -> Self {
        Self::lay_with(|_| Environment::new())
    }

    /// The same where numbers are proved by codes that Twilio sends.
    pub fn proving() -> Self {
        Self::lay_with(|_| vec![proves()])
    }

    /// With more variables for the server, which count more than those of the double.
    pub fn lay_with(more: impl FnOnce(&Double) -> Environment) -> Self {
        let runtime = Runtime::new().unwrap();
        let double = runtime.block_on(Double::start(Settings::default())).unwrap();
        let environment = [double.environment(CALLER_ID), more(&double)].concat();
        let server = Server::start_with(&["--public-url", PUBLIC], &environment).unwrap();
        double.set_voice_url(&format!("{PUBLIC}/api/webhooks/twilio/voice"), Some(server.url()));
        Self { server, double, runtime }
    }

    /// Somebody with an account.
    pub fn person(&self, name: &str, folder: &Path) -> Cli {
        let cli = Cli::new(self.server.url(), &folder.join(name));
        cli.register(&Account::named(name)).unwrap();
        cli
    }

    /// Proves a number by the code that Twilio sent there.
    pub fn proves(&self, cli: &Cli, number: &str) {
        let code = self.double.verify().code_for(number).unwrap();
        cli.run(&["phone", "verify", &code], "").unwrap().success().unwrap();
    }

    pub fn until<T>(&self, what: &str, condition: impl FnMut() -> Option<T>) -> T {
        self.runtime.block_on(self.double.until(what, condition)).unwrap()
    }

    /// The call that was begun last by REST.
    pub fn placed_call(&self) -> PlacedCall {
        self.double.placed_calls().pop().unwrap()
    }

    /// Waits until Twilio says this of it.
    pub fn until_it_is(&self, call: &PlacedCall, status: &str) {
        self.until(status, || (call.status() == status).then_some(()));
    }

    pub fn nothing_was_wrong(&self) {
        assert_eq!(self.double.faults(), []);
        assert!(!self.server.log().unwrap().contains("panicked"));
    }
}

/// For a server whose numbers are proved by codes that Twilio sends.
pub fn proves() -> (String, String) {
    ("CARE4W_VERIFICATION".into(), "twilio".into())
}
