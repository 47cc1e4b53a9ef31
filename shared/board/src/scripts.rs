//! The scripts: one verb each, one Rust caller each. A script's name is its
//! hash, so two releases can run side by side.

use std::sync::LazyLock;

use redis::{Script, ScriptInvocation};
use tipoff_runtime::Redis;

use crate::BoardError;
use crate::reply::Reply;

const PRELUDE: &str = include_str!("scripts/prelude.lua");
const CARRY_OUT: &str = include_str!("scripts/carry_out.lua");
/// With it, a Redis that is out of memory refuses before anything is written.
const SHEBANG: &str = "#!lua\n";

/// A script and what it is called in errors.
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    script: LazyLock<Script>,
}

macro_rules! verb {
    ($NAME:ident, $name:literal, [$($part:expr),*]) => {
        pub(crate) static $NAME: Verb = Verb {
            name: $name,
            script: LazyLock::new(|| {
                let body = include_str!(concat!("scripts/", $name, ".lua"));
                Script::new(&[SHEBANG, $($part,)* body].concat())
            }),
        };
    };
}

verb!(PLACE, "place", [PRELUDE, CARRY_OUT]);
verb!(ROLL_ON, "roll_on", [PRELUDE, CARRY_OUT]);
verb!(CLAIM, "claim", [PRELUDE]);
verb!(PASS, "pass", [PRELUDE]);
verb!(ASSIGN, "assign", [PRELUDE]);
verb!(GIVE_BACK, "give_back", [PRELUDE]);
verb!(EXTEND, "extend", [PRELUDE]);
verb!(REPAIR, "repair", [PRELUDE]);
verb!(UNSENT, "unsent", [PRELUDE]);
verb!(SWEEP, "sweep", []);
verb!(SETTLE, "settle", []);
verb!(MEMBERS, "members", []);

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
