//! The pieces that notices are made of.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Occasion {
    Offer,
    Assigned,
    /// The offer is over.
    Over,
    /// Agents let one offer after the other run out.
    Missed,
    /// Nothing yet: a test message, to be confirmed.
    Test,
    /// More leads were given to somebody than are told one by one.
    Many,
}

/// One text of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    Subject,
    Text,
    Html,
    PushTitle,
    PushBody,
    Sms,
    Chat,
}

/// One text of a notice about one thing, as in `offer.sms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Piece(pub Occasion, pub Part);

impl Piece {
    /// Every piece that there is; nobody is written to when an offer is over.
    pub const ALL: [Self; 30] = [
        Self(Occasion::Offer, Part::Subject),
        Self(Occasion::Offer, Part::Text),
        Self(Occasion::Offer, Part::Html),
        Self(Occasion::Offer, Part::PushTitle),
        Self(Occasion::Offer, Part::PushBody),
        Self(Occasion::Offer, Part::Sms),
        Self(Occasion::Offer, Part::Chat),
        Self(Occasion::Assigned, Part::Subject),
        Self(Occasion::Assigned, Part::Text),
        Self(Occasion::Assigned, Part::Html),
        Self(Occasion::Assigned, Part::PushTitle),
        Self(Occasion::Assigned, Part::PushBody),
        Self(Occasion::Assigned, Part::Sms),
        Self(Occasion::Assigned, Part::Chat),
        Self(Occasion::Over, Part::PushTitle),
        Self(Occasion::Over, Part::PushBody),
        Self(Occasion::Missed, Part::Subject),
        Self(Occasion::Missed, Part::Text),
        Self(Occasion::Missed, Part::Html),
        Self(Occasion::Missed, Part::PushTitle),
        Self(Occasion::Missed, Part::PushBody),
        Self(Occasion::Test, Part::Subject),
        Self(Occasion::Test, Part::Text),
        Self(Occasion::Test, Part::Html),
        Self(Occasion::Test, Part::PushTitle),
        Self(Occasion::Test, Part::PushBody),
        Self(Occasion::Test, Part::Sms),
        Self(Occasion::Many, Part::PushTitle),
        Self(Occasion::Many, Part::PushBody),
        Self(Occasion::Many, Part::Sms),
    ];

    /// As in `offer/body.html`: the name of its template, whose end says how
    /// what is put into it is escaped.
    pub(crate) fn file(self) -> String {
        let part = match self.1 {
            Part::Subject => "subject.txt",
            Part::Text => "body.txt",
            Part::Html => "body.html",
            Part::PushTitle => "push-title.txt",
            Part::PushBody => "push-body.txt",
            Part::Sms => "sms.txt",
            Part::Chat => "chat.txt",
        };
        format!("{}/{part}", self.0.as_str())
    }
}

impl Occasion {
    /// As in `offer`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Assigned => "assigned",
            Self::Over => "over",
            Self::Missed => "missed",
            Self::Test => "test",
            Self::Many => "many",
        }
    }
}

impl Part {
    /// As in `push-title`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "text",
            Self::Html => "html",
            Self::PushTitle => "push-title",
            Self::PushBody => "push-body",
            Self::Sms => "sms",
            Self::Chat => "chat",
        }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0.as_str(), self.1.as_str())
    }
}

/// There is no such piece.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no piece of a notice; write it as in `offer.sms`")]
pub struct NoSuchPiece(String);

impl FromStr for Piece {
    type Err = NoSuchPiece;

    fn from_str(text: &str) -> Result<Self, NoSuchPiece> {
        let found = Self::ALL.into_iter().find(|piece| piece.to_string() == text);
        found.ok_or_else(|| NoSuchPiece(text.chars().take(60).collect()))
    }
}

impl TryFrom<String> for Piece {
    type Error = NoSuchPiece;

    fn try_from(text: String) -> Result<Self, NoSuchPiece> {
        text.parse()
    }
}

impl From<Piece> for String {
    fn from(piece: Piece) -> Self {
        piece.to_string()
    }
}
