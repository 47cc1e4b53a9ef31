//! How people are told: their devices, the bell, an entity's rooms and its own words.

mod bell;
mod devices;
mod names;
mod reach;
mod returned;
mod rooms;
mod schema;
mod setback;
mod templates;
mod trial;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Api;

pub(crate) fn operations() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(bell::get_bell))
        .routes(routes!(bell::follow_bell))
        .routes(routes!(devices::add_device, devices::remove_device))
        .routes(routes!(reach::get_channels))
        .routes(routes!(reach::my_channels))
        .routes(routes!(trial::test_mine))
        .routes(routes!(trial::confirm_mine))
        .routes(routes!(trial::test_agent))
        .routes(routes!(trial::confirm_agent))
        .routes(routes!(returned::take_returned_mail))
        .routes(routes!(rooms::list_rooms))
        .routes(routes!(rooms::put_room, rooms::delete_room))
        .routes(routes!(templates::list_templates))
        .routes(routes!(templates::put_template, templates::delete_template))
        .routes(routes!(templates::preview_template))
}
