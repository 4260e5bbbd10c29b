//! The HTTP server: one task per connection. A connection can be closed without a response.

use crate::api::{self, HangUp};
use crate::clock::millis_of;
use crate::faults::Order;
use crate::sandbox::Sandbox;
use crate::settings::Settings;
use crate::truth::Truth;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt as _;

/// A running sandbox; it stops when dropped.
#[derive(Debug)]
pub struct Running {
    /// The address on which it listens.
    pub address: SocketAddr,
    sandbox: Arc<Sandbox>,
    task: JoinHandle<()>,
}

impl Running {
    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The ground truth of this sandbox, with the same clock.
    #[must_use]
    pub fn truth(&self) -> Truth {
        let Sandbox { institution, settings, clock, .. } = &*self.sandbox;
        Truth::of(Arc::clone(institution), settings.bulk_rows, Arc::clone(clock))
    }

    /// Moves the clock forward.
    pub fn advance(&self, seconds: f64) {
        self.sandbox.clock.advance(millis_of(seconds));
    }

    /// Adds faults.
    pub fn harm(&self, orders: Vec<Order>) {
        self.sandbox.books().faults.set(orders);
    }

    /// The ledger: the JSON of `GET /sandbox/ledger`.
    #[must_use]
    pub fn ledger(&self) -> serde_json::Value {
        self.sandbox.ledger()
    }

    /// Stops listening and closes every connection.
    pub async fn stop(mut self) {
        self.task.abort();
        // The task only ends by being aborted.
        let _ = (&mut self.task).await;
    }

    /// Waits until it stops.
    pub async fn wait(mut self) {
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts a sandbox.
///
/// # Errors
/// If it cannot listen on the address.
pub async fn start(settings: Settings) -> io::Result<Running> {
    let listener = TcpListener::bind(settings.listen).await?;
    let address = listener.local_addr()?;
    let sandbox = Arc::new(Sandbox::new(settings));
    let router = api::router(Arc::clone(&sandbox));
    let task = tokio::spawn(async move {
        // Dropped with the task, which closes every connection.
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let Ok((socket, _)) = listener.accept().await else {
                // Possibly out of sockets: some will be closed soon.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            // Sends small responses at once. It also works without this option.
            let _ = socket.set_nodelay(true);
            let router = router.clone();
            connections.spawn(async move {
                let service = service_fn(move |request: hyper::Request<Incoming>| {
                    let router = router.clone();
                    async move {
                        let Ok(response) = router.oneshot(request.map(Body::new)).await;
                        if response.extensions().get::<HangUp>().is_some() {
                            return Err(io::Error::from(io::ErrorKind::ConnectionReset));
                        }
                        Ok(response)
                    }
                });
                // A broken connection is caused by the client or a fault.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(socket), service)
                    .await;
            });
        }
    });
    Ok(Running { address, sandbox, task })
}
