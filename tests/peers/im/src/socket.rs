//! WebSockets: a task for each, which carries frames between the wire and the vendor.

use crate::exchange::{Frame, Request};
use crate::program::{Inside, Program};
use crate::vendor::SocketId;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Answers a request for a socket.
pub async fn upgrade(mut parts: Parts, request: &Request, program: Arc<Program>) -> Response<Body> {
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(refusal) => return refusal.into_response(),
    };
    let (sender, frames) = unbounded_channel();
    let id = {
        let Inside { desk, vendor } = &mut *program.inside();
        let id = desk.number();
        if !vendor.opens(desk, id, request) {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        desk.sockets.insert(id, sender);
        id
    };
    upgrade.on_upgrade(move |socket| carry(socket, id, frames, program))
}

async fn carry(mut socket: WebSocket, id: SocketId, mut frames: UnboundedReceiver<Frame>, program: Arc<Program>) {
    {
        let Inside { desk, vendor } = &mut *program.inside();
        vendor.opened(desk, id);
    }
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(Frame::Text(text)) => {
                    if socket.send(Message::Text(text.into())).await.is_err() {
                        break;
                    }
                }
                // The client answers with the same, and then it is the end.
                Some(Frame::Close) => {
                    if socket.send(Message::Close(None)).await.is_err() {
                        break;
                    }
                }
                Some(Frame::Drop) | None => break,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    let Inside { desk, vendor } = &mut *program.inside();
                    vendor.received(desk, id, &text);
                }
                // Pings are answered by the library, and so is the closing frame: it leaves while the end is awaited.
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
        }
    }
    let Inside { desk, vendor } = &mut *program.inside();
    desk.sockets.remove(&id);
    vendor.closed(desk, id);
}
