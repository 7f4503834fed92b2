//! Who goes next: the waiting jobs as far as they are looked at, and everything that is taken up by those under way.
//!
//! A higher priority goes first. What one person has waiting at one priority is a stream; a stream that has not had
//! its turn for [`AGE`] counts as one priority higher until it has, and so on, so that nothing waits for ever. Among
//! equals the person goes first who has the fewest jobs under way, then the one whose turn is longest ago. Within a
//! stream, whoever was ready first goes first.
//!
//! What it deliberately does not know: the database, the machines themselves and the clock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use diwan_fleet::MachineId;

use crate::flow::{Flow, FlowId, Place};
use crate::id::JobId;
use crate::spec::JobTarget;

/// So long without a turn is worth one step of priority.
pub(crate) const AGE: Duration = Duration::from_secs(300);
/// So many of a flow are looked at; the others are fetched when these have gone.
pub(crate) const WINDOW: usize = 512;
/// So many light jobs go to one machine before others with as much room are looked at: they are carried together.
const LIGHT_CHUNK: u32 = 256;

/// Who goes next, and what is taken up.
#[derive(Debug, Default)]
pub(crate) struct Board {
    flows: BTreeMap<FlowId, Waiting>,
    streams: HashMap<Stream, Turn>,
    /// How many turns and beginnings there were.
    turns: u64,
    under_way: HashMap<JobId, Held>,
    owners: HashMap<String, u32>,
    keys: HashMap<String, Gauge>,
    queues: HashMap<String, Gauge>,
    machines: BTreeMap<MachineId, Slots>,
    /// The machine that was asked last to pull light jobs.
    asked_last: Option<MachineId>,
}

/// What one person has waiting at one priority.
type Stream = (String, i32);

/// When a stream last had its turn, or began to wait.
#[derive(Debug, Clone, Copy)]
struct Turn {
    at: Duration,
    /// Of two at the same moment, which was earlier.
    number: u64,
}

#[derive(Debug)]
struct Waiting {
    flow: Arc<Flow>,
    /// The first of those that wait.
    heads: BTreeSet<Place>,
    /// Whether these are all.
    is_whole: bool,
    /// If they are not: up to here they are, or have had their turn.
    seen_to: Option<Place>,
    /// Whether more are being fetched: who comes meanwhile may not be among them.
    is_asked_for: bool,
}

impl Waiting {
    fn new(flow: &Flow, is_whole: bool) -> Self {
        Self { flow: Arc::new(flow.clone()), heads: BTreeSet::new(), is_whole, seen_to: None, is_asked_for: false }
    }

    fn enter(&mut self, place: Place) {
        let is_fetched_later = !self.is_whole && !self.is_asked_for && self.seen_to < Some(place);
        if is_fetched_later && self.heads.last() < Some(&place) {
            return;
        }
        self.heads.insert(place);
        if self.heads.len() > 2 * WINDOW && !self.is_asked_for {
            self.heads.pop_last();
            let last = self.heads.last().copied();
            // What was not seen before is not seen by that.
            self.seen_to = if self.is_whole { last } else { self.seen_to.min(last) };
            self.is_whole = false;
        }
    }

    /// What was asked for does not come any more: who came meanwhile would go before it, and is fetched with it.
    fn ask_no_more(&mut self) {
        if self.is_asked_for {
            let seen_to = self.seen_to;
            self.heads.retain(|place| Some(*place) <= seen_to);
            self.is_asked_for = false;
        }
    }
}

/// How much is taken up, of how much.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gauge {
    /// How many are under way.
    pub(crate) held: u32,
    /// How many may be; without it, any number.
    pub(crate) most: Option<u32>,
    /// Whether nothing new begins.
    pub(crate) is_paused: bool,
}

impl Gauge {
    fn has_room(&self) -> bool {
        !self.is_paused && self.most.is_none_or(|most| self.held < most)
    }
}

/// A machine, as far as it can take jobs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots {
    /// Its labels.
    pub(crate) labels: Vec<String>,
    /// Whether it takes commands now.
    pub(crate) is_ready: bool,
    /// How many jobs at once.
    pub(crate) most: u32,
    /// How many are under way.
    pub(crate) held: u32,
    /// How many light ones it has pulled and not been given, once it pulls any.
    light: Option<u32>,
}

/// What a job under way takes up.
#[derive(Debug, Clone)]
struct Held {
    place: Place,
    flow: Arc<Flow>,
    machine: MachineId,
    /// Where and since when it is wanted again, if it is.
    again: Option<(Arc<Flow>, Duration)>,
}

/// A job whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pick {
    /// Which job, at which place.
    pub(crate) place: Place,
    /// In which flow.
    pub(crate) flow: FlowId,
    /// Where it goes.
    pub(crate) machine: MachineId,
    /// Whether nothing is done there.
    pub(crate) is_light: bool,
}

/// Why the first of a flow does not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// Its queue is paused.
    QueuePaused,
    /// As many of its queue are under way as may be.
    QueueFull,
    /// As many with its key are under way as may be.
    KeyFull,
    /// No machine that it may be on is there.
    NoMachine,
    /// All machines that it may be on have enough to do.
    MachinesFull,
}

impl Board {
    /// A job waits.
    pub(crate) fn enter(&mut self, flow: &Flow, place: Place, now: Duration) {
        if let Some(held) = self.under_way.get_mut(&place.job) {
            // At the place that it was picked from, it was merely fetched before word of it came. At another it was
            // called off and is wanted again, or moves on: where it is now may be as good, and if not it is fetched when
            // let go.
            if held.place != place || *held.flow != *flow {
                held.again = Some((Arc::new(flow.clone()), now));
            }
            return;
        }
        self.begin_stream(flow, now);
        self.flows.entry(flow.id()).or_insert_with(|| Waiting::new(flow, true)).enter(place);
    }

    /// Whoever begins to wait stands behind those who wait.
    fn begin_stream(&mut self, flow: &Flow, now: Duration) {
        self.turns += 1;
        let turn = Turn { at: now, number: self.turns };
        self.streams.entry((flow.owner.clone(), flow.priority)).or_insert(turn);
    }

    /// A flow of which some wait that are not known yet.
    pub(crate) fn expect(&mut self, flow: &Flow, now: Duration) {
        self.begin_stream(flow, now);
        let waiting = self.flows.entry(flow.id()).or_insert_with(|| Waiting::new(flow, false));
        // What is being fetched begins behind those that are expected.
        waiting.ask_no_more();
        (waiting.is_whole, waiting.seen_to) = (false, None);
    }

    /// The flows of which more have to be fetched, by whoever asks, and behind which place.
    pub(crate) fn hungry(&mut self) -> Vec<(FlowId, Option<Place>)> {
        // Nobody asks before everything came that was asked for, unless it could not be fetched.
        self.flows.values_mut().for_each(Waiting::ask_no_more);
        let is_hungry = |waiting: &Waiting| waiting.heads.is_empty() && !waiting.is_whole;
        let could_go = |waiting: &Waiting| self.obstacle_to(&waiting.flow).is_none();
        let hungry = self.flows.iter().filter(|(_, w)| is_hungry(w) && could_go(w));
        let hungry: Vec<(FlowId, Option<Place>)> = hungry.map(|(id, waiting)| (*id, waiting.seen_to)).collect();
        for (id, _) in &hungry {
            self.flows.get_mut(id).into_iter().for_each(|waiting| waiting.is_asked_for = true);
        }
        hungry
    }

    /// The next of a flow, as they were fetched: `WINDOW` of them, or all.
    pub(crate) fn feed(&mut self, flow: FlowId, places: &[Place]) {
        let Some(waiting) = self.flows.get_mut(&flow).filter(|waiting| waiting.is_asked_for) else { return };
        waiting.is_asked_for = false;
        // Light ones are on their way without that being written down.
        waiting.heads.extend(places.iter().filter(|place| !self.under_way.contains_key(&place.job)));
        waiting.is_whole = places.len() < WINDOW;
        if let Some(last) = places.last().filter(|_| !waiting.is_whole) {
            waiting.seen_to = Some(*last);
            waiting.heads.retain(|place| place <= last);
        }
        self.forget_if_empty(flow);
    }

    /// A job waits no more.
    pub(crate) fn leave(&mut self, flow: FlowId, place: Place) {
        if let Some(waiting) = self.flows.get_mut(&flow) {
            waiting.heads.remove(&place);
        }
        self.forget_if_empty(flow);
    }

    fn forget_if_empty(&mut self, flow: FlowId) {
        let is_over = |waiting: &Waiting| waiting.heads.is_empty() && waiting.is_whole;
        if !self.flows.get(&flow).is_some_and(is_over) {
            return;
        }
        let Some(gone) = self.flows.remove(&flow) else { return };
        let stream = (gone.flow.owner.clone(), gone.flow.priority);
        let is_left = |w: &Waiting| w.flow.owner == stream.0 && w.flow.priority == stream.1;
        if !self.flows.values().any(is_left) {
            self.streams.remove(&stream);
        }
    }

    /// A job is under way.
    pub(crate) fn hold(&mut self, place: Place, flow: Arc<Flow>, machine: MachineId) {
        // Nothing is counted twice.
        self.let_go(place.job);
        *self.owners.entry(flow.owner.clone()).or_default() += 1;
        self.queues.entry(flow.queue.clone()).or_default().held += 1;
        if let Some(key) = &flow.key {
            self.keys.entry(key.clone()).or_default().held += 1;
        }
        let slots = self.machines.entry(machine).or_default();
        match (flow.is_light, &mut slots.light) {
            (true, Some(pulled)) => *pulled = pulled.saturating_sub(1),
            (true, None) => {}
            (false, _) => slots.held += 1,
        }
        self.under_way.insert(place.job, Held { place, flow, machine, again: None });
    }

    /// A job is not under way any more. Gives its flow, if it was.
    pub(crate) fn let_go(&mut self, job: JobId) -> Option<Arc<Flow>> {
        let Held { flow, machine, again, .. } = self.under_way.remove(&job)?;
        if let Some(held) = self.owners.get_mut(&flow.owner) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                self.owners.remove(&flow.owner);
            }
        }
        let queue = self.queues.get_mut(&flow.queue);
        let key = flow.key.as_ref().and_then(|key| self.keys.get_mut(key));
        for gauge in queue.into_iter().chain(key) {
            gauge.held = gauge.held.saturating_sub(1);
        }
        if let Some(slots) = self.machines.get_mut(&machine).filter(|_| !flow.is_light) {
            slots.held = slots.held.saturating_sub(1);
        }
        if let Some((elsewhere, since)) = again {
            self.expect(&elsewhere, since);
        }
        Some(flow)
    }

    /// Whether a job is under way.
    pub(crate) fn is_under_way(&self, job: JobId) -> bool {
        self.under_way.contains_key(&job)
    }

    /// How a machine is now.
    pub(crate) fn set_machine(&mut self, machine: MachineId, labels: Vec<String>, is_ready: bool, most: u32) {
        let slots = self.machines.entry(machine).or_default();
        (slots.labels, slots.is_ready, slots.most) = (labels, is_ready, most);
    }

    /// A machine pulls so many more light jobs.
    pub(crate) fn pull(&mut self, machine: MachineId, count: u32) {
        let light = &mut self.machines.entry(machine).or_default().light;
        *light = Some(light.unwrap_or_default().saturating_add(count));
    }

    /// A machine pulls no light jobs any more.
    pub(crate) fn pull_nothing(&mut self, machine: MachineId) {
        self.machines.entry(machine).or_default().light = None;
    }

    /// The machines that are there and could be given light jobs that wait, but pull none, at most so many: in turn,
    /// since some may never pull.
    pub(crate) fn idle_for_light(&mut self, most: usize) -> Vec<MachineId> {
        let light: Vec<&Flow> =
            self.flows.values().map(|waiting| &*waiting.flow).filter(|flow| flow.is_light).collect();
        if light.is_empty() {
            return vec![];
        }
        let could = |id: MachineId, slots: &Slots| light.iter().any(|flow| slots.could_take(id, flow));
        let behind = self.asked_last.map_or(Bound::Unbounded, Bound::Excluded);
        let others = self.machines.iter().take_while(|(id, _)| Some(**id) <= self.asked_last);
        let round = self.machines.range((behind, Bound::Unbounded)).chain(others);
        let idle = round.filter(|(id, slots)| slots.is_ready && slots.light.is_none() && could(**id, slots));
        let asked: Vec<MachineId> = idle.map(|(id, _)| *id).take(most).collect();
        self.asked_last = asked.last().copied().or(self.asked_last);
        asked
    }

    /// Machines that are not known any more take nothing.
    pub(crate) fn retain_machines(&mut self, is_known: impl Fn(MachineId) -> bool) {
        self.machines.retain(|machine, slots| is_known(*machine) || slots.held > 0);
    }

    /// How a queue is now.
    pub(crate) fn set_queue(&mut self, queue: &str, is_paused: bool, most: Option<u32>) {
        let gauge = self.queues.entry(queue.to_owned()).or_default();
        (gauge.is_paused, gauge.most) = (is_paused, most);
    }

    /// How many with a key may be under way.
    pub(crate) fn set_key(&mut self, key: &str, most: u32) {
        self.keys.entry(key.to_owned()).or_default().most = Some(most);
    }

    /// How much of a queue is taken up.
    pub(crate) fn queue(&self, queue: &str) -> Gauge {
        self.queues.get(queue).copied().unwrap_or_default()
    }

    /// Whether a machine is one of the fleet, as far as the memory goes.
    pub(crate) fn knows(&self, machine: MachineId) -> bool {
        self.machines.contains_key(&machine)
    }

    /// The flows in which some wait for one machine, and for which.
    pub(crate) fn flows_to_machines(&self) -> Vec<(FlowId, MachineId)> {
        let to_machine = |(id, waiting): (&FlowId, &Waiting)| match waiting.flow.target {
            JobTarget::Machine { machine_id } => Some((*id, machine_id)),
            _ => None,
        };
        self.flows.iter().filter_map(to_machine).collect()
    }

    /// A machine, as far as it can take jobs.
    pub(crate) fn machine(&self, machine: MachineId) -> Slots {
        self.machines.get(&machine).cloned().unwrap_or_default()
    }

    /// Those whose turn it is, at most so many. What they take up is taken up.
    pub(crate) fn pick(&mut self, now: Duration, most: usize) -> Vec<Pick> {
        let mut picks = vec![];
        let mut streams = self.streams_that_could_go();
        while picks.len() < most {
            let Some(next) = self.next_stream(&streams, now) else { break };
            let (stream, flows) = &streams[next];
            match self.next_of(flows) {
                Some(pick) => {
                    let waiting = self.flows.get_mut(&pick.flow).map(|waiting| {
                        waiting.heads.remove(&pick.place);
                        waiting.flow.clone()
                    });
                    if self.is_under_way(pick.place.job) {
                        // It came back to its old place and was wanted again at another.
                        self.forget_if_empty(pick.flow);
                        continue;
                    }
                    self.turns += 1;
                    self.streams.insert(stream.clone(), Turn { at: now, number: self.turns });
                    waiting.into_iter().for_each(|flow| self.hold(pick.place, flow, pick.machine));
                    picks.push(pick);
                }
                // What has no room now gets none while others take more.
                None => drop(streams.swap_remove(next)),
            }
        }
        picks.iter().for_each(|pick| self.forget_if_empty(pick.flow));
        picks
    }

    fn streams_that_could_go(&self) -> Vec<(Stream, Vec<FlowId>)> {
        let mut streams: HashMap<Stream, Vec<FlowId>> = HashMap::new();
        for (id, waiting) in &self.flows {
            if !waiting.heads.is_empty() && self.obstacle_to(&waiting.flow).is_none() {
                streams.entry((waiting.flow.owner.clone(), waiting.flow.priority)).or_default().push(*id);
            }
        }
        streams.into_iter().collect()
    }

    fn next_stream(&self, streams: &[(Stream, Vec<FlowId>)], now: Duration) -> Option<usize> {
        let rank = |(owner, priority): &Stream| {
            let turn = self.streams.get(&(owner.clone(), *priority)).copied();
            let turn = turn.unwrap_or(Turn { at: now, number: u64::MAX });
            let steps = now.saturating_sub(turn.at).as_secs() / AGE.as_secs();
            let level = i64::from(*priority) + i64::try_from(steps).unwrap_or(i64::MAX / 2);
            let under_way = self.owners.get(owner).copied().unwrap_or_default();
            (std::cmp::Reverse(level), under_way, turn.number)
        };
        (0..streams.len()).min_by_key(|at| rank(&streams[*at].0))
    }

    /// The first of these flows that may begin, and where.
    fn next_of(&self, flows: &[FlowId]) -> Option<Pick> {
        let mut first: Option<Pick> = None;
        for id in flows {
            let Some(waiting) = self.flows.get(id) else { continue };
            let Some(place) = waiting.heads.first() else { continue };
            if first.as_ref().is_some_and(|first| first.place <= *place) || !self.has_room(&waiting.flow) {
                continue;
            }
            if let Some(machine) = self.free_machine(&waiting.flow) {
                first = Some(Pick { place: *place, flow: *id, machine, is_light: waiting.flow.is_light });
            }
        }
        first
    }

    fn has_room(&self, flow: &Flow) -> bool {
        let key = flow.key.as_ref().and_then(|key| self.keys.get(key));
        self.queue(&flow.queue).has_room() && key.is_none_or(Gauge::has_room)
    }

    /// The machine with the most room.
    fn free_machine(&self, flow: &Flow) -> Option<MachineId> {
        if let JobTarget::Machine { machine_id } = &flow.target {
            return self.machines.get(machine_id).and_then(|slots| slots.room(flow)).map(|_| *machine_id);
        }
        let fitting = self.machines.iter().filter(|(id, slots)| slots.could_take(**id, flow));
        let chunk = if flow.is_light { LIGHT_CHUNK } else { 1 };
        let with_room = fitting.filter_map(|(id, slots)| slots.room(flow).map(|room| (*id, room.div_ceil(chunk))));
        with_room.max_by_key(|(id, room)| (*room, std::cmp::Reverse(*id))).map(|(id, _)| id)
    }

    /// Whether a machine is there that jobs of this flow could be on.
    pub(crate) fn has_machine_for(&self, flow: &Flow) -> bool {
        self.machines.iter().any(|(id, slots)| slots.is_ready && slots.could_take(*id, flow))
    }

    /// Why nothing of this flow could begin now, if that is so.
    pub(crate) fn obstacle_to(&self, flow: &Flow) -> Option<Obstacle> {
        let queue = self.queue(&flow.queue);
        if queue.is_paused {
            return Some(Obstacle::QueuePaused);
        }
        if !queue.has_room() {
            return Some(Obstacle::QueueFull);
        }
        if !self.has_room(flow) {
            return Some(Obstacle::KeyFull);
        }
        if self.free_machine(flow).is_some() {
            return None;
        }
        Some(if self.has_machine_for(flow) { Obstacle::MachinesFull } else { Obstacle::NoMachine })
    }
}

impl Slots {
    /// Whether jobs of this flow could be on this machine.
    fn could_take(&self, id: MachineId, flow: &Flow) -> bool {
        let is_meant = match &flow.target {
            JobTarget::Machine { machine_id } => *machine_id == id,
            JobTarget::Labels { selector } => diwan_fleet::has_labels(&self.labels, selector),
            JobTarget::Any => true,
        };
        is_meant && !flow.avoids.contains(&id)
    }

    /// How many more of these it takes now, if any.
    fn room(&self, flow: &Flow) -> Option<u32> {
        let room = if flow.is_light { self.light.unwrap_or(0) } else { self.most.saturating_sub(self.held) };
        (self.is_ready && room > 0).then_some(room)
    }
}

#[cfg(test)]
mod tests;
