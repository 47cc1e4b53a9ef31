//! What every service stands on: connections, the worker loop, publishing,
//! shutdown, telemetry, clock, health. Nothing here knows what a lead is.

pub mod backoff;
pub mod clock;
pub mod connect;
pub mod dead;
pub mod failing;
pub mod health;
pub mod pace;
pub mod past;
pub mod publish;
pub mod rejected;
pub mod serve;
pub mod settings;
pub mod shutdown;
pub mod streams;
pub mod telemetry;
pub mod trail;
pub mod turns;
pub mod users;
pub mod worker;

pub use backoff::Backoff;
pub use clock::Clock;
pub use connect::{ConnectError, Nats, Redis};
pub use failing::Failing;
pub use publish::{PublishError, Published, Publisher};
pub use settings::{Settings, Tls};
pub use turns::{NoTurn, Turn, Turns};
pub use users::{User, Users};
pub use worker::{ACK_WAIT, Delivery, Handler, InFlight, Outcome, WorkerError, WorkerLimits};
