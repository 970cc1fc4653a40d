//! Runs the demo on a loopback address.
//!
//! Main types: [`Demo`], a running server that ends when it is dropped, and [`Options`]. It prints nothing and
//! installs no signal handler.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{delete, get, post, put};
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::{sync::oneshot, task::JoinHandle};

use super::call::Call;
use super::reply::Problem;
use super::state::{Shared, Store};
use super::{accounts, addresses, admin, files, orders, payments, products, search};

/// The description of the demo, `specs/demo.yaml`: the same for both twins.
pub const DOCUMENT: &str = include_str!("../../specs/demo.yaml");

/// Path under which the document's operations lie.
pub const BASE_PATH: &str = "/v1";

/// How long a stopping server waits for answers under way. A hung handler gets no more.
const PATIENCE: Duration = Duration::from_millis(500);

/// What kind of demo to run, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Run the twin without planted bugs.
    pub clean: bool,
    /// Where to listen. Port 0 takes a free one.
    pub address: SocketAddr,
}

/// A running demo. Dropping it stops it.
#[derive(Debug)]
pub struct Demo {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Default for Options {
    fn default() -> Self {
        Self { clean: false, address: SocketAddr::from(([127, 0, 0, 1], 0)) }
    }
}

impl Demo {
    /// Starts the server on the current tokio runtime. When it returns, connections are accepted.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.address).await?;
        let address = listener.local_addr()?;
        let listener = listener.tap_io(|stream| {
            // Answers are small. A platform that refuses costs latency and nothing else.
            let _ = stream.set_nodelay(true);
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let app = router(Arc::new(Store::new(options.clean)));
        let server = tokio::spawn(async move {
            let serving = axum::serve(listener, app).with_graceful_shutdown(async {
                // Told to stop, or the handle is gone: either way it is over.
                let _ = stopped.await;
            });
            // Only accepting can fail, and axum retries that for ever.
            let _ = serving.await;
        });
        Ok(Self { address, stop: Some(stop), server })
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL that the document's paths are relative to.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{BASE_PATH}", self.address)
    }

    /// Stops accepting, lets answers under way finish for a moment, and ends.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        // A connection that never ends must not keep the caller waiting; `Drop` cuts it off.
        let _ = tokio::time::timeout(PATIENCE, &mut self.server).await;
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn router(store: Shared) -> Router {
    let operations = Router::new()
        .route("/health", get(admin::health))
        .route("/login", post(accounts::login))
        .route("/accounts", post(accounts::register))
        .route("/accounts/{accountId}", get(accounts::get_account))
        .route("/me", get(accounts::get_me).patch(accounts::update_me))
        .route("/me/preferences", put(accounts::set_preferences))
        .route("/addresses", get(addresses::list).post(addresses::create))
        .route(
            "/addresses/{addressId}",
            get(addresses::get).put(addresses::replace).patch(addresses::change).delete(addresses::delete),
        )
        .route("/products", get(products::list))
        .route("/products/{sku}", get(products::get))
        .route("/products/{sku}/reviews", post(products::review))
        .route("/search", get(search::simple))
        .route("/search/advanced", post(search::advanced))
        .route("/orders", get(orders::list).post(orders::create))
        .route("/orders/{orderId}", get(orders::get).patch(orders::update).delete(orders::cancel))
        .route("/orders/{orderId}/note", post(orders::set_note))
        .route("/orders/{orderId}/payments", post(payments::pay))
        .route("/reports/orders", get(admin::report))
        .route("/files", get(files::list).post(files::upload))
        .route("/files/{fileId}", delete(files::delete))
        .route("/files/{fileId}/content", get(files::content))
        .route("/admin/accounts", get(admin::accounts))
        .method_not_allowed_fallback(method_not_allowed);
    Router::new().nest(BASE_PATH, operations).fallback(not_found).with_state(store)
}

async fn not_found(_call: Call) -> Problem {
    Problem::not_found("no such path")
}

async fn method_not_allowed(_call: Call) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "the path has no such operation")
}
