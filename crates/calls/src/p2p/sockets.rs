//! The sockets of one call as the library gets them: tokio's, with [`Handshake`] beneath the library's own.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, RecvMeta, Runtime, TokioRuntime,
    Transmit,
};

use super::handshake::{Fate, Handshake};

/// What the library runs on: tokio. One for each call, as a call has one handshake, whichever sockets it goes over.
#[derive(Debug)]
pub(super) struct CallRuntime {
    tokio: TokioRuntime,
    handshake: Arc<CallHandshake>,
}

impl CallRuntime {
    /// For a new call.
    pub fn new() -> Self {
        Self { tokio: TokioRuntime, handshake: Arc::default() }
    }
}

/// The way of a datagram: from which socket to where. It keeps no socket open that the library has closed.
#[derive(Clone)]
struct Route {
    socket: Weak<dyn AsyncUdpSocket>,
    to: SocketAddr,
}

#[derive(Default)]
struct CallHandshake {
    state: Mutex<State>,
    /// Something is due earlier, or nothing is any more.
    changed: Notify,
}

#[derive(Default)]
struct State {
    handshake: Handshake<Route>,
    /// Whether somebody waits to send something again.
    waiting: bool,
}

impl CallHandshake {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sent(self: &Arc<Self>, socket: &Arc<dyn AsyncUdpSocket>, transmit: &Transmit<'_>) {
        let route = Route { socket: Arc::downgrade(socket), to: transmit.destination };
        let size = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
        let mut state = self.state();
        for datagram in transmit.contents.chunks(size) {
            state.handshake.sent(Instant::now(), &route, datagram);
        }
        if state.handshake.due().is_some() {
            if std::mem::replace(&mut state.waiting, true) {
                self.changed.notify_one();
            } else {
                tokio::spawn(Arc::clone(self).repeat());
            }
        }
    }

    fn received(&self, datagram: &[u8]) -> Fate {
        let mut state = self.state();
        let fate = state.handshake.received(datagram);
        if state.waiting && state.handshake.due().is_none() {
            self.changed.notify_one();
        }
        fate
    }

    /// Sends again what is due until nothing is left.
    async fn repeat(self: Arc<Self>) {
        loop {
            let (due, again) = {
                let mut state = self.state();
                let again = state.handshake.repeats(Instant::now());
                let due = state.handshake.due();
                state.waiting = due.is_some();
                (due, again)
            };
            for (route, datagram) in again {
                if let Some(socket) = route.socket.upgrade() {
                    // What cannot be sent is lost, as elsewhere on its way.
                    socket.send_to(&datagram, route.to).await.ok();
                }
            }
            let Some(due) = due else { return };
            tokio::select! {
                () = tokio::time::sleep_until(due.into()) => {}
                () = self.changed.notified() => {}
            }
        }
    }
}

impl fmt::Debug for CallHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallHandshake").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Socket {
    tokio: Arc<dyn AsyncUdpSocket>,
    handshake: Arc<CallHandshake>,
}

impl Socket {
    /// Leaves out of a buffer what the library is not to get. A buffer may hold several datagrams, all of one length but
    /// the last.
    fn sift(&self, buffer: &mut [u8], meta: &mut RecvMeta) {
        let (stride, whole) = (meta.stride.max(1), meta.len.min(buffer.len()));
        let mut kept = 0;
        for at in (0..whole).step_by(stride) {
            let end = whole.min(at + stride);
            if self.handshake.received(&buffer[at..end]) == Fate::Pass {
                if kept < at {
                    buffer.copy_within(at..end, kept);
                }
                kept += end - at;
            }
        }
        meta.len = kept;
    }
}

impl AsyncUdpSocket for Socket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tokio.local_addr()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let result = self.tokio.poll_send(cx, transmit);
        if matches!(result, Poll::Ready(Ok(_))) {
            self.handshake.sent(&self.tokio, transmit);
        }
        result
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            let result = self.tokio.poll_recv(cx, bufs, meta);
            let Poll::Ready(Ok(count)) = result else { return result };
            let mut empty = count > 0;
            for (buffer, meta) in bufs.iter_mut().zip(meta.iter_mut()).take(count) {
                let came = meta.len;
                self.sift(buffer, meta);
                empty &= came > 0 && meta.len == 0;
            }
            if !empty {
                return result;
            }
        }
    }

    fn max_gso_segments(&self) -> usize {
        self.tokio.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.tokio.max_gro_segments()
    }
}

impl Runtime for CallRuntime {
    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let tokio = self.tokio.wrap_udp_socket(socket)?;
        Ok(Arc::new(Socket { tokio, handshake: Arc::clone(&self.handshake) }))
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) -> Box<dyn JoinHandle> {
        self.tokio.spawn(future)
    }

    fn wrap_tcp_listener(&self, listener: std::net::TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        self.tokio.wrap_tcp_listener(listener)
    }

    fn connect_tcp<'a>(
        &'a self,
        remote_addr: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = io::Result<Arc<dyn AsyncTcpStream>>> + Send + 'a>> {
        self.tokio.connect_tcp(remote_addr)
    }

    fn resolve_host<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        self.tokio.resolve_host(host)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        self.tokio.sleep(duration)
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        self.tokio.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        self.tokio.block_on(future);
    }

    fn yield_now(&self) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        self.tokio.yield_now()
    }

    fn name(&self) -> &'static str {
        "tokio"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A handshake message of this number.
    fn message(number: u8) -> Vec<u8> {
        let record = [22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, number, 0, 15];
        let body = [1, 0, 0, 3, 0, number, 0, 0, 0, 0, 0, 3, 1, 2, 3];
        [&record[..], &body].concat()
    }

    fn socket() -> Socket {
        let runtime = CallRuntime::new();
        let bound = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let tokio = runtime.tokio.wrap_udp_socket(bound).unwrap();
        Socket { tokio, handshake: runtime.handshake }
    }

    #[tokio::test]
    async fn what_nobody_answers_goes_out_again_until_it_is_answered() {
        let (here, there) = (socket(), tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap());
        here.send_to(&message(0), there.local_addr().unwrap()).await.unwrap();
        let mut buffer = [0; 100];
        let longest = Duration::from_secs(30);
        for _ in 0..3 {
            let (length, from) = tokio::time::timeout(longest, there.recv_from(&mut buffer)).await.unwrap().unwrap();
            assert_eq!((&buffer[..length], from), (&message(0)[..], here.local_addr().unwrap()));
        }
        there.send_to(&message(5), here.local_addr().unwrap()).await.unwrap();
        let (length, _) = tokio::time::timeout(longest, here.recv_from(&mut buffer)).await.unwrap().unwrap();
        assert_eq!(&buffer[..length], message(5));
        assert_eq!(here.handshake.state().handshake.due(), None);
    }

    #[tokio::test]
    async fn of_datagrams_that_came_together_only_the_one_that_was_answered_is_left_out() {
        let here = socket();
        let mut state = here.handshake.state();
        let route = Route { socket: Arc::downgrade(&here.tokio), to: here.local_addr().unwrap() };
        state.handshake.received(&message(0));
        state.handshake.sent(Instant::now(), &route, &message(0));
        drop(state);
        let mut buffer = [message(1), message(0), message(2)].concat();
        let mut meta = RecvMeta::default();
        (meta.len, meta.stride) = (buffer.len(), message(0).len());
        here.sift(&mut buffer, &mut meta);
        assert_eq!(buffer[..meta.len], [message(1), message(2)].concat());
    }
}
