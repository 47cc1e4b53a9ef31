//! Calls to addresses that strangers gave: tenants, agents, their browsers, who may
//! name anything. Nobody may use us to reach into the network that we run in.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, RequestBuilder, Url, redirect};
use tipoff_roster::{NotOutside, is_open, is_outside};

/// Calls them, over the open internet alone.
#[derive(Debug, Clone)]
pub(crate) struct Strangers {
    client: Client,
    /// They may be anywhere, and be called over plain http: for trials, and where
    /// whoever gives addresses is trusted.
    anywhere: bool,
}

impl Strangers {
    /// Whoever takes longer than `patience` is given up.
    pub(crate) fn new(anywhere: bool, patience: Duration) -> Result<Self, reqwest::Error> {
        // Whoever redirects, and whatever stands in between, could send us anywhere.
        let builder = Client::builder()
            .timeout(patience)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent("Tipoff");
        let builder =
            if anywhere { builder } else { builder.dns_resolver(OpenInternet { lookup: System }) };
        Ok(Self { client: builder.build()?, anywhere })
    }

    /// The address, if it may be called.
    pub(crate) fn address(&self, text: &str) -> Result<Url, NotOutside> {
        if !self.anywhere {
            is_outside(text)?;
        }
        Url::parse(text).map_err(|_| NotOutside::NoAddress)
    }

    /// To an [address](Self::address).
    pub(crate) fn post(&self, to: Url) -> RequestBuilder {
        self.client.post(to)
    }
}

/// Who knows what names stand for.
trait Lookup: Clone + Send + Sync + 'static {
    fn look_up(&self, name: &str) -> impl Future<Output = std::io::Result<Vec<SocketAddr>>> + Send;
}

/// Whoever this machine asks.
#[derive(Debug, Clone, Copy)]
struct System;

impl Lookup for System {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

/// Resolves names, leaving out addresses that are not on the open internet. What
/// is found is what is connected to: nobody can change their mind in between.
#[derive(Debug)]
struct OpenInternet<L> {
    lookup: L,
}

impl<L: Lookup> Resolve for OpenInternet<L> {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = self.lookup.clone();
        Box::pin(async move {
            let found = lookup.look_up(name.as_str()).await?.into_iter();
            let open: Vec<SocketAddr> = found.filter(|at| is_open(at.ip())).collect();
            if open.is_empty() {
                return Err(
                    Error::new(ErrorKind::PermissionDenied, "not on the open internet").into()
                );
            }
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
