//! What a call over Twilio needs besides phones: our server, and a gateway that asks it what to do.

use care4w_tests::{Environment, Server};
use care4w_twilio_double::{Double, Settings};
use tokio::runtime::Runtime;

/// Where the server is for Twilio: a proxy stands before it.
const PUBLIC: &str = "https://care4w.example";

/// The caller id that the account lends.
const CALLER_ID: &str = "+254709000000";

/// A server whose calls go over Twilio, and Twilio's double.
pub struct Ground {
    pub server: Server,
    pub double: Double,
    pub runtime: Runtime,
}

impl Ground {
    pub fn lay() -> Self {
        let runtime = Runtime::new().unwrap();
        let double = runtime.block_on(Double::start(Settings::default())).unwrap();
        let account = double.account();
        let variable = |name: &str, value: &str| (format!("CARE4W_TWILIO_{name}"), value.into());
        let environment: Environment = vec![
            variable("ACCOUNT", &account.account_sid),
            variable("KEY", &account.api_key),
            variable("SECRET", &account.api_secret),
            variable("AUTH_TOKEN", &account.auth_token),
            variable("APPLICATION", &account.application_sid),
            variable("CALLER_ID", CALLER_ID),
            variable("GATEWAY_URL", &double.url()),
        ];
        let server = Server::start_with(&["--public-url", PUBLIC], &environment).unwrap();
        double.set_voice_url(&format!("{PUBLIC}/api/webhooks/twilio/voice"), Some(server.url()));
        Self { server, double, runtime }
    }

    pub fn until<T>(&self, what: &str, condition: impl FnMut() -> Option<T>) -> T {
        self.runtime.block_on(self.double.until(what, condition)).unwrap()
    }

    pub fn nothing_was_wrong(&self) {
        assert_eq!(self.double.faults(), []);
        assert!(!self.server.log().unwrap().contains("panicked"));
    }
}
