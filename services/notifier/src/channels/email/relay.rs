//! Where mail is handed over: `smtp://`, `smtp+starttls://` or `smtps://`, with
//! user and password where the relay wants them.

use lettre::transport::smtp::authentication::Credentials;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

/// How the way to the relay is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Privacy {
    /// Not at all: for this machine and private networks.
    Plain,
    StartTls,
    Tls,
}

/// A mail relay.
#[derive(Debug, Clone)]
pub(super) struct Relay {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) privacy: Privacy,
    pub(super) credentials: Option<Credentials>,
}

/// Why an address is not that of a relay. Never repeats it: there may be a password in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadRelay {
    #[error(
        "the address of the mail relay cannot be read; write it as in smtps://user:password@mail.example.com"
    )]
    Unreadable,
    #[error("the address of the mail relay begins with `{0}`; use smtp, smtp+starttls or smtps")]
    UnknownScheme(String),
    #[error(
        "the password of the mail relay would travel unprotected; use smtps:// or smtp+starttls://"
    )]
    PasswordInClear,
}

impl Relay {
    pub(super) fn parse(address: &SecretString) -> Result<Self, BadRelay> {
        let url = Url::parse(address.expose_secret()).map_err(|_| BadRelay::Unreadable)?;
        let (privacy, port) = match url.scheme() {
            "smtp" => (Privacy::Plain, 25),
            "smtp+starttls" => (Privacy::StartTls, 587),
            "smtps" => (Privacy::Tls, 465),
            other => return Err(BadRelay::UnknownScheme(other.to_owned())),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(BadRelay::Unreadable)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let credentials = credentials(&url)?;
        let here =
            host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        if credentials.is_some() && privacy == Privacy::Plain && !here {
            return Err(BadRelay::PasswordInClear);
        }
        Ok(Self { host, port: url.port().unwrap_or(port), privacy, credentials })
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, BadRelay> {
    let decoded = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8().map_err(|_| BadRelay::Unreadable)?;
        Ok::<_, BadRelay>(decoded.into_owned())
    };
    if url.username().is_empty() {
        return Ok(None);
    }
    let user = decoded(url.username())?;
    let password = decoded(url.password().unwrap_or_default())?;
    Ok(Some(Credentials::new(user, password)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(address: &str) -> Result<Relay, BadRelay> {
        Relay::parse(&address.into())
    }

    #[test]
    fn each_scheme_has_its_port() {
        let read = |address: &str| {
            parse(address).map(|relay| (relay.host, relay.port, relay.privacy)).unwrap()
        };
        assert_eq!(read("smtp://127.0.0.1:2525"), ("127.0.0.1".to_owned(), 2525, Privacy::Plain));
        assert_eq!(read("smtp://[::1]"), ("::1".to_owned(), 25, Privacy::Plain));
        assert_eq!(
            read("smtp+starttls://mail.example.com"),
            ("mail.example.com".to_owned(), 587, Privacy::StartTls)
        );
        assert_eq!(
            read("smtps://mail.example.com/"),
            ("mail.example.com".to_owned(), 465, Privacy::Tls)
        );
    }

    #[test]
    fn user_and_password_may_hold_any_character() {
        let relay = parse("smtps://ana%40example.com:p%2Fss%3A@mail.example.com").unwrap();
        let expected = Credentials::new("ana@example.com".to_owned(), "p/ss:".to_owned());
        assert_eq!(relay.credentials, Some(expected));
    }

    #[test]
    fn a_password_is_not_sent_in_clear_except_to_this_machine() {
        assert!(matches!(
            parse("smtp://ana:secret@mail.example.com"),
            Err(BadRelay::PasswordInClear)
        ));
        assert!(parse("smtp://ana:secret@127.0.0.1:2525").is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for bad in [
            "mail.example.com",
            "https://ana:secret@mail.example.com",
            "smtp://",
            "smtps://ana:secret@",
        ] {
            let said = parse(bad).unwrap_err().to_string();
            assert!(said.contains("smtp") && !said.contains("secret"), "{said}");
        }
    }
}
