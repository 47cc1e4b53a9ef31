//! The scripts: one verb each, one Rust caller each. A script's name is its
//! hash, so two releases can run side by side.

use std::sync::{Arc, LazyLock};

use redis::{Script, ScriptInvocation};
use tipoff_runtime::Redis;

use crate::BoardError;
use crate::reply::Reply;

const PRELUDE: &str = include_str!("scripts/prelude.lua");
const LIMITS: &str = include_str!("scripts/limits.lua");
const MOVES: &str = include_str!("scripts/moves.lua");
const CREDITS: &str = include_str!("scripts/credits.lua");
const PICKS: &str = include_str!("scripts/picks.lua");
const CARRY_OUT: &str = include_str!("scripts/carry_out.lua");
const PEOPLE: &str = include_str!("scripts/people.lua");
/// With it, a Redis that is out of memory refuses before anything is written.
const SHEBANG: &str = "#!lua\n";

/// A script and what it is called in errors.
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    script: Script,
}

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
                    let whole = [SHEBANG, $($part,)* body].concat();
                    Verb { name: stringify!($name), script: Script::new(&edit(&whole)) }
                };)*
                Self { $($name,)* }
            }

            /// The name of each, and the hash under which Redis knows it.
            pub(crate) fn hashes(&self) -> Vec<(&'static str, String)> {
                vec![$((self.$name.name, self.$name.script.get_hash().to_owned()),)*]
            }
        }
    };
}

scripts! {
    place: [PRELUDE, LIMITS, MOVES, CREDITS, PICKS, CARRY_OUT, PEOPLE],
    roll_on: [PRELUDE, LIMITS, MOVES, CREDITS, PICKS, CARRY_OUT],
    reclaim: [PRELUDE, LIMITS, MOVES],
    claim: [PRELUDE, LIMITS, MOVES],
    room: [PRELUDE, LIMITS],
    pass: [PRELUDE, LIMITS, MOVES],
    undo_pass: [PRELUDE, LIMITS, MOVES],
    another_chance: [PRELUDE, LIMITS, MOVES],
    worked: [PRELUDE, LIMITS, MOVES],
    follow_up: [PRELUDE, LIMITS, MOVES],
    assign: [PRELUDE, LIMITS, MOVES],
    give_back: [PRELUDE, LIMITS, MOVES],
    release: [PRELUDE, LIMITS, MOVES, PEOPLE],
    withdraw: [PRELUDE, LIMITS, MOVES],
    close: [PRELUDE, LIMITS, MOVES, CREDITS],
    credit: [PRELUDE, LIMITS, MOVES, CREDITS],
    extend: [PRELUDE, LIMITS, MOVES],
    repair: [PRELUDE, LIMITS, MOVES, CREDITS],
    unsent: [PRELUDE],
    sweep: [],
    settle: [],
    members: [],
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
    /// An invocation with these keys.
    pub(crate) fn on<K: AsRef<str>>(&self, keys: &[K]) -> ScriptInvocation<'_> {
        let mut invocation = self.script.prepare_invoke();
        for key in keys {
            invocation.key(key.as_ref());
        }
        invocation
    }

    /// Runs an invocation that answers like `reply` in `prelude.lua`.
    pub(crate) async fn run(
        &self,
        invocation: &ScriptInvocation<'_>,
        redis: &Redis,
    ) -> Result<Reply, BoardError> {
        Ok(invocation.invoke_async(&mut redis.clone()).await?)
    }

    /// The error for a word that this build does not know; it happens while
    /// two releases run side by side.
    pub(crate) fn unknown(&self, reply: impl Into<String>) -> BoardError {
        BoardError::UnknownReply { script: self.name, reply: reply.into() }
    }
}
