//! How people and programs act: REST, claim pages, live updates.
//!
//! Every answer about a lead comes from the board, and every answer about
//! configuration from the roster; nothing is kept here. Whatever the caller's
//! key does not reach looks as if it did not exist.

mod access;
mod body;
mod configuration;
mod dead;
mod edge;
mod etag;
mod health;
mod insight;
mod instant;
mod names;
mod notices;
mod openapi;
mod pace;
mod page;
mod problem;
mod schema;
mod seats;
mod shown;
mod telephony;
mod visit;
mod webhooks;
mod work;

pub use telephony::{Forgetful, Options as TelephonyOptions, make_memory};

pub use insight::attempt::attempt;
pub use insight::report::{report, sheet};
pub use insight::simulate::{LOOK_BACK, past};
pub use insight::why::why;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::response::Redirect;
use axum::routing::get;
use axum::{Extension, Router, middleware};
use clap::Args;
use clap::builder::FalseyValueParser;
use tipoff_board::Board;
use tipoff_roster::Roster;
use tipoff_runtime::{Clock, Nats, Publisher, serve};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::warn;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::configuration::{
    agents, entities, keys, lenders, links, pauses, ponds, routes as routing, sources, trail,
    versions,
};
use crate::insight::{attempt, audit, lint, report as stats, simulate, why as reasons};
use crate::pace::Paces;
use crate::page::Pages;
use crate::seats::Seats;
use crate::telephony::{Telephony, status, text, trial, voice};
use crate::visit::InHand;
use crate::webhooks::{attempts, deliveries, manage, replay, secrets};
use crate::work::{
    answers, follow_up, hands, held, leads, live, me, person, ponds as resting, push, withdraw,
};

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
    /// Requests that one process works on at once; more wait for up to ten seconds, and are
    /// then asked to come again. Live connections are not counted.
    #[arg(long, env = "TIPOFF_API_REQUESTS", default_value_t = seats::SEATS)]
    pub api_requests: usize,
    /// Live connections (SSE) that one process holds at most.
    #[arg(long, env = "TIPOFF_LIVE_CONNECTIONS", default_value_t = 2_000)]
    pub live_connections: usize,
    /// Take push subscriptions at any address, also inside the own network. For trials only.
    #[arg(long, env = "TIPOFF_ANY_PUSH_ENDPOINT", value_parser = FalseyValueParser::new())]
    pub any_push_endpoint: bool,
    /// Requests per second with one key, a minute's worth at once; 0 for no limit.
    #[arg(long, env = "TIPOFF_API_KEY_RATE", default_value_t = 200)]
    pub api_key_rate: u32,
    /// Requests per second to one entity, a minute's worth at once; 0 for no limit.
    #[arg(long, env = "TIPOFF_API_ENTITY_RATE", default_value_t = 2_000)]
    pub api_entity_rate: u32,
    /// Claims per second of one agent, a minute's worth at once; 0 for no limit.
    #[arg(long, env = "TIPOFF_API_CLAIM_RATE", default_value_t = 20)]
    pub api_claim_rate: u32,
    #[command(flatten)]
    pub telephony: telephony::Options,
    /// Take webhooks at any address, also inside the own network, and over http. For trials only.
    #[arg(id = "api_webhooks_inside", long = "api-webhooks-inside", env = "TIPOFF_WEBHOOKS_INSIDE", value_parser = FalseyValueParser::new())]
    pub webhooks_inside: bool,
}

impl Options {
    /// As fast as callers ask; for measuring.
    pub fn unlimited() -> Self {
        Self { api_key_rate: 0, api_entity_rate: 0, api_claim_rate: 0, ..Self::default() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            intake_url: "http://127.0.0.1:7081".to_owned(),
            cors_origins: Vec::new(),
            api_requests: seats::SEATS,
            live_connections: 2_000,
            api_key_rate: 200,
            api_entity_rate: 2_000,
            api_claim_rate: 20,
            any_push_endpoint: false,
            telephony: telephony::Options::default(),
            webhooks_inside: false,
        }
    }
}

/// What handlers work with. Cheap to clone.
#[derive(Clone)]
struct Api {
    nats: Nats,
    publisher: Publisher,
    paces: Arc<Paces>,
    board: Board,
    roster: Roster,
    clock: Clock,
    stop: CancellationToken,
    intake_url: Arc<str>,
    any_push_endpoint: bool,
    seats: Seats,
    /// A seat per live connection.
    streams: Arc<Semaphore>,
    pages: Arc<Pages>,
    telephony: Arc<Telephony>,
    webhooks_inside: bool,
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
    let link_secret = &roster.deployment().link_secret;
    let telephony = Telephony::new(&options.telephony, link_secret, nats.jetstream.clone());
    let paces = Paces::new(options.api_key_rate, options.api_entity_rate, options.api_claim_rate);
    let api = Api {
        publisher: Publisher::new(nats.clone()),
        paces: Arc::new(paces),
        nats,
        board,
        pages: Arc::new(Pages::new(link_secret)),
        telephony: Arc::new(telephony),
        webhooks_inside: options.webhooks_inside,
        roster,
        clock,
        stop,
        intake_url: options.intake_url.trim_end_matches('/').into(),
        any_push_endpoint: options.any_push_endpoint,
        seats: Seats::new(options.api_requests),
        streams: Arc::new(Semaphore::new(options.live_connections.min(Semaphore::MAX_PERMITS))),
        document: Arc::new(openapi::complete(document)),
    };
    paths
        // Whoever types the address of the deployment, or opens what led there once.
        .route("/", get(async || Redirect::temporary("bell")))
        .fallback(edge::no_such_path)
        .method_not_allowed_fallback(edge::wrong_method)
        .layer(middleware::from_fn_with_state(api.clone(), visit::attend))
        .layer(DefaultBodyLimit::max(edge::BODY_LIMIT))
        .layer(middleware::from_fn(edge::not_modified))
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
        .merge(looking())
        .merge(telephoning())
        .merge(notices::operations())
        .merge(hooking())
        .merge(about())
}

fn configuring() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(entities::list_entities))
        .routes(routes!(entities::put_entity, entities::get_entity))
        .routes(routes!(agents::list_agents))
        .routes(routes!(agents::put_agent, agents::get_agent, agents::delete_agent))
        .routes(routes!(pauses::pause_agent))
        .routes(routes!(pauses::resume_agent))
        .routes(routes!(pauses::limit_agent))
        .routes(routes!(pauses::pause_me))
        .routes(routes!(pauses::resume_me))
        .routes(routes!(links::end_links))
        .routes(routes!(links::end_my_links))
        .routes(routes!(sources::list_sources))
        .routes(routes!(sources::put_source, sources::get_source, sources::delete_source))
        .routes(routes!(sources::add_source_key))
        .routes(routes!(ponds::list_ponds))
        .routes(routes!(ponds::put_pond, ponds::get_pond, ponds::delete_pond))
        .routes(routes!(lenders::list_lenders))
        .routes(routes!(lenders::put_lender, lenders::get_lender, lenders::delete_lender))
        .routes(routes!(routing::create_route, routing::list_routes))
        .routes(routes!(routing::order_routes))
        .routes(routes!(routing::put_route, routing::get_route, routing::delete_route))
        .routes(routes!(routing::pause_route))
        .routes(routes!(routing::resume_route))
        .routes(routes!(versions::list_versions))
        .routes(routes!(versions::get_version))
        .routes(routes!(versions::restore_version))
        .routes(routes!(versions::list_changes))
        .routes(routes!(trail::read_trail))
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
        .routes(routes!(follow_up::follow_up))
        .routes(routes!(answers::undo_pass))
        .routes(routes!(answers::another_chance))
        .routes(routes!(answers::worked))
        .routes(routes!(hands::assign_lead))
        .routes(routes!(hands::return_lead))
        .routes(routes!(hands::close_lead))
        .routes(routes!(hands::credit_lead))
        .routes(routes!(held::list_held))
        .routes(routes!(held::send_to_routing))
        .routes(routes!(held::add_contact))
        .routes(routes!(withdraw::withdraw_offers))
        .routes(routes!(person::erase_lead))
        .routes(routes!(person::export_lead))
        .routes(routes!(person::find_person))
        .routes(routes!(person::erase_person))
        .routes(routes!(resting::list_pool))
        .routes(routes!(resting::claim_from_pool))
        .routes(routes!(resting::assign_from_pool))
        .routes(routes!(resting::list_pond_leads))
        .routes(routes!(resting::claim_from_pond))
        .routes(routes!(resting::assign_from_pond))
        .routes(routes!(resting::my_ponds))
        .routes(routes!(me::get_me))
        .routes(routes!(me::my_offers))
        .routes(routes!(me::my_leads))
        .routes(routes!(push::add_push_subscription, push::remove_push_subscription))
        .routes(routes!(push::get_push_key))
        .routes(routes!(live::stream_events))
}

fn looking() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(lint::lint_routes, lint::lint_draft))
        .routes(routes!(stats::get_report))
        .routes(routes!(audit::audit))
        .routes(routes!(attempt::try_lead))
        .routes(routes!(simulate::simulate_routes))
        .routes(routes!(reasons::why_lead))
}

fn hooking() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(manage::create_webhook, manage::list_webhooks))
        .routes(routes!(manage::get_webhook, manage::put_webhook, manage::delete_webhook))
        .routes(routes!(secrets::rotate_secret))
        .routes(routes!(replay::replay))
        .routes(routes!(deliveries::list_deliveries))
        .routes(routes!(attempts::list_attempts))
        .routes(routes!(dead::list_dead))
        .routes(routes!(dead::get_dead))
        .routes(routes!(dead::redrive_many))
        .routes(routes!(dead::redrive_dead))
}

fn telephoning() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(voice::picked_up))
        .routes(routes!(voice::accept))
        .routes(routes!(voice::next))
        .routes(routes!(voice::dialled))
        .routes(routes!(text::receive))
        .routes(routes!(status::call_ended))
        .routes(routes!(status::text_ended))
        .routes(routes!(trial::picked_up_test))
        .routes(routes!(trial::pressed_test))
}

fn about() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(page::handlers::show_page, page::handlers::answer_page))
        .routes(routes!(page::confirm::show_confirmation, page::confirm::confirm))
        .routes(routes!(page::bell::show_bell))
        .routes(routes!(page::bell::bell_file))
        .routes(routes!(openapi::get_openapi))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
}

/// Serves until `stop` is cancelled and what was asked by then is done and
/// answered, also what nobody waits for any more.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let in_hand = TaskTracker::new();
    let app = app.layer(Extension(InHand(in_hand.clone())));
    let ending = stop.clone();
    let done = async {
        let served = serve::serve(listener, app, edge::LIMITS, stop).await;
        in_hand.close();
        in_hand.wait().await;
        served
    };
    let too_long = async {
        ending.cancelled().await;
        tokio::time::sleep(edge::LIMITS.drain).await;
    };
    tokio::select! {
        biased;
        served = done => served,
        () = too_long => {
            warn!("stopping without waiting longer for what is in hand");
            Ok(())
        }
    }
}
