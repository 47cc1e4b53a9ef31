//! Taking the fields of an object one by one, noting those that cannot be read.

use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tipoff_domain::Invalid;

/// So many problems of one lead are named. Whoever makes more has a machine to
/// make them, and gets no answer larger than what was sent.
const MOST_PROBLEMS: usize = 50;

/// The fields of an object that nobody has taken yet. `null` is as good as
/// nothing.
pub(super) struct Fields<'a> {
    left: Map<String, Value>,
    /// JSON pointer of the object.
    at: &'static str,
    invalid: &'a mut Invalid,
}

impl<'a> Fields<'a> {
    pub(super) fn new(
        left: Map<String, Value>,
        at: &'static str,
        invalid: &'a mut Invalid,
    ) -> Self {
        Self { left, at, invalid }
    }

    /// What is left, to be kept as it is.
    pub(super) fn rest(self) -> Map<String, Value> {
        self.left
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.left.remove(name);
    }

    /// Text, or a number as text: ids and postal codes come as both.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let value = self.take(name)?;
        as_text(value).or_else(|| self.refuse(name, "must be text"))
    }

    /// A list of texts, or a single one.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        match self.take(name) {
            None => {}
            Some(Value::Array(values)) => {
                for (index, value) in
                    values.into_iter().enumerate().filter(|(_, value)| !value.is_null())
                {
                    let read = as_text(value)
                        .or_else(|| self.refuse(&format!("{name}/{index}"), "must be text"));
                    texts.extend(read);
                }
            }
            Some(value) => {
                let read = as_text(value).or_else(|| self.refuse(name, "must be a list of texts"));
                texts.extend(read);
            }
        }
        texts
    }

    /// As [`Fields::texts`], but refused as a whole where there are many more than there should be.
    pub(super) fn few(&mut self, name: &str, most: usize) -> Vec<String> {
        let found = self.left.get(name).and_then(Value::as_array).map_or(0, Vec::len);
        if found > most {
            self.forget(name);
            self.refuse::<()>(name, &format!("holds {found} entries; {most} is more than enough"));
        }
        self.texts(name)
    }

    /// A number, or a price as people write it.
    pub(super) fn number(&mut self, name: &str) -> Option<f64> {
        let number = match self.take(name)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => {
                text.trim().trim_start_matches('$').replace(',', "").parse().ok()
            }
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        number.filter(|number| number.is_finite()).or_else(|| self.refuse(name, "must be a number"))
    }

    /// One of a few words, in whatever case.
    pub(super) fn word<T: DeserializeOwned>(&mut self, name: &str, otherwise: &str) -> Option<T> {
        let word = match self.take(name)? {
            Value::String(text) => text.trim().to_lowercase().replace([' ', '-'], "_"),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => String::new(),
        };
        serde_json::from_value(Value::String(word)).ok().or_else(|| self.refuse(name, otherwise))
    }

    /// Text that has to have a certain form.
    pub(super) fn parsed<T: FromStr>(&mut self, name: &str, otherwise: &str) -> Option<T> {
        let value = self.take(name)?;
        let read = as_text(value).and_then(|text| text.trim().parse().ok());
        read.or_else(|| self.refuse(name, otherwise))
    }

    /// A list of such.
    pub(super) fn all_parsed<T: FromStr>(&mut self, name: &str, otherwise: &str) -> Vec<T> {
        let texts = self.texts(name);
        let mut all = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            all.extend(
                text.trim()
                    .parse()
                    .ok()
                    .or_else(|| self.refuse(&format!("{name}/{index}"), otherwise)),
            );
        }
        all
    }

    pub(super) fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.take(name)? {
            Value::Object(object) => Some(object),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => self.refuse(name, "must be an object"),
        }
    }

    /// A name in parts, or in one piece.
    pub(super) fn name(&mut self) -> Option<Map<String, Value>> {
        match self.take("name")? {
            Value::Object(parts) => Some(parts),
            whole @ Value::String(_) => Some(Map::from_iter([("full".to_owned(), whole)])),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                self.refuse("name", "must be text, or an object with `full`, or `first` and `last`")
            }
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    fn refuse<T>(&mut self, name: &str, why: &str) -> Option<T> {
        match self.invalid.0.len() {
            found if found < MOST_PROBLEMS => {
                self.invalid.add(format!("{}/{name}", self.at), why);
            }
            MOST_PROBLEMS => self.invalid.add("", "there is more; this much is named"),
            _ => {}
        }
        None
    }
}

fn as_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
