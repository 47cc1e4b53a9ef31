//! Sending leads in, each way there is.

use std::ops::Range;

use anyhow::{Context, ensure};
use async_nats::HeaderMap;
use bytes::Bytes;
use clap::ValueEnum;
use reqwest::Client;
use serde::Deserialize;
use tipoff_domain::LeadId;
use tipoff_runtime::Nats;
use tipoff_wire::subject;

use super::made_up::lead;
use super::patient::Patient;
use super::system::System;
use super::team::Team;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Way {
    /// One lead per request
    Single,
    /// Many leads per request
    Batch,
    /// Published to NATS
    Nats,
}

impl Way {
    /// As on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Batch => "batch",
            Self::Nats => "nats",
        }
    }

    /// Leads in one go.
    pub(super) fn lines(self, in_a_batch: usize) -> usize {
        if self == Self::Batch { in_a_batch.max(1) } else { 1 }
    }
}

/// Sources that send what was made beforehand.
pub(super) struct Sources {
    http: Client,
    /// How often they were told to wait.
    pub(super) patient: Patient,
    intake: String,
    nats: Nats,
    teams: Vec<Team>,
    way: Way,
    /// Each is sent in one go.
    parcels: Vec<Bytes>,
    sizes: Vec<usize>,
}

#[derive(Deserialize)]
struct Report {
    accepted: usize,
    results: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    id: Option<LeadId>,
}

impl Sources {
    pub(super) fn new(system: &System, teams: Vec<Team>, way: Way) -> Self {
        let (parcels, sizes) = (Vec::new(), Vec::new());
        let (nats, intake) = (system.base.nats.clone(), system.intake.clone());
        let (http, patient) = (Client::new(), Patient::default());
        Self { http, patient, intake, nats, teams, way, parcels, sizes }
    }

    /// Puts these leads into parcels, in batches of `lines` where they go so,
    /// in place of those before.
    pub(super) fn pack(mut self, leads: Range<usize>, lines: usize) -> Self {
        self.parcels.clear();
        self.sizes.clear();
        let lines = self.way.lines(lines);
        let mut from = leads.start;
        while from < leads.end {
            let to = leads.end.min(from + lines);
            let packed: Vec<Bytes> = (from..to).map(lead).collect();
            self.parcels.push(packed.join(&b'\n').into());
            self.sizes.push(to - from);
            from = to;
        }
        self
    }

    pub(super) fn parcels(&self) -> usize {
        self.parcels.len()
    }

    /// Leads in a parcel.
    pub(super) fn size(&self, parcel: usize) -> usize {
        self.sizes.get(parcel).copied().unwrap_or(0)
    }

    /// Sends one parcel; answers the ids that its leads were given, where the way tells.
    pub(super) async fn send(&self, parcel: usize) -> anyhow::Result<Vec<LeadId>> {
        let team = &self.teams[parcel % self.teams.len()];
        let body = self.parcels[parcel].clone();
        match self.way {
            Way::Single => self.single(team, body).await,
            Way::Batch => self.batch(team, body, self.sizes[parcel]).await,
            Way::Nats => self.publish(team, body, parcel).await,
        }
    }

    async fn post(
        &self,
        path: &str,
        kind: &str,
        team: &Team,
        body: Bytes,
    ) -> anyhow::Result<Bytes> {
        let url = format!("{}{path}", self.intake);
        let request =
            self.http.post(url).bearer_auth(&team.source_key).header("content-type", kind);
        let response = self.patient.send(request.body(body)).await?;
        let (status, text) = (response.status(), response.bytes().await?);
        ensure!(
            status.is_success(),
            "leads were answered {status}: {}",
            String::from_utf8_lossy(&text)
        );
        Ok(text)
    }

    async fn single(&self, team: &Team, body: Bytes) -> anyhow::Result<Vec<LeadId>> {
        let answer = self.post("/v1/leads", "application/json", team, body).await?;
        let line: Line = serde_json::from_slice(&answer)?;
        Ok(vec![line.id.context("an answer without an id")?])
    }

    async fn batch(&self, team: &Team, body: Bytes, lines: usize) -> anyhow::Result<Vec<LeadId>> {
        let answer = self.post("/v1/leads/batch", "application/x-ndjson", team, body).await?;
        let report: Report = serde_json::from_slice(&answer)?;
        ensure!(
            report.accepted == lines,
            "of {lines} leads only {} were accepted",
            report.accepted
        );
        Ok(report.results.into_iter().filter_map(|line| line.id).collect())
    }

    async fn publish(
        &self,
        team: &Team,
        body: Bytes,
        number: usize,
    ) -> anyhow::Result<Vec<LeadId>> {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", format!("{}-{number}", team.entity).as_str());
        let to = subject::leads_in(&team.entity, &"portal".parse()?);
        self.nats.jetstream.publish_with_headers(to, headers, body).await?.await?;
        Ok(Vec::new())
    }
}
