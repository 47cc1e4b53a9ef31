//! What people see and press, in a real Chromium. Run by `make browser`, which
//! installs it; not among the other tests, which need no browser.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops right there")]

mod bell;
mod driver;
mod pages;
