//! What a task does next, and who hears of it.

use rand::RngExt;
use tipoff_domain::Claiming;
use tipoff_domain::model::Answer;

use crate::board::Settled;
use crate::log::Appended;
use crate::promises::{was_given, wrong};
use crate::story::Story;
use crate::work::{Job, Stage, Task};

/// After so many vain tries a router leaves it to redelivery, and a person gives up.
const MOST_TRIES: u32 = 6;

impl Story<'_> {
    /// Some task makes its next step.
    pub(crate) fn go_on(&mut self) {
        if self.tasks.is_empty() {
            return;
        }
        let at = self.dice.random_range(0..self.tasks.len());
        let task = self.tasks.swap_remove(at);
        if let Some(task) = self.step(task).filter(|task| task.tries <= MOST_TRIES) {
            self.tasks.push(task);
        }
    }

    /// `None`: that was all.
    fn step(&mut self, task: Task) -> Option<Task> {
        let (question_lost, answer_lost) = self.network();
        let again = Task { tries: task.tries + 1, ..task.clone() };
        if question_lost {
            return Some(again);
        }
        let next = match task.stage.clone() {
            Stage::Decide => self.decide(&task),
            Stage::Commit { answer, changes } => {
                let (log, mut fresh) = (&mut self.log, Vec::new());
                let appended = log.append(&changes, self.rules.in_order, |before, change| {
                    fresh.extend(wrong(before, change));
                });
                for what in fresh {
                    self.broke(what);
                }
                match appended {
                    Appended::There { again } => {
                        if again {
                            self.see("an event was there already");
                        }
                        Some(Stage::Settle { answer, changes })
                    }
                    Appended::Conflict => {
                        self.see("the log had something else");
                        Some(Stage::Repair { then: None })
                    }
                }
            }
            Stage::Settle { answer, changes } => match self.board.settle(task.lead, &changes) {
                Settled::Settled => Some(Stage::Tell { answer }),
                Settled::Forgot => {
                    self.see("the board forgot what the log has");
                    Some(Stage::Repair { then: Some(answer) })
                }
            },
            Stage::Repair { then } => {
                if let Some(last) = self.log.last(task.lead) {
                    self.board.put_back(last);
                }
                Some(then.map_or(Stage::Decide, |answer| Stage::Tell { answer }))
            }
            Stage::Tell { answer } => {
                self.tell(&task, &answer);
                return None;
            }
        };
        match next {
            // Nobody heard that it was done, and it is done once more.
            _ if answer_lost => Some(again),
            Some(stage) => Some(Task { stage, ..task }),
            None => Some(Task { server: self.board.server, ..again }),
        }
    }

    /// `None`: the board is shut, or another server than it was meant for.
    fn decide(&mut self, task: &Task) -> Option<Stage> {
        if !self.board.is_open() || task.server != self.board.server {
            return None;
        }
        self.names += 1;
        let (lead, now, number, office) = (task.lead, self.now, self.names, self.office);
        let reply = match &task.job {
            Job::Place => {
                let plan = office.plan(lead, now);
                self.board.run(lead, now, number, |model, id| model.place(id, &plan))
            }
            Job::MoveOn => {
                let Some(is) = self.board.standing(lead) else {
                    return Some(Stage::Tell { answer: Answer::Stale });
                };
                let (plan, version) = (office.plan_next(lead, is, now), is.version());
                // Others act between the plan and the script, at times.
                let version = if self.chance(2) { version.saturating_sub(1) } else { version };
                self.board.run(lead, now, number, |model, id| model.roll_on(id, version, &plan))
            }
            Job::Ship => {
                let changes = self.board.unsent(lead);
                if !changes.is_empty() {
                    self.see("what was left behind was shipped");
                }
                return Some(Stage::Commit { answer: Answer::Known, changes });
            }
            Job::Claim { agent, round } => self.board.run(lead, now, number, |model, id| {
                let claim = Claiming::by(agent, "").in_round(*round);
                model.claim(id, &claim)
            }),
            Job::Pass { agent, round } => self
                .board
                .run(lead, now, number, |model, id| model.pass(id, agent, Some(*round), None)),
            Job::Return { agent } => {
                self.board.run(lead, now, number, |model, id| model.give_back(id, Some(agent), &[]))
            }
        };
        if !self.rules.log_first && task.job.is_asked_by_somebody() {
            self.tell(task, &reply.answer);
        }
        Some(Stage::Commit { answer: reply.answer, changes: reply.unsent })
    }

    /// Whoever waits hears it.
    fn tell(&mut self, task: &Task, answer: &Answer) {
        match (&task.job, answer) {
            (Job::Place, _) => {
                self.see("a lead was placed");
                self.acknowledged.insert(task.lead);
            }
            (Job::MoveOn, Answer::Stale) => self.see("a plan was stale"),
            (Job::MoveOn, Answer::MovedOn) => self.see("an offer ran out"),
            (Job::Claim { agent, round }, Answer::Won | Answer::AlreadyYours) => {
                match (answer, round) {
                    (Answer::AlreadyYours, _) => self.see("whoever claimed had it already"),
                    (_, None) => self.see("a lead was claimed from the pool"),
                    _ => self.see("a lead was claimed"),
                }
                if !was_given(&self.log, task.lead, agent) {
                    self.broke(format!(
                        "{agent} heard that they have lead {}, which is not in the log",
                        task.lead
                    ));
                }
            }
            (Job::Claim { .. }, Answer::TooLate) => self.see("a claim was too late"),
            (Job::Claim { .. }, Answer::Taken) => self.see("a lead was taken by somebody else"),
            (Job::Pass { .. }, Answer::Passed) => self.see("a lead was passed"),
            (Job::Return { .. }, Answer::Returned) => self.see("a lead was sent back"),
            _ => {}
        }
    }
}
