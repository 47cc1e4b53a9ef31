//! Exit codes, as in sysexits.h.

use tipoff_runtime::ConnectError;
use tipoff_testkit::ServerError;

/// Something is wrong with what was found, or it was not done.
pub(crate) const WRONG: u8 = 1;
/// Something is wrong with what was asked.
pub(crate) const USAGE: u8 = 64;
/// A server is missing or cannot be worked with.
pub(crate) const UNAVAILABLE: u8 = 69;
/// Whoever hands something over is to keep it and try again.
pub(crate) const TRY_AGAIN: u8 = 75;

/// What was asked cannot be done so.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// A server that should be there is not.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {remedy}")]
pub(crate) struct Unavailable {
    pub(crate) what: String,
    pub(crate) remedy: &'static str,
}

/// The same, said to a mail system: it throws away what it hands over unless it is
/// told to try again.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct TryAgain(pub(crate) Unavailable);

/// The code that tells a script what kind of failure it was.
pub(crate) fn code(error: &anyhow::Error) -> u8 {
    error
        .chain()
        .find_map(|cause| {
            if cause.is::<Usage>()
                || matches!(
                    cause.downcast_ref(),
                    Some(ConnectError::BadAddress { .. } | ConnectError::BadFile { .. })
                )
            {
                Some(USAGE)
            } else if cause.is::<TryAgain>() {
                Some(TRY_AGAIN)
            } else if cause.is::<Unavailable>()
                || cause.is::<ConnectError>()
                || cause.is::<ServerError>()
            {
                Some(UNAVAILABLE)
            } else {
                None
            }
        })
        .unwrap_or(WRONG)
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn the_code_follows_the_cause_and_not_what_was_said_about_it() {
        let coded = |error: anyhow::Error| code(&error);
        let stopped = || Err::<(), _>(ConnectError::Stopped { server: "NATS" });
        assert_eq!(coded(stopped().context("looking for the lead").unwrap_err()), UNAVAILABLE);
        assert_eq!(coded(Usage("no such lead".to_owned()).into()), USAGE);
        let away = || Unavailable { what: "it is away".to_owned(), remedy: "wait" };
        assert_eq!(coded(away().into()), UNAVAILABLE);
        assert_eq!(coded(TryAgain(away()).into()), TRY_AGAIN);
        assert_eq!(coded(anyhow::anyhow!("something else")), WRONG);
    }
}
