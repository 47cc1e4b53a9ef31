//! TwiML as a provider reads it: what is not well formed, or not known, is an
//! error in somebody's ear, and a panic here.

use std::collections::HashMap;

/// What somebody on the telephone hears, up to the next thing that waits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// The sentences, each with its language.
    pub says: Vec<(String, String)>,
    pub asks: Option<Asks>,
    pub dials: Option<Dials>,
    pub hung_up: bool,
    /// Text messages that are sent back.
    pub messages: Vec<String>,
}

/// One key is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asks {
    pub action: String,
    /// Seconds.
    pub timeout: u64,
    /// Whether silence is told, too.
    pub on_empty: bool,
}

/// Somebody else is called and connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dials {
    pub number: String,
    pub caller_id: Option<String>,
    pub action: String,
}

impl Heard {
    /// Everything that is said, in one piece.
    pub fn text(&self) -> String {
        let said: Vec<&str> = self.says.iter().map(|(_, text)| text.as_str()).collect();
        said.join(" ")
    }
}

/// Reads a document.
pub(super) fn listen(xml: &str) -> Heard {
    let body = xml
        .trim_start()
        .strip_prefix("<?xml")
        .map_or(xml, |rest| rest.split_once("?>").expect("the declaration ends").1);
    let mut heard = Heard::default();
    let mut open: Vec<Tag> = Vec::new();
    let mut rest = body.trim();
    while let Some((text, from)) = rest.split_once('<') {
        heard.text_in(open.last(), text);
        let (inside, after) = from.split_once('>').expect("every tag ends");
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            let closed = open.pop().expect("nothing closes that was not open");
            assert_eq!(closed.name, name, "tags close in order");
            continue;
        }
        let tag = Tag::read(inside.strip_suffix('/').unwrap_or(inside));
        assert_eq!(open.is_empty(), tag.name == "Response", "one response: {xml}");
        heard.open(&tag);
        if !inside.ends_with('/') {
            open.push(tag);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "the document is whole: {xml}");
    heard
}

struct Tag {
    name: String,
    attributes: HashMap<String, String>,
}

impl Tag {
    fn read(inside: &str) -> Self {
        let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
        let mut attributes = HashMap::new();
        while let Some((key, from)) = rest.split_once("=\"") {
            let (value, after) = from.split_once('"').expect("every value ends");
            attributes.insert(key.trim().to_owned(), plain(value));
            rest = after;
        }
        assert!(rest.trim().is_empty(), "attributes are name=\"value\": {inside}");
        Self { name: name.trim().to_owned(), attributes }
    }

    fn attribute(&self, name: &str) -> String {
        self.attributes.get(name).cloned().unwrap_or_else(|| panic!("{} needs {name}", self.name))
    }
}

impl Heard {
    fn open(&mut self, tag: &Tag) {
        match tag.name.as_str() {
            "Response" | "Number" => {}
            "Say" => self.says.push((tag.attribute("language"), String::new())),
            "Message" => self.messages.push(String::new()),
            "Hangup" => self.hung_up = true,
            "Gather" => {
                assert_eq!(tag.attribute("numDigits"), "1");
                self.asks = Some(Asks {
                    action: tag.attribute("action"),
                    timeout: tag.attribute("timeout").parse().expect("seconds are whole"),
                    on_empty: tag.attribute("actionOnEmptyResult") == "true",
                });
            }
            "Dial" => {
                self.dials = Some(Dials {
                    number: String::new(),
                    caller_id: tag.attributes.get("callerId").cloned(),
                    action: tag.attribute("action"),
                });
            }
            other => panic!("the provider knows no {other}"),
        }
    }

    fn text_in(&mut self, tag: Option<&Tag>, text: &str) {
        let text = plain(text);
        match (tag.map(|tag| tag.name.as_str()), self.says.last_mut()) {
            (Some("Say"), Some((_, said))) => said.push_str(&text),
            (Some("Message"), _) => {
                self.messages.last_mut().expect("it was opened").push_str(&text);
            }
            (Some("Number"), _) => {
                self.dials.as_mut().expect("it is dialled").number.push_str(&text);
            }
            _ => assert!(text.trim().is_empty(), "text stands where it is said: {text}"),
        }
    }
}

fn plain(text: &str) -> String {
    let mut plain = text.to_owned();
    for (entity, c) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'")] {
        plain = plain.replace(entity, c);
    }
    let left = plain.replace("&amp;", "");
    assert!(!left.contains('&'), "every & stands for something: {text}");
    plain.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_a_connection_and_an_end_are_heard() {
        let heard = listen(
            "<?xml version=\"1.0\"?><Response><Gather numDigits=\"1\" timeout=\"8\" \
             actionOnEmptyResult=\"true\" action=\"/a?x=1&amp;y=2\"><Say language=\"en-US\">Press 1 &amp; wait</Say>\
             </Gather><Dial callerId=\"+15125550100\" action=\"/d\"><Number>+15125550101</Number></Dial><Hangup/></Response>",
        );
        assert_eq!(heard.text(), "Press 1 & wait");
        assert_eq!(heard.asks.unwrap().action, "/a?x=1&y=2");
        assert_eq!(heard.dials.unwrap().number, "+15125550101");
        assert!(heard.hung_up);
    }

    #[test]
    #[should_panic(expected = "tags close in order")]
    fn what_is_not_well_formed_is_not_heard() {
        listen("<Response><Say language=\"en-US\">Hello</Response></Say>");
    }
}
