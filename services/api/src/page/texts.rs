//! The words on the page, from Fluent files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, static_loader};
use minijinja::value::Kwargs;
use minijinja::{Error, ErrorKind, State};
use tipoff_domain::Locale;

static_loader! {
    static TEXTS = {
        locales: "./locales",
        fallback_language: "en",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static ENGLISH: LazyLock<LanguageIdentifier> =
    LazyLock::new(|| "en".parse().expect("`en` is a language"));
static SPANISH: LazyLock<LanguageIdentifier> =
    LazyLock::new(|| "es".parse().expect("`es` is a language"));

type Arguments = HashMap<Cow<'static, str>, FluentValue<'static>>;

fn find(locale: Locale, key: &str, arguments: &Arguments) -> Option<String> {
    let language = match locale {
        Locale::En => &*ENGLISH,
        Locale::Es => &*SPANISH,
    };
    TEXTS.try_lookup_with_args(language, key, arguments)
}

/// A text by its key; the key itself where there is none, which a test forbids.
pub(crate) fn say<const N: usize>(
    locale: Locale,
    key: &str,
    arguments: [(&'static str, String); N],
) -> String {
    let arguments =
        arguments.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    find(locale, key, &arguments).unwrap_or_else(|| key.to_owned())
}

/// `t('key', name=value)`, in the language of the page.
#[expect(clippy::needless_pass_by_value, reason = "template functions take their arguments so")]
pub(super) fn in_template(
    state: &State<'_, '_>,
    key: &str,
    arguments: Kwargs,
) -> Result<String, Error> {
    let spanish =
        state.lookup("lang").is_some_and(|lang| lang.as_str() == Some(Locale::Es.as_str()));
    let locale = if spanish { Locale::Es } else { Locale::En };
    let mut given = Arguments::new();
    for name in arguments.args() {
        let value: String = arguments.get(name)?;
        given.insert(name.to_owned().into(), value.into());
    }
    find(locale, key, &given)
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("no text `{key}`")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(file: &str) -> BTreeSet<&str> {
        let starts = file.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
        starts.filter_map(|line| line.split_once(" =").map(|(key, _)| key)).collect()
    }

    #[test]
    fn both_languages_say_the_same_things() {
        for (english, spanish) in [
            (
                include_str!("../../locales/en/claim.ftl"),
                include_str!("../../locales/es/claim.ftl"),
            ),
            (include_str!("../../locales/en/bell.ftl"), include_str!("../../locales/es/bell.ftl")),
            (
                include_str!("../../locales/en/confirm.ftl"),
                include_str!("../../locales/es/confirm.ftl"),
            ),
            (
                include_str!("../../locales/en/phone.ftl"),
                include_str!("../../locales/es/phone.ftl"),
            ),
        ] {
            assert_eq!(keys(english), keys(spanish));
            assert!(keys(english).len() > 10);
        }
    }

    #[test]
    fn names_are_put_in_without_invisible_marks() {
        let said = say(
            Locale::Es,
            "offered-to",
            [("agent", "Ana".to_owned()), ("entity", "Acme".to_owned())],
        );
        assert!(said.contains("Ana") && said.is_ascii() || !said.contains('\u{2068}'), "{said:?}");
    }
}
