//! What notices say: templates and words, in every language.
//!
//! A notice is of an [`Occasion`] and has [`Part`]s, one or more per channel. For
//! each there is a template in `templates/<occasion>/<part>`, and its words are
//! in `locales/<language>/notice.ftl`. An entity may have its own template for
//! any of them: [`check`] says whether it can be used and shows what it makes.

mod check;
mod facts;
mod gsm;
mod piece;
pub mod plain;
mod texts;
pub mod times;
pub mod words;

pub use check::{BadTemplate, Preview, check};
pub use facts::Facts;
pub use gsm::{Encoding, Segments, gsm_safe, segments};
pub use piece::{Occasion, Part, Piece};
pub use texts::{BadTexts, TextError, Texts};
