//! A byte stream: TCP, and TLS over it, with what was read ahead.

use crate::policy::Policy;
use crate::resolver::look_up;
use crate::tls::Trust;
use rosterd_model::fault::{Fault, FaultKind};
use rustls::pki_types::ServerName;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const READ_AHEAD: usize = 64 << 10;

/// An open connection.
pub(crate) struct Wire {
    pub(crate) host: String,
    pub(crate) port: u16,
    stream: Stream,
    trust: Trust,
    ahead: Vec<u8>,
    /// Where bytes arrive: made once, because it is asked for bytes far more often than there are any.
    space: Vec<u8>,
    ended: bool,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// A failed hand-shake took the stream with it, or there never was one.
    Gone,
}

impl Wire {
    /// Connects to a host, at one of its vetted addresses.
    pub(crate) async fn connect(
        policy: &Policy,
        trust: &Trust,
        host: &str,
        port: u16,
        tls: bool,
    ) -> Result<Self, Fault> {
        let addresses = look_up(policy, host, port).await?;
        let failed = |error: std::io::Error| {
            Fault::new(FaultKind::Transient, format!("no connection to {host}:{port}: {error}"))
        };
        let stream = TcpStream::connect(addresses.as_slice()).await.map_err(failed)?;
        // Requests of such protocols are small and waited for.
        let _ = stream.set_nodelay(true);
        let (host, trust) = (host.to_owned(), trust.clone());
        let mut wire = Self {
            host,
            port,
            stream: Stream::Plain(stream),
            trust,
            ahead: Vec::new(),
            space: Vec::new(),
            ended: false,
        };
        if tls {
            let name = wire.host.clone();
            wire.start_tls(&name).await?;
        }
        Ok(wire)
    }

    /// A connection in a replay: there is nothing behind it.
    pub(crate) fn on_tape(host: &str, port: u16, trust: &Trust) -> Self {
        let (host, trust) = (host.to_owned(), trust.clone());
        Self { host, port, stream: Stream::Gone, trust, ahead: Vec::new(), space: Vec::new(), ended: true }
    }

    /// True if everything goes over TLS.
    pub(crate) fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// Turns the connection into a TLS one.
    pub(crate) async fn start_tls(&mut self, server_name: &str) -> Result<(), Fault> {
        if !self.ahead.is_empty() {
            let text = format!("{}:{} sent bytes before TLS began; they could be anybody's", self.host, self.port);
            return Err(Fault::new(FaultKind::Transient, text));
        }
        let config = self.trust.config().map_err(|error| Fault::new(FaultKind::Settings, error))?;
        let name = ServerName::try_from(server_name.to_owned());
        let name =
            name.map_err(|_| Fault::new(FaultKind::Invalid, format!("\"{server_name}\" is no server name for TLS")))?;
        let Stream::Plain(stream) = std::mem::replace(&mut self.stream, Stream::Gone) else {
            return Err(Fault::new(FaultKind::Conflict, "the connection has TLS already"));
        };
        let failed = |error: std::io::Error| {
            let kind = if error.kind() == std::io::ErrorKind::InvalidData {
                FaultKind::Settings
            } else {
                FaultKind::Transient
            };
            Fault::new(
                kind,
                format!(
                    "TLS with {}:{} failed: {error}; check tls.ca-file and the server's certificate",
                    self.host, self.port
                ),
            )
        };
        let stream = TlsConnector::from(config).connect(name, stream).await.map_err(failed)?;
        self.stream = Stream::Tls(Box::new(stream));
        Ok(())
    }

    /// Ready when there are bytes, or the end.
    pub(crate) fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if !self.ahead.is_empty() || self.ended {
            return Poll::Ready(Ok(()));
        }
        self.space.resize(READ_AHEAD, 0);
        let mut buffer = ReadBuf::new(&mut self.space);
        let filled = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, &mut buffer),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, &mut buffer),
            Stream::Gone => Poll::Ready(Ok(())),
        };
        match filled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(answer) => {
                self.ahead.extend_from_slice(buffer.filled());
                self.ended = self.ahead.is_empty();
                Poll::Ready(answer)
            }
        }
    }

    /// At most `max` bytes; empty at the end.
    pub(crate) async fn read(&mut self, max: usize) -> Result<Vec<u8>, Fault> {
        let filled = std::future::poll_fn(|context| self.poll_fill(context)).await;
        filled.map_err(|error| self.broke(&error))?;
        if max >= self.ahead.len() {
            return Ok(std::mem::take(&mut self.ahead));
        }
        let rest = self.ahead.split_off(max);
        Ok(std::mem::replace(&mut self.ahead, rest))
    }

    /// Writes all of it.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let written = match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes).await,
            Stream::Tls(stream) => match stream.write_all(bytes).await {
                Ok(()) => stream.flush().await,
                Err(error) => Err(error),
            },
            Stream::Gone => Err(std::io::ErrorKind::NotConnected.into()),
        };
        written.map_err(|error| self.broke(&error))
    }

    fn broke(&self, error: &std::io::Error) -> Fault {
        Fault::new(FaultKind::Transient, format!("the connection to {}:{} broke: {error}", self.host, self.port))
    }
}
