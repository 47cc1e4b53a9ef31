//! Web Push: browsers subscribe here, the notifier sends.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tipoff_domain::Invalid;
use tipoff_roster::{PushSubscription, is_outside};
use tracing::error;

use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, MaybeSent, Sent};
use crate::names::Endpoint;
use crate::problem::Problem;
use crate::schema;

/// An uncompressed point of P-256.
const POINT: usize = 65;
const AUTH: usize = 16;
const LONGEST_ENDPOINT: usize = 2_048;

/// Show the key that browsers need to subscribe
///
/// No key of yours is needed for it.
#[utoipa::path(get, path = "/v1/push-key", tag = "push", security(()),
    responses((status = 200, body = schema::PushKey)))]
pub(crate) async fn get_push_key(State(api): State<Api>) -> Result<Json<Value>, Problem> {
    let Some(key) = vapid_public_key(&api.roster.deployment().vapid_key) else {
        error!("the deployment's VAPID key cannot be read");
        return Err(Problem::internal());
    };
    Ok(Json(json!({ "key": key })))
}

fn vapid_public_key(private: &str) -> Option<String> {
    let pkcs8 = URL_SAFE_NO_PAD.decode(private).ok()?;
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &SystemRandom::new())
            .ok()?;
    Some(URL_SAFE_NO_PAD.encode(pair.public_key()))
}

/// Get notices in this browser
///
/// An agent has twenty browsers and telephones at most.
#[utoipa::path(post, path = "/v1/me/push-subscriptions", tag = "push", request_body = schema::PushSubscription,
    responses((status = 201, description = "subscribed")))]
pub(crate) async fn add_push_subscription(
    State(api): State<Api>,
    caller: Caller,
    Sent(subscription): Sent<PushSubscription>,
) -> Result<StatusCode, Problem> {
    let (entity, agent) = caller.agent()?;
    check(&subscription, api.any_push_endpoint).map_err(Problem::invalid)?;
    api.roster.add_push_subscription(entity, agent, subscription).await?;
    Ok(StatusCode::CREATED)
}

/// Stop notices in a browser
#[utoipa::path(delete, path = "/v1/me/push-subscriptions", tag = "push", params(Endpoint),
    responses((status = 204, description = "not subscribed any more")))]
pub(crate) async fn remove_push_subscription(
    State(api): State<Api>,
    caller: Caller,
    Asked(asked): Asked<Endpoint>,
    MaybeSent(sent): MaybeSent<Endpoint>,
) -> Result<StatusCode, Problem> {
    let (entity, agent) = caller.agent()?;
    let Some(endpoint) = asked.endpoint.or(sent.endpoint) else {
        return Err(Problem::invalid_field("/endpoint", "is missing: say which subscription ends"));
    };
    api.roster.remove_push_subscription(entity, agent, &endpoint).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn check(subscription: &PushSubscription, any_endpoint: bool) -> Result<(), Invalid> {
    let mut invalid = Invalid::default();
    let endpoint = &subscription.endpoint;
    if endpoint.len() > LONGEST_ENDPOINT {
        invalid.add("/endpoint", format!("is longer than {LONGEST_ENDPOINT} bytes"));
    }
    // The notifier will send to it, so it must not lead into our own network.
    if let Err(why) = is_outside(endpoint)
        && !any_endpoint
    {
        invalid.add("/endpoint", why.to_string());
    }
    let decoded =
        |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).unwrap_or_default();
    let point = decoded(&subscription.keys.p256dh);
    if point.len() != POINT || point.first() != Some(&4) {
        invalid.add("/keys/p256dh", "is not an uncompressed P-256 point in Base64url");
    }
    if decoded(&subscription.keys.auth).len() != AUTH {
        invalid.add("/keys/auth", "is not a 16-byte secret in Base64url");
    }
    invalid.into_result()
}

#[cfg(test)]
mod tests {
    use tipoff_roster::PushKeys;

    use super::*;

    fn subscription(endpoint: &str, keys: PushKeys) -> PushSubscription {
        PushSubscription { endpoint: endpoint.to_owned(), keys }
    }

    #[test]
    fn a_subscription_that_leads_into_our_own_network_is_refused() {
        let keys = PushKeys {
            p256dh: URL_SAFE_NO_PAD.encode([4; POINT]),
            auth: URL_SAFE_NO_PAD.encode([0; AUTH]),
        };
        let inside = subscription("https://redis.internal/x", keys.clone());
        let refused = check(&inside, false).unwrap_err();
        assert_eq!(refused.0[0].field, "/endpoint");
        assert!(check(&inside, true).is_ok());
        let outside = subscription("https://updates.push.example.com/wpush/v2/abc", keys);
        assert!(check(&outside, false).is_ok());
    }

    #[test]
    fn a_subscription_with_bad_keys_names_them() {
        let keys = PushKeys {
            p256dh: URL_SAFE_NO_PAD.encode([3; POINT]),
            auth: URL_SAFE_NO_PAD.encode([0; 15]),
        };
        let subscription = subscription("https://push.example.com/x", keys);
        let fields: Vec<_> =
            check(&subscription, false).unwrap_err().0.into_iter().map(|one| one.field).collect();
        assert_eq!(fields, ["/keys/p256dh", "/keys/auth"]);
    }

    #[test]
    fn the_public_key_is_a_point_and_belongs_to_the_private_one() {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        let key = vapid_public_key(&URL_SAFE_NO_PAD.encode(pkcs8.as_ref())).unwrap();
        let point = URL_SAFE_NO_PAD.decode(key).unwrap();
        assert_eq!((point.len(), point[0]), (POINT, 4));
        assert_eq!(vapid_public_key("AAAA"), None);
    }
}
