//! The OpenAPI document, generated from the handlers.

use axum::Json;
use axum::extract::State;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, ResponseBuilder};

use crate::{Api, schema};

#[derive(OpenApi)]
#[openapi(
    info(title = "Tipoff", description = "Routes sales leads to the people who work them.", license(name = "MIT OR Apache-2.0")),
    components(schemas(schema::Problem, schema::FieldProblem)),
    security(("key" = []))
)]
struct Basics;

/// What the handlers add their paths to.
pub(crate) fn basics() -> Document {
    Basics::openapi()
}

/// Adds what holds for every operation: how a key is sent and what a refusal looks like.
pub(crate) fn complete(mut document: Document) -> Document {
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API key, `tpf_…`"))
        .build();
    document
        .components
        .get_or_insert_default()
        .add_security_scheme("key", SecurityScheme::Http(key));
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let problem =
                ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let refusal = ResponseBuilder::new()
                .description(
                    "refused; nothing was changed unless `code` says that the outcome is unknown",
                )
                .content("application/problem+json", problem)
                .build();
            operation.responses.responses.insert("default".to_owned(), RefOr::T(refusal));
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete]
        .into_iter()
        .filter_map(Option::as_mut)
}

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "about", security(()),
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json")))]
pub(crate) async fn get_openapi(State(api): State<Api>) -> Json<std::sync::Arc<Document>> {
    Json(api.document)
}
