//! Shapes of this part, for the document.
#![expect(dead_code, reason = "only their descriptions are used")]

use utoipa::ToSchema;

/// What stands at the bell.
#[derive(ToSchema)]
pub(crate) struct Bell {
    /// The time by which `until` is to be read.
    now: String,
    items: Vec<BellItem>,
}

/// One lead at the bell.
#[derive(ToSchema)]
pub(crate) struct BellItem {
    lead: String,
    at: String,
    title: String,
    body: String,
    /// `offered`, `assigned`, `over` or `missed`.
    stands: String,
    round: Option<u32>,
    /// Of an offer: when the time to claim it is up.
    until: Option<String>,
    /// Of an offer: where it is claimed.
    url: Option<String>,
    /// Why it is over: `taken`, `yours`, `passed`, `expired` or `withdrawn`.
    why: Option<String>,
    /// For whoever looks after the entity: who let this offer run out, and how many in a row by now.
    misses: Option<std::collections::BTreeMap<String, u32>>,
}

/// A telephone with an app.
#[derive(ToSchema)]
pub(crate) struct AppDevice {
    /// `fcm` or `apns`.
    kind: String,
    /// As the push service gave it to the app.
    token: String,
}

/// How the channels of an agent are.
#[derive(ToSchema)]
pub(crate) struct Channels {
    channels: Vec<ChannelState>,
}

/// How one channel of an agent is.
#[derive(ToSchema)]
pub(crate) struct ChannelState {
    channel: String,
    /// Whether the agent wants it.
    wanted: bool,
    /// Whether there is an address for it.
    has_address: bool,
    /// Whether agents are told over it: not where it failed, was stopped, or is not confirmed though that is asked for.
    counts: bool,
    /// `confirmed`, `failed` or `stopped`; `null` while nothing is known.
    works: Option<String>,
    at: Option<String>,
    /// Why it failed.
    why: Option<String>,
}

/// A test message is on its way.
#[derive(ToSchema)]
pub(crate) struct TestSent {
    /// `queued`.
    outcome: String,
    channel: String,
    /// To how many addresses: an agent may have several devices.
    addresses: usize,
}

/// What stood in a test message.
#[derive(ToSchema)]
pub(crate) struct TestCode {
    #[schema(example = "314159")]
    code: String,
}

/// What became of a mail that came back.
#[derive(ToSchema)]
pub(crate) struct ReturnedMail {
    /// `address_dead`, `noted`, `not_ours` or `no_report`.
    outcome: String,
    /// What the mail system said, as in `5.1.1`.
    status: Option<String>,
}

/// Rooms of an entity.
#[derive(ToSchema)]
pub(crate) struct Rooms {
    rooms: Vec<Room>,
}

/// A room in Slack or Teams.
#[derive(ToSchema)]
pub(crate) struct Room {
    /// `slack` or `teams`.
    chat: String,
    /// Whether its incoming webhook still works; the address itself is not shown.
    works: bool,
    why: Option<String>,
    version: u64,
}

/// Where posts to a room go.
#[derive(ToSchema)]
pub(crate) struct RoomWanted {
    /// The incoming webhook, `https`, on the open internet.
    url: String,
}

/// Texts that an entity may put in its own words.
#[derive(ToSchema)]
pub(crate) struct Templates {
    templates: Vec<Template>,
}

/// One text in one language.
#[derive(ToSchema)]
pub(crate) struct Template {
    /// As in `offer.sms`.
    piece: String,
    locale: String,
    /// The entity's own; `null` where it has none.
    template: Option<String>,
    /// Of the entity's own.
    version: Option<u64>,
}

/// A template, in the syntax of Jinja.
#[derive(ToSchema)]
pub(crate) struct TemplateWanted {
    #[schema(example = "New lead: {{ who }}. Claim by {{ until }}: {{ url }}")]
    template: String,
}

/// What a template makes of an invented lead.
#[derive(ToSchema)]
pub(crate) struct Preview {
    text: String,
    /// Of a text message: how many segments it takes.
    segments: Option<usize>,
    /// Of a text message: `gsm7` or `ucs2`.
    encoding: Option<String>,
}
