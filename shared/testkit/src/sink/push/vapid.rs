//! Who pushes: the signed statement of an application server (RFC 8292).

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

use super::{Refusal, refuse};

/// A statement may not be good for longer.
const LONGEST_LIFE: i64 = 24 * 3_600;

#[derive(Debug, Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    sub: String,
}

/// Checks an `Authorization` header and answers with the application server's
/// public key.
pub(super) fn check(
    authorization: &str,
    origin: &str,
    now: DateTime<Utc>,
) -> Result<String, Refusal> {
    let Some((token, key)) = parameters(authorization) else {
        return refuse(StatusCode::UNAUTHORIZED, "Authorization must read `vapid t=…, k=…`");
    };
    let Some(claims) = verified(token, key) else {
        return refuse(
            StatusCode::FORBIDDEN,
            "the VAPID token is not signed by its key with ES256",
        );
    };
    let left = claims.exp - now.timestamp();
    if left <= 0 || left > LONGEST_LIFE {
        return refuse(
            StatusCode::FORBIDDEN,
            "the VAPID token is expired or good for more than a day",
        );
    }
    if claims.aud != origin {
        return refuse(StatusCode::FORBIDDEN, format!("the VAPID token is for {}", claims.aud));
    }
    let reachable = claims.sub.strip_prefix("mailto:").is_some_and(|address| address.contains('@'));
    if !reachable && !claims.sub.starts_with("https://") {
        return refuse(StatusCode::FORBIDDEN, "`sub` must be a mailto: or https: address");
    }
    Ok(key.to_owned())
}

fn parameters(authorization: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = authorization.split_once(' ')?;
    let find =
        |name: &str| rest.split(',').find_map(|parameter| parameter.trim().strip_prefix(name));
    scheme.eq_ignore_ascii_case("vapid").then(|| Some((find("t=")?, find("k=")?)))?
}

fn verified(token: &str, key: &str) -> Option<Claims> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    let key = URL_SAFE_NO_PAD.decode(key).ok()?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
        .verify(signed.as_bytes(), &signature)
        .ok()?;
    let claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    (header["alg"] == "ES256").then_some(claims)
}
