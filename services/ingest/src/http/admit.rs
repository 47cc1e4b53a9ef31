//! Who may come in: known by their key, not too fast, and with a place to be
//! served at. All of it before a byte of the body is read.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tipoff_runtime::{NoTurn, Turns, pace};

use super::caller::Caller;
use crate::intake::Intake;
use crate::problem::Problem;

/// What the door needs.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) intake: Arc<Intake>,
    pub(super) turns: Turns,
}

/// Lets a request in, and says with every answer how much more may come.
pub(super) async fn admit(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let Door { intake, turns } = &door;
    let caller = match Caller::of(request.headers(), intake).await {
        Ok(caller) => Arc::new(caller),
        Err(problem) => return problem.into_response(),
    };
    let mut response = match enter(&caller, intake, turns, request.headers()).await {
        Ok(_turn) => {
            request.extensions_mut().insert(caller.clone());
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    };
    say_standing(response.headers_mut(), intake, &caller);
    response
}

async fn enter(
    caller: &Caller,
    intake: &Intake,
    turns: &Turns,
    headers: &HeaderMap,
) -> Result<tipoff_runtime::Turn, Problem> {
    intake.paces.take(caller.sender(), intake.now()).map_err(|error| Problem::too_fast(&error))?;
    // What is small when it is sent can be of any size when it is unpacked.
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(Problem::encoded());
    }
    turns.take(&caller.entity.id).await.map_err(|none| match none {
        NoTurn::Crowded(wait) => Problem::crowded(wait),
        NoTurn::Stopping => Problem::unavailable(),
    })
}

fn say_standing(headers: &mut HeaderMap, intake: &Intake, caller: &Caller) {
    let standing = intake.paces.standing(caller.sender(), intake.now());
    for (name, value) in pace::headers(&standing) {
        if let Ok(value) = HeaderValue::from_str(&value)
            && !value.is_empty()
        {
            headers.insert(name, value);
        }
    }
}
