//! Names in the paths of this part.

use serde::Deserialize;
use tipoff_domain::{AgentId, Channel, EntityId, Locale};
use tipoff_letters::Piece;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RoomPath {
    #[param(value_type = String, example = "acme")]
    pub(super) entity: EntityId,
    /// `slack` or `teams`.
    #[param(value_type = String, example = "slack")]
    pub(super) chat: Channel,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ChannelPath {
    /// `email`, `push`, `sms` or `voice`.
    #[param(value_type = String, example = "email")]
    pub(super) channel: Channel,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct AgentChannelPath {
    #[param(value_type = String, example = "acme")]
    pub(super) entity: EntityId,
    #[param(value_type = String, example = "ana")]
    pub(super) agent: AgentId,
    /// `email`, `push`, `sms` or `voice`.
    #[param(value_type = String, example = "email")]
    pub(super) channel: Channel,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct TemplatePath {
    #[param(value_type = String, example = "acme")]
    pub(super) entity: EntityId,
    /// `offer`, `assigned`, `over`, `test` or `many`, and the part: `subject`, `text`, `html`, `push-title`, `push-body`, `sms`, `chat`.
    #[param(value_type = String, example = "offer.sms")]
    pub(super) piece: Piece,
    #[param(value_type = String, example = "en")]
    pub(super) locale: Locale,
}
