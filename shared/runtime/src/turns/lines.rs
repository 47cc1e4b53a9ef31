//! Who sits, who waits, and who is next.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tipoff_domain::EntityId;
use tokio::time::Instant;

/// Until it is known how fast messages go: rather too fast. Whoever waits in vain goes
/// another way in the end, and a whole burst of them is spared it.
const FIRST_GUESS: Duration = Duration::from_millis(1);
/// One gap counts as so many times the pace at most, or as this: what holds up one
/// message, or the whole machine for a moment, is no pace.
const ONE_GAP: (u32, Duration) = (4, Duration::from_millis(10));
/// Seats of which none became free for so long are not about to; a busy machine may
/// take half of it for the first messages after a quiet time.
pub(super) const STANDSTILL: Duration = Duration::from_secs(1);
/// Nobody is put off for less or for longer.
const PUT_OFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// What became of somebody who wants a seat.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Joined {
    Seated,
    InLine,
    /// There may be a place in line after this long.
    Crowded(Duration),
}

/// In which of an entity's two lines somebody waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Holds something meanwhile that others wait for. Three of four seats that
    /// become free are theirs, so that a backlog of the patient does not make
    /// more of them patient.
    Pressing,
    /// Can be put off.
    Patient,
}

/// Of so many seats that become free, one is for the patient, whoever else waits.
const ONE_OF: u8 = 4;

/// Something of each class.
#[derive(Debug)]
struct Each<T> {
    pressing: T,
    patient: T,
}

impl<T> Each<VecDeque<T>> {
    fn empty() -> Self {
        Self { pressing: VecDeque::new(), patient: VecDeque::new() }
    }

    fn of(&mut self, class: Class) -> &mut VecDeque<T> {
        match class {
            Class::Pressing => &mut self.pressing,
            Class::Patient => &mut self.patient,
        }
    }

    fn is_empty(&self) -> bool {
        self.pressing.is_empty() && self.patient.is_empty()
    }
}

/// What there is of one entity.
#[derive(Debug)]
struct Line<T> {
    seated: usize,
    waiting: Each<VecDeque<T>>,
    put_off: PutOff,
}

/// Who was put off and comes back, in messages and not in time: how fast they
/// go may change meanwhile.
#[derive(Debug)]
struct PutOff {
    /// Those in line among them.
    before: f64,
    at: Instant,
}

impl PutOff {
    /// How many there are by now, where each takes so long.
    fn left(&self, each: Duration, now: Instant) -> f64 {
        (self.before - (now - self.at).div_duration_f64(each)).max(0.0)
    }

    /// How long one more is put off, so that not all come back together.
    fn one_more(&mut self, waiting: usize, each: Duration, now: Instant) -> Duration {
        let waiting = f64::from(u32::try_from(waiting).unwrap_or(u32::MAX));
        self.before = (self.left(each, now) + 1.0).max(waiting);
        self.at = now;
        let wait = each.as_secs_f64() * self.before;
        Duration::try_from_secs_f64(wait).unwrap_or(PUT_OFF.1).clamp(PUT_OFF.0, PUT_OFF.1)
    }
}

/// Seats, and two lines of those who wait for each entity.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    seats: usize,
    free: usize,
    room: usize,
    lines: HashMap<EntityId, Line<T>>,
    /// Entities with somebody in line, next first.
    order: Each<VecDeque<EntityId>>,
    /// Seats given to those who waited, counted round.
    given: u8,
    /// How long it takes, lately, until another seat becomes free.
    pace: Duration,
    /// When a seat was last taken by somebody who did not wait, or left.
    moved: Option<Instant>,
}

impl<T> Waiting<T> {
    pub(super) fn new(seats: usize, room: usize) -> Self {
        Self {
            seats,
            free: seats,
            room,
            lines: HashMap::new(),
            order: Each::empty(),
            given: 0,
            pace: FIRST_GUESS,
            moved: None,
        }
    }

    /// Places to sit and to wait.
    pub(super) fn size(&self) -> usize {
        self.seats + self.room
    }

    /// Three quarters of the seats: the most that one entity may have.
    fn most(&self) -> usize {
        self.seats.saturating_sub(self.seats / 4).max(1)
    }

    pub(super) fn join(&mut self, entity: &EntityId, class: Class, who: T, now: Instant) -> Joined {
        let (most, part) = (self.most(), self.room / (self.order.patient.len() + 2));
        let put_off = PutOff { before: 0.0, at: now };
        let fresh = || Line { seated: 0, waiting: Each::empty(), put_off };
        let line = self.lines.entry(entity.clone()).or_insert_with(fresh);
        if self.free > 0 && line.waiting.is_empty() && line.seated < most {
            self.free -= 1;
            line.seated += 1;
            self.moved = Some(now);
            return Joined::Seated;
        }
        let waiting = line.waiting.of(class);
        if class == Class::Patient && waiting.len() >= part {
            let each = each(self.pace, self.order.patient.len());
            return Joined::Crowded(line.put_off.one_more(waiting.len(), each, now));
        }
        if waiting.is_empty() {
            self.order.of(class).push_back(entity.clone());
        }
        waiting.push_back(who);
        Joined::InLine
    }

    /// How long somebody new of `entity` who presses may have to wait, as things go.
    pub(super) fn wait(&self, entity: &EntityId, now: Instant) -> Duration {
        let line = self.lines.get(entity);
        let (seated, waiting) = line.map_or((0, 0), |line| {
            (line.seated, line.waiting.pressing.len() + line.waiting.patient.len().min(1))
        });
        if self.free > 0 && waiting == 0 && seated < self.most() {
            return Duration::ZERO;
        }
        if self.stands_still(now) {
            return Duration::MAX;
        }
        let before = self.order.pressing.len().max(1).saturating_mul(waiting + 1);
        let wait = self.pace.saturating_mul(u32::try_from(before).unwrap_or(u32::MAX));
        if self.order.patient.is_empty() { wait } else { wait + wait / u32::from(ONE_OF - 1) }
    }

    /// Whether no seat became free lately, although they are taken since long.
    pub(super) fn stands_still(&self, now: Instant) -> bool {
        self.moved.is_none_or(|moved| now - moved > STANDSTILL)
    }

    /// Somebody of `entity` leaves a seat; answers with who sits down now.
    pub(super) fn leave(&mut self, entity: &EntityId, now: Instant) -> Vec<(EntityId, T)> {
        self.free += 1;
        if let Some(line) = self.lines.get_mut(entity) {
            line.seated = line.seated.saturating_sub(1);
            let each = each(self.pace, self.order.patient.len());
            if line.seated == 0 && line.waiting.is_empty() && line.put_off.left(each, now) <= 0.0 {
                self.lines.remove(entity);
            }
        }
        self.learn(now);
        std::iter::from_fn(|| self.next()).collect()
    }

    /// While somebody waits, how fast seats become free is how fast messages go.
    fn learn(&mut self, now: Instant) {
        if let Some(before) = self.moved.filter(|_| !self.order.is_empty()) {
            let gap = (now - before).min((self.pace * ONE_GAP.0).max(ONE_GAP.1));
            self.pace = (self.pace * 15 + gap) / 16;
        }
        self.moved = Some(now);
    }

    fn next(&mut self) -> Option<(EntityId, T)> {
        let classes = match self.given % ONE_OF {
            0 => [Class::Patient, Class::Pressing],
            _ => [Class::Pressing, Class::Patient],
        };
        let next = classes.into_iter().find_map(|class| self.next_of(class))?;
        self.given = self.given.wrapping_add(1);
        Some(next)
    }

    fn next_of(&mut self, class: Class) -> Option<(EntityId, T)> {
        let most = self.most();
        let may_sit = |id: &EntityId| self.lines.get(id).is_some_and(|line| line.seated < most);
        let order = self.order.of(class);
        let place = (self.free > 0).then(|| order.iter().position(may_sit))??;
        let entity = order.remove(place)?;
        let line = self.lines.get_mut(&entity)?;
        let waiting = line.waiting.of(class);
        let who = waiting.pop_front()?;
        if !waiting.is_empty() {
            order.push_back(entity.clone());
        }
        line.seated += 1;
        self.free -= 1;
        Some((entity, who))
    }
}

/// How long it takes until another one of a line is through, where so many lines take turns.
fn each(pace: Duration, lines: usize) -> Duration {
    let lines = u32::try_from(lines.max(1)).unwrap_or(u32::MAX);
    pace.saturating_mul(lines).max(Duration::from_micros(1))
}

#[cfg(test)]
mod tests {
    use super::Class::{Patient, Pressing};
    use super::*;

    fn entity(name: &str) -> EntityId {
        name.parse().unwrap()
    }

    /// Everybody who leaves a seat gives it to the next; answers with their order.
    fn served(waiting: &mut Waiting<u32>, mut seated: Vec<EntityId>, now: Instant) -> Vec<String> {
        let mut order = Vec::new();
        while let Some(first) = (!seated.is_empty()).then(|| seated.remove(0)) {
            for (entity, number) in waiting.leave(&first, now) {
                order.push(format!("{entity}{number}"));
                seated.push(entity);
            }
        }
        order
    }

    #[tokio::test]
    async fn entities_are_served_in_turn_however_much_one_of_them_has() {
        let (now, big, small) = (Instant::now(), entity("big"), entity("small"));
        let mut waiting = Waiting::new(1, 1_000);
        assert_eq!(waiting.join(&big, Patient, 0, now), Joined::Seated);
        for number in 1..=4 {
            assert_eq!(waiting.join(&big, Patient, number, now), Joined::InLine);
        }
        for number in 1..=2 {
            assert_eq!(waiting.join(&small, Patient, number, now), Joined::InLine);
        }
        let order = served(&mut waiting, vec![big], now);
        assert_eq!(order, ["big1", "small1", "big2", "small2", "big3", "big4"]);
    }

    #[tokio::test]
    async fn a_quarter_of_the_seats_is_always_there_for_somebody_else() {
        let (now, big, small) = (Instant::now(), entity("big"), entity("small"));
        let mut waiting = Waiting::new(8, 1_000);
        let joined: Vec<_> =
            (0..8).map(|number| waiting.join(&big, Patient, number, now)).collect();
        assert_eq!(joined.iter().filter(|one| **one == Joined::Seated).count(), 6);
        assert_eq!(waiting.join(&small, Patient, 0, now), Joined::Seated);
        assert_eq!(waiting.leave(&small, now), [], "the two who wait have all they may have");
    }

    #[tokio::test]
    async fn whoever_has_more_than_their_part_of_the_room_is_put_off_and_there_is_room_for_others()
    {
        let (now, big) = (Instant::now(), entity("big"));
        let mut waiting = Waiting::new(1, 100);
        let joined: Vec<_> =
            (0..2_000).map(|number| waiting.join(&big, Patient, number, now)).collect();
        let in_line = joined.iter().filter(|one| **one == Joined::InLine).count();
        assert!((30..=50).contains(&in_line), "{in_line}");
        let put_off: Vec<Duration> = joined
            .iter()
            .filter_map(|one| if let Joined::Crowded(wait) = one { Some(*wait) } else { None })
            .collect();
        assert!(put_off.is_sorted() && put_off[0] < put_off[1_000], "not all come back together");
        for name in ["a", "b", "c", "d", "e"] {
            assert_eq!(waiting.join(&entity(name), Patient, 0, now), Joined::InLine);
        }
    }

    /// A full line, of which somebody leaves at these moments, and then how long
    /// the next one is put off.
    fn put_off_after(paces: impl IntoIterator<Item = (u64, u32)>) -> Duration {
        let (acme, mut now) = (entity("acme"), Instant::now());
        let mut waiting = Waiting::new(1, 400);
        for (millis, times) in paces {
            for _ in 0..times {
                // More come than leave.
                for number in 0..3 {
                    waiting.join(&acme, Patient, number, now);
                }
                now += Duration::from_millis(millis);
                waiting.leave(&acme, now);
            }
        }
        while waiting.join(&acme, Patient, 0, now) == Joined::InLine {}
        match waiting.join(&acme, Patient, 0, now) {
            Joined::Crowded(wait) => wait,
            other => panic!("the line is full, and somebody is {other:?}"),
        }
    }

    #[tokio::test]
    async fn one_long_gap_makes_nobody_wait_for_long() {
        let steady = put_off_after([(1, 1_000)]);
        let after_a_gap = put_off_after([(1, 1_000), (800, 1)]);
        assert!(after_a_gap < steady * 2, "{steady:?}, then {after_a_gap:?}");
    }

    #[tokio::test]
    async fn a_channel_that_becomes_slower_is_believed_before_long() {
        let wait = put_off_after([(1, 200), (300, 100)]);
        assert_eq!(wait, PUT_OFF.1, "two hundred before, three of them a second");
    }

    #[tokio::test]
    async fn whoever_is_put_off_when_it_goes_faster_again_waits_by_the_new_pace() {
        // Of a thousand who were put off all but a few are through by then.
        let wait = put_off_after([(300, 500), (1, 900)]);
        let slow = put_off_after([(300, 500)]);
        assert!(wait < slow / 3, "{slow:?}, then {wait:?}");
    }

    #[tokio::test]
    async fn it_is_known_how_long_a_newcomer_waits_and_that_nothing_moves() {
        let (start, big, small) = (Instant::now(), entity("big"), entity("small"));
        let mut waiting = Waiting::new(2, 1_000);
        assert_eq!(waiting.wait(&big, start), Duration::ZERO);
        for number in 0..101 {
            waiting.join(&big, Pressing, number, start);
        }
        let long = start + STANDSTILL + Duration::from_millis(1);
        assert_eq!(waiting.wait(&big, long), Duration::MAX, "nobody has left a seat yet");
        let mut now = start;
        for _ in 0..50 {
            now += Duration::from_millis(2);
            assert_eq!(waiting.leave(&big, now).len(), 1);
        }
        let wait = waiting.wait(&big, now);
        assert!((90..400).contains(&wait.as_millis()), "50 before, 2 ms each: {wait:?}");
        assert!(waiting.wait(&small, now) < Duration::from_millis(10), "the lines take turns");
        let later = now + STANDSTILL + Duration::from_millis(1);
        assert_eq!(waiting.wait(&small, later), Duration::MAX);
    }

    #[tokio::test]
    async fn after_a_quiet_time_the_first_burst_is_not_taken_for_a_standstill() {
        let (acme, mut now) = (entity("acme"), Instant::now());
        let mut waiting = Waiting::new(2, 1_000);
        for number in 0..20 {
            waiting.join(&acme, Pressing, number, now);
            now += Duration::from_millis(1);
            waiting.leave(&acme, now);
        }
        now += Duration::from_hours(1);
        for number in 0..40 {
            waiting.join(&acme, Pressing, number, now);
        }
        assert!(waiting.wait(&acme, now) < Duration::from_secs(1), "seats were taken just now");
        now += Duration::from_millis(2);
        waiting.leave(&acme, now);
        let wait = waiting.wait(&acme, now);
        assert!(wait < Duration::from_secs(1), "the quiet hour is no pace: {wait:?}");
    }

    #[tokio::test]
    async fn nothing_is_remembered_of_those_who_left() {
        let (now, acme) = (Instant::now(), entity("acme"));
        let mut waiting = Waiting::new(2, 10);
        assert_eq!(waiting.join(&acme, Patient, 0, now), Joined::Seated);
        assert_eq!(waiting.leave(&acme, now), []);
        assert!(waiting.lines.is_empty() && waiting.order.is_empty() && waiting.free == 2);
    }

    #[tokio::test]
    async fn a_backlog_of_the_patient_takes_one_seat_of_four_from_those_who_press() {
        let (now, acme) = (Instant::now(), entity("acme"));
        let mut waiting = Waiting::new(1, 1_000);
        assert_eq!(waiting.join(&acme, Pressing, 0, now), Joined::Seated);
        for number in 100..200 {
            assert_eq!(waiting.join(&acme, Patient, number, now), Joined::InLine);
        }
        for number in 1..=8 {
            assert_eq!(waiting.join(&acme, Pressing, number, now), Joined::InLine);
        }
        let order = served(&mut waiting, vec![acme], now);
        let pressing = order[..11].iter().filter(|who| !who.contains('1') || who.len() == 5);
        assert_eq!(pressing.count(), 8, "{order:?}");
        assert_eq!(order.len(), 108);
    }
}
