//! What notices say, in the reader's language.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{Loader, static_loader};
use tipoff_domain::Locale;
use unic_langid::{LanguageIdentifier, langid};

static_loader! {
    static WORDS = {
        locales: "./locales",
        fallback_language: "en",
        // Marks around every argument would be seen in subjects.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

const EN: LanguageIdentifier = langid!("en");
const ES: LanguageIdentifier = langid!("es");

/// Arguments of a message.
pub type Args = HashMap<Cow<'static, str>, FluentValue<'static>>;

/// The message `key` of `locales/*/notice.ftl`.
pub fn say(locale: Locale, key: &str, args: &Args) -> String {
    let language = match locale {
        Locale::En => &EN,
        Locale::Es => &ES,
    };
    WORDS.lookup_with_args(language, key, args)
}

/// Arguments from pairs.
pub fn args<const N: usize>(pairs: [(&'static str, FluentValue<'static>); N]) -> Args {
    pairs.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    fn keys(words: &str) -> BTreeSet<&str> {
        let message = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
        words.lines().filter(message).filter_map(|line| line.split(" =").next()).collect()
    }

    #[test]
    fn both_languages_say_the_same_things() {
        let english = keys(include_str!("../locales/en/notice.ftl"));
        let spanish = keys(include_str!("../locales/es/notice.ftl"));
        assert_eq!(english, spanish);
    }
}
