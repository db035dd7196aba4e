//! The address where remote systems and clients call: who may connect, for how long, and what is read of a request before
//! anything looks at it.

use crate::auth::{Clients, Door};
use crate::problem::Tell;
use crate::receive::Receive;
use crate::router::{self, Hub, LARGEST_HEAD, Peer};
use crate::seats::{Busy, Seat, Seats};
use crate::tls::{self, Tls};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rosterd_model::port::{BoxFuture, Clock};
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

/// Most headers of a request.
const MOST_HEADERS: usize = 64;
/// A connection that served and is no longer wanted may send its last bytes for so long.
const LAST_BYTES: Duration = Duration::from_millis(250);

/// What is served, and to whom.
pub struct Server {
    /// Answers what remote systems send below `/receive/CONNECTION`.
    pub receive: Receive,
    /// The clients that there are.
    pub clients: Arc<dyn Clients>,
    /// What remote systems call the hub, without a slash at its end; empty: nobody said.
    pub public_url: String,
    /// Decides when tokens end.
    pub clock: Arc<dyn Clock>,
    /// None: clear text, behind a proxy that speaks TLS.
    pub tls: Option<Tls>,
    /// The hub's interface for clients. Each of its routes is given an `Extension` with the [`crate::Caller`].
    pub api: Option<Router>,
    /// How problems are told at paths of `api` whose clients expect another form than RFC 9457.
    pub tell: Option<Tell>,
    /// Pages at which people log in; they need no token.
    pub login: Option<Router>,
    /// True, or gone: nobody new is taken, and those that are answered get their answers.
    pub stop: watch::Receiver<bool>,
}

/// How much, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Connections that are open at once.
    pub(crate) connections: u32,
    /// Whoever does not send a head, a piece of a body or his part of a handshake in this time is left.
    pub(crate) patience: Duration,
    /// Whoever takes nothing of his answer for so long is left.
    pub(crate) patience_with_readers: Duration,
    /// So long the last answers may take when the hub ends.
    pub(crate) grace: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 512,
            patience: Duration::from_secs(10),
            patience_with_readers: Duration::from_secs(60),
            grace: Duration::from_secs(10),
        }
    }
}

/// Serves until it is told to stop, or the future is dropped. Answers the address that it listens at, and what it does; that
/// ends when it was told to stop and the last answer is given.
///
/// # Errors
/// Nobody can listen at the address.
pub async fn serve_hub(address: SocketAddr, server: Server) -> io::Result<(SocketAddr, BoxFuture<'static, ()>)> {
    serve_within(address, server, Bounds::default()).await
}

pub(crate) async fn serve_within(
    address: SocketAddr,
    server: Server,
    bounds: Bounds,
) -> io::Result<(SocketAddr, BoxFuture<'static, ()>)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let Server { receive, clients, public_url, clock, tls, api, tell, login, stop } = server;
    let hub = Hub { receive, public_url, door: Door::new(clients, clock), tell, patience: bounds.patience };
    let router = router::router(&Arc::new(hub), api, login);
    let place = Place { router, tls: tls.map(Arc::new), stop, bounds };
    Ok((bound, Box::pin(serve(listener, place))))
}

/// What each connection is given.
#[derive(Clone)]
struct Place {
    router: Router,
    tls: Option<Arc<Tls>>,
    stop: watch::Receiver<bool>,
    bounds: Bounds,
}

impl Place {
    /// Waits until the hub ends.
    async fn stopped(&mut self) {
        // Whoever would tell is gone: that tells it, too.
        let _ = self.stop.wait_for(|stop| *stop).await;
    }
}

async fn serve(listener: TcpListener, mut place: Place) {
    let seats = Seats::new(place.bounds.connections);
    {
        let (own, renewed) = (place.clone(), place.tls.clone());
        let mut taking = pin!(accept(&listener, &seats, own));
        let mut renewing = pin!(renew(renewed));
        tokio::select! {
            () = taking.as_mut() => {}
            () = renewing.as_mut() => {}
            () = place.stopped() => {}
        }
    }
    drop(listener);
    if tokio::time::timeout(place.bounds.grace, seats.emptied()).await.is_err() {
        tracing::warn!("some requests were not answered to their end");
    }
}

async fn accept(listener: &TcpListener, seats: &Arc<Seats>, place: Place) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let Some(seat) = seats.take().await else { return };
                let place = place.clone();
                tokio::spawn(connection(stream, from.ip(), seat, place));
            }
            Err(error) => {
                // Too many open files, for instance: it passes, and asking again at once would not help.
                tracing::warn!(%error, "no connection could be taken");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// Looks after the certificate for as long as it is asked to.
async fn renew(tls: Option<Arc<Tls>>) {
    let Some(tls) = tls else { return std::future::pending().await };
    let mut looks = tokio::time::interval(tls::LOOK);
    loop {
        looks.tick().await;
        let own = Arc::clone(&tls);
        match tokio::task::spawn_blocking(move || own.refresh()).await {
            Ok(Ok(true)) => tracing::info!("the certificate has changed, and new connections get the new one"),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(error)) => tracing::error!("{error}; the certificate of before is still used"),
        }
    }
}

async fn connection(stream: TcpStream, from: IpAddr, seat: Seat, mut place: Place) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(place.bounds.patience_with_readers));
    let stream = Box::pin(stream);
    let Some(tls) = place.tls.clone() else { return requests(stream, from, seat, place).await };
    let accepted = TlsAcceptor::from(tls.present()).accept(stream);
    let accepted = tokio::select! {
        accepted = tokio::time::timeout(place.bounds.patience, accepted) => accepted,
        () = seat.wanted() => return,
        () = place.stopped() => return,
    };
    match accepted {
        Ok(Ok(stream)) => requests(stream, from, seat, place).await,
        Ok(Err(error)) => tracing::debug!(%error, address = %from, "no TLS could be agreed upon"),
        Err(_) => tracing::debug!(address = %from, "no TLS was agreed upon in time"),
    }
}

async fn requests(stream: impl AsyncRead + AsyncWrite + Unpin, from: IpAddr, seat: Seat, mut place: Place) {
    let (router, patience) = (place.router.clone(), place.bounds.patience);
    let seat = Arc::new(seat);
    let own = Arc::clone(&seat);
    let service = service_fn(move |request: Request<Incoming>| {
        let busy = own.busy();
        // Whoever has shown a token may send something long; a stranger would only keep a seat by it.
        let piecewise = router::is_guarded(request.uri().path());
        let mut request = request.map(|body| Body::new(Patient { body, patience, piecewise, until: None }));
        request.extensions_mut().insert(Peer(from));
        let answer = router.clone().call(request);
        async move {
            let response: Response = answer.await?;
            Ok::<_, Infallible>(response.map(|body| Held { body, _busy: busy }))
        }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(patience);
    server.max_buf_size(LARGEST_HEAD).max_headers(MOST_HEADERS);
    let mut serving = pin!(server.serve_connection(TokioIo::new(stream), service));
    let mut stopping = false;
    let done = loop {
        tokio::select! {
            done = serving.as_mut() => break done,
            () = seat.wanted() => {
                if !seat.served() {
                    return;
                }
                serving.as_mut().graceful_shutdown();
                let _ = tokio::time::timeout(LAST_BYTES, serving.as_mut()).await;
                return;
            }
            () = place.stopped(), if !stopping => {
                if !seat.served() {
                    return;
                }
                stopping = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    };
    if let Err(error) = done {
        tracing::debug!(%error, address = %from, "a request was not answered");
    }
}

/// A body that must come in time: each piece of it, or all of it.
struct Patient {
    body: Incoming,
    patience: Duration,
    piecewise: bool,
    /// Since it was first waited for.
    until: Option<Pin<Box<Sleep>>>,
}

impl hyper::body::Body for Patient {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            if self.piecewise {
                self.until = None;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let deadline = Instant::now() + self.patience;
        let until = self.until.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        match until.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err("the body did not come in time".into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        hyper::body::Body::size_hint(&self.body)
    }
}

/// A body of an answer; while it is sent the connection is in use.
struct Held {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
