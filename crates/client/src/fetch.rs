//! Fetching a file from the web for the shell: bounded in size and time, over https, and with the reason why it did not come.
//! Nothing of the person goes along: no token, no cookie.

use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use url::Url;

use crate::api::tls;
use crate::defaults::{CONNECT_TIMEOUT, FETCH_REDIRECTS};
use crate::server_url::is_this_computer;

/// What a file may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Its size.
    pub bytes: usize,
    /// From the first byte of the question to the last of the answer.
    pub time: Duration,
    /// Whether this computer may be asked over plain http.
    pub plain_here: bool,
}

/// Why a file did not come. None of them says the address: it is not logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address, or one that it led to, is not of https.
    #[error("the address is not safe")]
    Insecure,
    /// Nobody answered, or the answer broke off.
    #[error("nobody answers")]
    Unreachable,
    /// It took too long.
    #[error("it took too long")]
    TooSlow,
    /// An answer that is none: this HTTP status, a redirect's where one address led to the next without an end.
    #[error("refused with {0}")]
    Refused(u16),
    /// It is larger than it may be.
    #[error("it is too large")]
    TooLarge,
}

/// Fetches what stands at an address.
///
/// # Errors
/// [`FetchError`]; what came until then is thrown away.
pub async fn fetch(url: &Url, bounds: Bounds) -> Result<Vec<u8>, FetchError> {
    if !may_ask(url, bounds.plain_here) {
        return Err(FetchError::Insecure);
    }
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(bounds.time)
        .redirect(Policy::custom(move |attempt| follow(attempt, bounds.plain_here)))
        .referer(false)
        .user_agent(concat!("care4w/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("a client with our settings can always be built");
    let mut answer = http.get(url.clone()).send().await.map_err(|error| reason(&error))?;
    // One redirect too many comes as what it is.
    if !answer.status().is_success() {
        return Err(FetchError::Refused(answer.status().as_u16()));
    }
    let told = answer.content_length().unwrap_or_default();
    if usize::try_from(told).map_or(true, |told| told > bounds.bytes) {
        return Err(FetchError::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(more) = answer.chunk().await.map_err(|error| reason(&error))? {
        if bytes.len() + more.len() > bounds.bytes {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}

fn may_ask(url: &Url, plain_here: bool) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => plain_here && is_this_computer(url),
        _ => false,
    }
}

/// Marks a redirect that would leave https.
#[derive(Debug, thiserror::Error)]
#[error("it leads where nothing is asked")]
struct LeavesHttps;

fn follow(attempt: Attempt<'_>, plain_here: bool) -> reqwest::redirect::Action {
    if !may_ask(attempt.url(), plain_here) {
        attempt.error(LeavesHttps)
    } else if attempt.previous().len() > FETCH_REDIRECTS {
        attempt.stop()
    } else {
        attempt.follow()
    }
}

fn reason(error: &reqwest::Error) -> FetchError {
    if error.is_redirect() {
        FetchError::Insecure
    } else if error.is_timeout() {
        FetchError::TooSlow
    } else {
        FetchError::Unreachable
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::TcpListener;

    use super::*;

    /// Answers every question with what `answer` writes, and gives the address.
    fn serve(answer: impl Fn(&mut dyn std::io::Write, &str) -> std::io::Result<()> + Send + 'static) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let own = url.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut question = [0; 2048];
                let _ = stream.read(&mut question);
                // Whoever goes away in the middle has heard enough.
                let _ = answer(&mut stream, &own);
            }
        });
        url.parse().unwrap()
    }

    fn bounds(bytes: usize) -> Bounds {
        Bounds { bytes, time: Duration::from_secs(30), plain_here: true }
    }

    #[tokio::test]
    async fn a_file_of_just_the_size_comes_whole_and_one_byte_more_not_at_all() {
        let url = serve(|to, _| write!(to, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n12345"));
        assert_eq!(fetch(&url, bounds(5)).await.unwrap(), b"12345");
        assert_eq!(fetch(&url, bounds(4)).await, Err(FetchError::TooLarge));
    }

    #[tokio::test]
    async fn a_size_that_is_told_to_be_too_large_is_believed() {
        let url = serve(|to, _| write!(to, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"));
        assert_eq!(fetch(&url, bounds(1000)).await, Err(FetchError::TooLarge));
    }

    #[tokio::test]
    async fn an_answer_without_an_end_ends_at_the_bound() {
        let url = serve(|to, _| {
            write!(to, "HTTP/1.1 200 OK\r\n\r\n")?;
            loop {
                to.write_all(&[b' '; 1000])?;
            }
        });
        assert_eq!(fetch(&url, bounds(100_000)).await, Err(FetchError::TooLarge));
    }

    #[tokio::test]
    async fn an_answer_that_never_goes_on_ends_with_the_time() {
        let (held, hold) = std::sync::mpsc::channel::<()>();
        let url = serve(move |to, _| {
            write!(to, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1")?;
            let _ = hold.recv();
            Ok(())
        });
        let time = Duration::from_millis(300);
        assert_eq!(fetch(&url, Bounds { time, ..bounds(1000) }).await, Err(FetchError::TooSlow));
        drop(held);
    }

    #[tokio::test]
    async fn half_a_file_is_none() {
        let url = serve(|to, _| write!(to, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"));
        assert_eq!(fetch(&url, bounds(1000)).await, Err(FetchError::Unreachable));
    }

    #[tokio::test]
    async fn a_ring_of_redirects_is_left() {
        let url = serve(|to, own| write!(to, "HTTP/1.1 302 Found\r\nLocation: {own}\r\nContent-Length: 0\r\n\r\n"));
        assert_eq!(fetch(&url, bounds(1000)).await, Err(FetchError::Refused(302)));
    }

    #[tokio::test]
    async fn nothing_leads_away_from_https() {
        let url = serve(|to, _| {
            write!(to, "HTTP/1.1 302 Found\r\nLocation: http://updates.example.org/\r\nContent-Length: 0\r\n\r\n")
        });
        assert_eq!(fetch(&url, bounds(1000)).await, Err(FetchError::Insecure));
        for asked in ["http://updates.example.org/", "file:///etc/passwd", "ftp://127.0.0.1/"] {
            assert_eq!(fetch(&asked.parse().unwrap(), bounds(1000)).await, Err(FetchError::Insecure), "{asked}");
        }
        let https_alone = Bounds { plain_here: false, ..bounds(1000) };
        assert_eq!(fetch(&url, https_alone).await, Err(FetchError::Insecure), "not even this computer");
    }

    #[tokio::test]
    async fn what_is_refused_says_how() {
        let url = serve(|to, _| write!(to, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"));
        assert_eq!(fetch(&url, bounds(1000)).await, Err(FetchError::Refused(500)));
    }
}
