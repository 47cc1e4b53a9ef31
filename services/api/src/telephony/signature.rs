//! `X-Twilio-Signature`: whether a request comes from the telephone provider.
//!
//! The provider signs the address it was given and the fields it sends, with
//! HMAC-SHA1 under the account's token. Behind a proxy our own address is the
//! configured one, never what `Host` says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// The fields of a form, as they were sent.
pub(super) type Fields = Vec<(String, String)>;

/// Whether `signature` is the account's for a request to `url` with these
/// fields. Providers differ on whether they sign the port, so both count.
pub(super) fn is_genuine(token: &str, url: &str, fields: &Fields, signature: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    let Ok(signature) = STANDARD.decode(signature) else { return false };
    spellings(url)
        .iter()
        .any(|url| hmac::verify(&key, signed(url, fields).as_bytes(), &signature).is_ok())
}

/// The address, then every field's name and value, by name; a value that is
/// there twice under one name counts once.
fn signed(url: &str, fields: &Fields) -> String {
    let mut sorted: Vec<&(String, String)> = fields.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut text = url.to_owned();
    for (name, value) in sorted {
        text.push_str(name);
        text.push_str(value);
    }
    text
}

/// The address as it is, and with or without the port that its scheme implies.
fn spellings(url: &str) -> Vec<String> {
    let mut all = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else { return all };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let implied = if scheme == "https" { ":443" } else { ":80" };
    match host.strip_suffix(implied) {
        Some(bare) => all.push(format!("{scheme}://{bare}{path}")),
        None if !host.contains(':') => all.push(format!("{scheme}://{host}{implied}{path}")),
        None => {}
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";

    fn fields() -> Fields {
        let pairs = [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    #[test]
    fn the_published_vector_holds() {
        assert!(is_genuine("12345", URL, &fields(), SIGNATURE));
        let mut shuffled = fields();
        shuffled.reverse();
        assert!(is_genuine("12345", URL, &shuffled, SIGNATURE));
    }

    #[test]
    fn a_port_that_goes_without_saying_may_be_said() {
        let with_port = "https://mycompany.com:443/myapp.php?foo=1&bar=2";
        assert!(is_genuine("12345", with_port, &fields(), SIGNATURE));
    }

    #[test]
    fn anything_else_is_a_forgery() {
        let mut pressed = fields();
        pressed[2].1 = "1".to_owned();
        assert!(!is_genuine("12345", URL, &pressed, SIGNATURE));
        assert!(!is_genuine("12346", URL, &fields(), SIGNATURE));
        assert!(!is_genuine(
            "12345",
            "https://mycompany.com/myapp.php?foo=1",
            &fields(),
            SIGNATURE
        ));
        assert!(!is_genuine("12345", URL, &fields(), ""));
        assert!(!is_genuine("12345", URL, &fields(), "not base64"));
    }
}
