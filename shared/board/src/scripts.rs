//! The scripts: one verb each, one Rust caller each. A script's name is its
//! hash, so two releases can run side by side.
//!
//! Every script begins with the name of the server that it is meant for (see
//! [`crate::gate`]), so a server that was started or promoted since knows none.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use redis::{Cmd, Script, ToRedisArgs};

use crate::BoardError;

const PRELUDE: &str = include_str!("scripts/prelude.lua");
const SHUT: &str = include_str!("scripts/shut.lua");
const STRAIGHT: &str = include_str!("scripts/straight.lua");
const LIMITS: &str = include_str!("scripts/limits.lua");
const MOVES: &str = include_str!("scripts/moves.lua");
const CREDITS: &str = include_str!("scripts/credits.lua");
const PICKS: &str = include_str!("scripts/picks.lua");
const ALONG: &str = include_str!("scripts/along.lua");
const CARRY_OUT: &str = include_str!("scripts/carry_out.lua");
const PEOPLE: &str = include_str!("scripts/people.lua");
/// With it, a Redis that is out of memory refuses before anything is written.
const WRITES: &str = "#!lua\n";
/// With it, one that is out of memory answers all the same.
const READS: &str = "#!lua flags=no-writes\n";

/// A script and what it is called in errors.
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    shebang: &'static str,
    body: String,
    /// By the server that it is meant for.
    fitted: RwLock<HashMap<String, Arc<Fitted>>>,
}

/// A script as one server takes it.
pub(crate) struct Fitted {
    pub(crate) text: String,
    pub(crate) hash: String,
}

/// A script with its keys and words.
pub(crate) struct Call<'a> {
    pub(crate) verb: &'a Verb,
    keys: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
}

/// Servers whose scripts are kept; more come and go only where servers fail all the time.
const SERVERS_KEPT: usize = 32;

macro_rules! scripts {
    ($($name:ident: [$($part:expr),*],)*) => {
        /// All scripts.
        pub(crate) struct Scripts {
            $(pub(crate) $name: Verb,)*
        }

        impl Scripts {
            /// The scripts as `edit` makes them.
            pub(crate) fn edited(edit: impl Fn(&str) -> String) -> Self {
                $(let $name = {
                    let body = include_str!(concat!("scripts/", stringify!($name), ".lua"));
                    let whole = [$($part,)* body].concat();
                    Verb {
                        name: stringify!($name),
                        shebang: WRITES,
                        body: edit(&whole),
                        fitted: RwLock::default(),
                    }
                };)*
                let mut all = Self { $($name,)* };
                all.opened.shebang = READS;
                all
            }

            /// The name of each, and the hashes under which the servers that it was meant for know it.
            pub(crate) fn hashes(&self) -> Vec<(&'static str, String)> {
                let each = [$((self.$name.name, self.$name.hashes()),)*].into_iter();
                each.flat_map(|(name, all)| all.into_iter().map(move |hash| (name, hash))).collect()
            }
        }
    };
}

scripts! {
    place: [PRELUDE, SHUT, STRAIGHT, LIMITS, MOVES, CREDITS, PICKS, ALONG, CARRY_OUT, PEOPLE],
    recognise: [PRELUDE, SHUT, LIMITS, MOVES, PEOPLE],
    roll_on: [PRELUDE, SHUT, LIMITS, MOVES, CREDITS, PICKS, ALONG, CARRY_OUT],
    serve: [PRELUDE, SHUT, LIMITS, MOVES, CREDITS, PICKS, ALONG, CARRY_OUT],
    reclaim: [PRELUDE, SHUT, LIMITS, MOVES],
    claim: [PRELUDE, SHUT, LIMITS, MOVES],
    room: [PRELUDE, SHUT, LIMITS],
    pass: [PRELUDE, SHUT, LIMITS, MOVES],
    undo_pass: [PRELUDE, SHUT, LIMITS, MOVES],
    another_chance: [PRELUDE, SHUT, LIMITS, MOVES],
    worked: [PRELUDE, SHUT, LIMITS, MOVES],
    follow_up: [PRELUDE, SHUT, LIMITS, MOVES],
    assign: [PRELUDE, SHUT, LIMITS, MOVES],
    give_back: [PRELUDE, SHUT, LIMITS, MOVES],
    release: [PRELUDE, SHUT, LIMITS, MOVES, PEOPLE],
    withdraw: [PRELUDE, SHUT, LIMITS, MOVES],
    rescue: [PRELUDE, SHUT, LIMITS, MOVES],
    close: [PRELUDE, SHUT, LIMITS, MOVES, CREDITS],
    credit: [PRELUDE, SHUT, LIMITS, MOVES, CREDITS],
    erase: [PRELUDE, SHUT, LIMITS, MOVES],
    extend: [PRELUDE, SHUT, LIMITS, MOVES],
    age_out: [PRELUDE, SHUT, LIMITS, MOVES],
    repair: [PRELUDE, LIMITS, MOVES, CREDITS],
    unsent: [PRELUDE, SHUT],
    sweep: [],
    settle: [],
    unlist: [],
    remind: [],
    members: [],
    gate: [],
    opened: [],
    open: [],
    shut_down: [],
}

impl Scripts {
    /// The scripts as they are.
    pub(crate) fn as_written() -> Arc<Self> {
        static ALL: LazyLock<Arc<Scripts>> =
            LazyLock::new(|| Arc::new(Scripts::edited(str::to_owned)));
        Arc::clone(&ALL)
    }
}

impl Verb {
    /// A call with these keys.
    pub(crate) fn on<K: AsRef<str>>(&self, keys: &[K]) -> Call<'_> {
        let mut call = Call { verb: self, keys: Vec::new(), words: Vec::new() };
        for key in keys {
            call.key(key.as_ref());
        }
        call
    }

    /// The script as `server` takes it.
    pub(crate) fn fitted(&self, server: &str) -> Arc<Fitted> {
        let known = self.fitted.read().unwrap_or_else(PoisonError::into_inner).get(server).cloned();
        if let Some(known) = known {
            return known;
        }
        let text = format!("{}local SERVER = '{server}'\n{}", self.shebang, self.body);
        let hash = Script::new(&text).get_hash().to_owned();
        let fitted = Arc::new(Fitted { text, hash });
        let mut all = self.fitted.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SERVERS_KEPT {
            all.clear();
        }
        all.insert(server.to_owned(), Arc::clone(&fitted));
        fitted
    }

    fn hashes(&self) -> Vec<String> {
        let all = self.fitted.read().unwrap_or_else(PoisonError::into_inner);
        all.values().map(|fitted| fitted.hash.clone()).collect()
    }

    /// The error for a word that is no answer: one that any script may say of a
    /// request, or that this build does not know, which happens while two
    /// releases run side by side.
    pub(crate) fn unknown(&self, reply: impl Into<String>) -> BoardError {
        let reply = reply.into();
        if reply == "reused" {
            return BoardError::Reused;
        }
        BoardError::UnknownReply { script: self.name, reply }
    }
}

impl Call<'_> {
    pub(crate) fn key(&mut self, key: impl ToRedisArgs) -> &mut Self {
        key.write_redis_args(&mut self.keys);
        self
    }

    pub(crate) fn arg(&mut self, word: impl ToRedisArgs) -> &mut Self {
        word.write_redis_args(&mut self.words);
        self
    }

    /// `EVALSHA` with a hash, or `EVAL` with a text.
    pub(crate) fn command(&self, how: &str, script: &str) -> Cmd {
        let words = self.keys.iter().chain(&self.words);
        let size = words.fold(script.len() + 16, |size, word| size + word.len());
        let mut command = Cmd::with_capacity(3 + self.keys.len() + self.words.len(), size);
        command.arg(how).arg(script).arg(self.keys.len()).arg(&*self.keys).arg(&*self.words);
        command
    }
}
