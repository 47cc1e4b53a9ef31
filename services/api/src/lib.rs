//! How people and programs act: REST, claim pages, live updates.
//!
//! Every answer about a lead comes from the board, and every answer about
//! configuration from the roster; nothing is kept here. Whatever the caller's
//! key does not reach looks as if it did not exist.

mod access;
mod body;
mod configuration;
mod edge;
mod etag;
mod health;
mod names;
mod openapi;
mod page;
mod problem;
mod schema;
mod shown;
mod work;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use clap::Args;
use clap::builder::FalseyValueParser;
use tipoff_board::Board;
use tipoff_roster::Roster;
use tipoff_runtime::{Clock, Nats};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::configuration::{agents, entities, keys, routes as routing, sources};
use crate::page::Pages;
use crate::work::{answers, leads, live, me, pool, push};

/// How the API presents itself.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Options {
    /// Where sources reach the intake; shown with every source.
    #[arg(long, env = "TIPOFF_INTAKE_URL", default_value = "http://127.0.0.1:7081")]
    pub intake_url: String,
    /// Sites whose pages may call the API from a browser, separated by commas; none if left out.
    #[arg(long, env = "TIPOFF_CORS_ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<String>,
    /// Live connections (SSE) that one process holds at most.
    #[arg(long, env = "TIPOFF_LIVE_CONNECTIONS", default_value_t = 2_000)]
    pub live_connections: usize,
    /// Take push subscriptions at any address, also inside the own network. For trials only.
    #[arg(long, env = "TIPOFF_ANY_PUSH_ENDPOINT", value_parser = FalseyValueParser::new())]
    pub any_push_endpoint: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            intake_url: "http://127.0.0.1:7081".to_owned(),
            cors_origins: Vec::new(),
            live_connections: 2_000,
            any_push_endpoint: false,
        }
    }
}

/// What handlers work with. Cheap to clone.
#[derive(Clone)]
struct Api {
    nats: Nats,
    board: Board,
    roster: Roster,
    clock: Clock,
    stop: CancellationToken,
    intake_url: Arc<str>,
    any_push_endpoint: bool,
    /// A seat per live connection.
    streams: Arc<Semaphore>,
    pages: Arc<Pages>,
    document: Arc<utoipa::openapi::OpenApi>,
}

/// The whole API. `stop` ends live streams and makes it unready.
pub fn app(
    nats: Nats,
    board: Board,
    roster: Roster,
    clock: Clock,
    options: &Options,
    stop: CancellationToken,
) -> Router {
    let (paths, document) = operations().split_for_parts();
    let api = Api {
        nats,
        board,
        pages: Arc::new(Pages::new(&roster.deployment().link_secret)),
        roster,
        clock,
        stop,
        intake_url: options.intake_url.trim_end_matches('/').into(),
        any_push_endpoint: options.any_push_endpoint,
        streams: Arc::new(Semaphore::new(options.live_connections.min(Semaphore::MAX_PERMITS))),
        document: Arc::new(openapi::complete(document)),
    };
    paths
        .fallback(edge::no_such_path)
        .method_not_allowed_fallback(edge::wrong_method)
        .layer(DefaultBodyLimit::max(edge::BODY_LIMIT))
        .layer(middleware::from_fn(edge::limit_time))
        .layer(edge::cors(&options.cors_origins))
        .layer(CatchPanicLayer::custom(edge::after_panic))
        .layer(middleware::from_fn_with_state(api.clone(), edge::log))
        .with_state(api)
}

fn operations() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(openapi::basics())
        .merge(configuring())
        .merge(working())
        .merge(about())
}

fn configuring() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(entities::list_entities))
        .routes(routes!(entities::put_entity, entities::get_entity))
        .routes(routes!(agents::list_agents))
        .routes(routes!(agents::put_agent, agents::get_agent, agents::delete_agent))
        .routes(routes!(agents::pause_agent))
        .routes(routes!(agents::resume_agent))
        .routes(routes!(sources::list_sources))
        .routes(routes!(sources::put_source, sources::get_source, sources::delete_source))
        .routes(routes!(sources::add_source_key))
        .routes(routes!(routing::create_route, routing::list_routes))
        .routes(routes!(routing::order_routes))
        .routes(routes!(routing::put_route, routing::get_route, routing::delete_route))
        .routes(routes!(routing::pause_route))
        .routes(routes!(routing::resume_route))
        .routes(routes!(keys::create_key, keys::list_keys))
        .routes(routes!(keys::revoke_key))
}

fn working() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(leads::list_leads))
        .routes(routes!(leads::get_lead))
        .routes(routes!(leads::get_timeline))
        .routes(routes!(answers::claim_lead))
        .routes(routes!(answers::pass_lead))
        .routes(routes!(answers::assign_lead))
        .routes(routes!(answers::return_lead))
        .routes(routes!(pool::list_pool))
        .routes(routes!(pool::claim_from_pool))
        .routes(routes!(pool::assign_from_pool))
        .routes(routes!(me::get_me))
        .routes(routes!(me::my_offers))
        .routes(routes!(me::my_leads))
        .routes(routes!(push::add_push_subscription, push::remove_push_subscription))
        .routes(routes!(push::get_push_key))
        .routes(routes!(live::stream_events))
}

fn about() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(page::handlers::show_page, page::handlers::answer_page))
        .routes(routes!(openapi::get_openapi))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
}

/// Serves until `stop` is cancelled and what was asked by then is answered.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    stop: CancellationToken,
) -> std::io::Result<()> {
    axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await
}
