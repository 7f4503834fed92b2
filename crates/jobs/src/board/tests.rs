//! Who goes next.

mod fetching;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use diwan_fleet::MachineId;
use diwan_kernel::Timestamp;
use proptest::prelude::*;

use super::{AGE, Board, Obstacle, Pick, WINDOW};
use crate::flow::{Flow, Place};
use crate::id::JobId;
use crate::spec::JobTarget;

fn flow(owner: &str, priority: i32) -> Flow {
    Flow {
        queue: "default".into(),
        target: JobTarget::Any,
        avoids: BTreeSet::new(),
        key: None,
        owner: owner.into(),
        priority,
        is_light: false,
    }
}

fn place(number: u128) -> Place {
    Place { ready_at: Timestamp::from_millis(1_000_000), job: JobId::from_bits(number) }
}

fn machine(number: u128) -> MachineId {
    MachineId::from_bits(number)
}

/// A board with one machine that takes so many.
fn board(most: u32) -> Board {
    let mut board = Board::default();
    board.set_machine(machine(1), vec!["env=prod".into(), "gpu".into()], true, most);
    board
}

fn order(board: &mut Board, now: Duration) -> Vec<u128> {
    let mut order = vec![];
    loop {
        let picks = board.pick(now, 1);
        let [Pick { place, .. }] = &picks[..] else { return order };
        order.push(place.job.bits());
        board.let_go(place.job);
    }
}

const NOW: Duration = Duration::from_secs(1000);

#[test]
fn a_higher_priority_goes_first_and_within_one_whoever_was_ready_first() {
    let mut board = board(1);
    for (number, priority) in [(1, 0), (2, 5), (3, -3), (4, 5), (5, 0)] {
        board.enter(&flow("amina", priority), place(number), NOW);
    }
    assert_eq!(order(&mut board, NOW), [2, 4, 1, 5, 3]);
}

#[test]
fn people_take_turns_however_much_one_of_them_has_waiting() {
    let mut board = board(1);
    (1..=100).for_each(|number| board.enter(&flow("amina", 0), place(number), NOW));
    (201..=203).for_each(|number| board.enter(&flow("omar", 0), place(number), NOW));
    let mut first = vec![];
    for second in 0..6 {
        let picks = board.pick(NOW + Duration::from_secs(second), 1);
        first.push(picks[0].place.job.bits());
        board.let_go(picks[0].place.job);
    }
    assert_eq!(first.iter().filter(|number| **number > 200).count(), 3, "{first:?}");
}

#[test]
fn the_person_with_fewer_jobs_under_way_goes_first() {
    let mut board = board(10);
    (1..=6).for_each(|number| board.enter(&flow("amina", 0), place(number), NOW));
    assert_eq!(board.pick(NOW, 4).len(), 4);
    board.enter(&flow("omar", 0), place(9), NOW);
    board.enter(&flow("omar", 0), place(10), NOW);
    let next: Vec<u128> = board.pick(NOW, 2).iter().map(|pick| pick.place.job.bits()).collect();
    assert_eq!(next, [9, 10]);
}

#[test]
fn what_waits_long_enough_goes_before_what_is_more_urgent() {
    let mut board = board(1);
    board.enter(&flow("amina", 0), place(1), NOW);
    (10..20).for_each(|number| board.enter(&flow("omar", 2), place(number), NOW));
    let mut now = NOW;
    for _ in 0..4 {
        let picks = board.pick(now, 1);
        assert!(picks[0].place.job.bits() >= 10);
        board.let_go(picks[0].place.job);
        now += AGE / 2;
    }
    // Two steps later it is as urgent, and its turn is longest ago.
    now = NOW + AGE * 3;
    let picks = board.pick(now, 1);
    assert_eq!(picks[0].place.job.bits(), 1);
}

#[test]
fn a_key_a_queue_and_a_machine_take_no_more_than_they_may() {
    let mut board = board(3);
    let keyed = Flow { key: Some("deploy".into()), ..flow("amina", 9) };
    (1..=5).for_each(|number| board.enter(&keyed, place(number), NOW));
    (11..=15).for_each(|number| board.enter(&flow("amina", 0), place(number), NOW));
    board.set_key("deploy", 1);
    let picks = board.pick(NOW, 10);
    assert_eq!(picks.iter().map(|pick| pick.place.job.bits()).collect::<Vec<_>>(), [1, 11, 12]);
    assert_eq!(board.obstacle_to(&keyed), Some(Obstacle::KeyFull));
    assert_eq!(board.obstacle_to(&flow("amina", 0)), Some(Obstacle::MachinesFull));
    board.set_machine(machine(1), vec![], true, 10);
    board.set_queue("default", false, Some(4));
    assert_eq!(board.pick(NOW, 10).len(), 1);
    assert_eq!(board.obstacle_to(&flow("omar", 0)), Some(Obstacle::QueueFull));
    board.set_queue("default", true, None);
    assert_eq!((board.pick(NOW, 10).len(), board.obstacle_to(&keyed)), (0, Some(Obstacle::QueuePaused)));
}

#[test]
fn a_job_goes_only_where_it_is_for() {
    let mut board = board(5);
    board.set_machine(machine(2), vec!["env=test".into()], true, 5);
    board.set_machine(machine(3), vec!["env=prod".into()], false, 5);
    let to = |target| Flow { target, ..flow("amina", 0) };
    let prod = to(JobTarget::Labels { selector: "env=prod".into() });
    let both = to(JobTarget::Labels { selector: "env=test,gpu".into() });
    let away = to(JobTarget::Machine { machine_id: machine(3) });
    board.enter(&prod, place(1), NOW);
    board.enter(&both, place(2), NOW);
    board.enter(&away, place(3), NOW);
    let picks = board.pick(NOW, 9);
    assert_eq!(picks.iter().map(|pick| (pick.place.job.bits(), pick.machine)).collect::<Vec<_>>(), [(1, machine(1))]);
    assert_eq!(
        (board.obstacle_to(&both), board.obstacle_to(&away)),
        (Some(Obstacle::NoMachine), Some(Obstacle::NoMachine))
    );
    board.set_machine(machine(3), vec!["env=prod".into()], true, 5);
    assert_eq!(board.pick(NOW, 9)[0].machine, machine(3));
}

#[test]
fn of_many_only_the_first_are_looked_at_and_the_others_are_fetched() {
    let mut board = board(1);
    let all: Vec<Place> = (1..=2 * WINDOW as u128 + 100).map(place).collect();
    all.iter().for_each(|place| board.enter(&flow("amina", 0), *place, NOW));
    let mut seen = vec![];
    loop {
        let picks = board.pick(NOW, 1);
        if let [pick] = &picks[..] {
            seen.push(pick.place);
            board.let_go(pick.place.job);
            continue;
        }
        let hungry = board.hungry();
        let [(id, behind)] = hungry[..] else { break };
        assert_eq!(behind, Some(all[2 * WINDOW - 1]), "it is fetched from where the memory ends");
        board.feed(id, &all[2 * WINDOW..]);
    }
    assert_eq!(seen, all);
}

#[test]
fn light_jobs_go_where_they_are_pulled_and_take_up_no_slot() {
    let mut board = board(1);
    let light = Flow { is_light: true, ..flow("amina", 0) };
    (1..=5).for_each(|number| board.enter(&light, place(number), NOW));
    board.enter(&flow("amina", 0), place(9), NOW);
    assert_eq!((board.obstacle_to(&light), board.idle_for_light(4)), (Some(Obstacle::MachinesFull), vec![machine(1)]));
    board.pull(machine(1), 3);
    let picks: Vec<u128> = board.pick(NOW, 10).iter().map(|pick| pick.place.job.bits()).collect();
    assert_eq!(picks, [1, 2, 3, 9]);
    board.let_go(JobId::from_bits(1));
    assert!(board.pick(NOW, 10).is_empty(), "no more than were pulled");
    board.pull(machine(1), 1);
    assert_eq!(board.pick(NOW, 10)[0].place.job.bits(), 4);
    board.pull_nothing(machine(1));
    assert_eq!((board.pick(NOW, 10).len(), board.idle_for_light(4)), (0, vec![machine(1)]));
}

#[test]
fn light_jobs_go_to_a_machine_in_chunks() {
    let mut board = board(1);
    board.set_machine(machine(2), vec![], true, 1);
    let light = Flow { is_light: true, ..flow("amina", 0) };
    (1..=600).for_each(|number| board.enter(&light, place(number), NOW));
    [1, 2].map(machine).into_iter().for_each(|one| board.pull(one, 1024));
    let went: Vec<u128> = board.pick(NOW, 600).iter().map(|pick| pick.machine.bits()).collect();
    let chunks: Vec<(u128, usize)> = went.chunk_by(|a, b| a == b).map(|chunk| (chunk[0], chunk.len())).collect();
    assert_eq!(chunks, [(1, 256), (2, 256), (1, 88)]);
}

#[test]
fn machines_that_never_pull_keep_no_other_from_being_asked() {
    let mut board = board(1);
    [2, 3].map(machine).into_iter().for_each(|one| board.set_machine(one, vec![], true, 1));
    board.enter(&Flow { is_light: true, ..flow("amina", 0) }, place(1), NOW);
    let asked = [(); 3].map(|()| board.idle_for_light(2));
    assert_eq!(asked, [[1, 2], [3, 1], [2, 3]].map(|both| both.map(machine).to_vec()));
}

#[test]
fn a_light_one_that_is_wanted_again_while_a_machine_has_it_is_not_given_to_another() {
    let mut board = board(1);
    let light = Flow { is_light: true, ..flow("amina", 0) };
    board.pull(machine(1), 9);
    board.enter(&light, place(1), NOW);
    assert_eq!(board.pick(NOW, 9).len(), 1);
    board.enter(&light, place(1), NOW);
    assert!(board.pick(NOW, 9).is_empty());
    // The machine is gone: now it waits again.
    board.let_go(JobId::from_bits(1));
    board.enter(&light, place(1), NOW);
    // On that machine it had been called off, and it is wanted again at another place.
    board.enter(&light, Place { ready_at: Timestamp::from_millis(2_000_000), ..place(1) }, NOW);
    assert_eq!(board.pick(NOW, 9).len(), 1);
    assert!(board.pick(NOW, 9).is_empty(), "it is not given away twice");
    board.let_go(JobId::from_bits(1));
    assert_eq!(board.queue("default").held, 0);
}

#[test]
fn what_is_expected_is_fetched_however_many_come_before_it() {
    let mut board = board(u32::MAX);
    let all: Vec<Place> = (1..=2 * WINDOW as u128).map(|number| place(2 * number)).collect();
    all.iter().for_each(|place| board.enter(&flow("amina", 0), *place, NOW));
    board.expect(&flow("amina", 0), NOW);
    board.enter(&flow("amina", 0), place(3), NOW);
    let picks: Vec<Place> = board.pick(NOW, 2 * WINDOW).iter().map(|pick| pick.place).collect();
    assert_eq!((picks.len(), picks[1]), (2 * WINDOW, place(3)), "who comes before others goes before them");
    assert_eq!(board.hungry(), [(flow("amina", 0).id(), None)]);
}

#[test]
fn one_that_comes_while_others_are_fetched_is_not_forgotten() {
    let mut board = board(9);
    board.expect(&flow("amina", 0), NOW);
    let hungry = board.hungry();
    // It is written down after the others were read, and told before they are here.
    board.enter(&flow("amina", 0), place(7), NOW);
    board.feed(hungry[0].0, &[place(1)]);
    let picks: Vec<Place> = board.pick(NOW, 9).iter().map(|pick| pick.place).collect();
    assert_eq!(picks, [place(1), place(7)]);
    assert!(board.hungry().is_empty());
}

#[derive(Debug, Clone)]
enum Step {
    Enter { owner: u8, priority: i8, key: Option<u8>, target: u8 },
    Pick(u8),
    End(usize),
    Wait(u16),
    Machine { number: u8, is_ready: bool, most: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..4, -2i8..3, prop::option::of(0u8..2), 0u8..4)
            .prop_map(|(owner, priority, key, target)| Step::Enter { owner, priority, key, target }),
        3 => (1u8..6).prop_map(Step::Pick),
        3 => any::<usize>().prop_map(Step::End),
        1 => (0u16..900).prop_map(Step::Wait),
        1 => (1u8..3, any::<bool>(), 0u8..4).prop_map(|(number, is_ready, most)| Step::Machine { number, is_ready, most }),
    ]
}

proptest! {
    /// Whatever happens: no limit is exceeded, nothing goes where it is not for, nothing is given away twice, whoever
    /// goes is the most urgent who could go, and when everything may go everything goes.
    #[test]
    fn the_rules_hold_whatever_happens(steps in prop::collection::vec(step(), 1..150)) {
        let (mut board, mut now, mut next) = (Board::default(), NOW, 0u128);
        let mut waiting: BTreeMap<u128, Flow> = BTreeMap::new();
        let mut under_way: Vec<(u128, Flow, MachineId)> = vec![];
        let mut machines: HashMap<MachineId, (bool, u32)> = HashMap::new();
        board.set_key("k0", 1);
        board.set_key("k1", 2);
        for step in steps {
            match step {
                Step::Enter { owner, priority, key, target } => {
                    next += 1;
                    let target = match target {
                        0 => JobTarget::Machine { machine_id: machine(1) },
                        1 => JobTarget::Labels { selector: "m=2".into() },
                        _ => JobTarget::Any,
                    };
                    let key = key.map(|key| format!("k{key}"));
                    let flow = Flow { target, key, ..flow(&format!("u{owner}"), priority.into()) };
                    board.enter(&flow, place(next), now);
                    waiting.insert(next, flow);
                }
                Step::Pick(most) => for pick in board.pick(now, most.into()) {
                    let number = pick.place.job.bits();
                    let flow = waiting.remove(&number);
                    prop_assert!(flow.is_some(), "given away twice");
                    let flow = flow.expect("just looked");
                    let fits = match &flow.target {
                        JobTarget::Machine { machine_id } => *machine_id == pick.machine,
                        JobTarget::Labels { .. } => pick.machine == machine(2),
                        JobTarget::Any => true,
                    };
                    prop_assert!(fits, "{flow:?} went to {}", pick.machine);
                    under_way.push((number, flow, pick.machine));
                    let of_machine = under_way.iter().filter(|(_, _, on)| *on == pick.machine).count();
                    let (is_ready, limit) = machines.get(&pick.machine).copied().unwrap_or_default();
                    prop_assert!(is_ready && of_machine <= limit as usize, "more than the machine takes");
                    for (key, limit) in [("k0", 1), ("k1", 2)] {
                        let held = under_way.iter().filter(|(_, flow, _)| flow.key.as_deref() == Some(key)).count();
                        prop_assert!(held <= limit, "more with {key} than may be");
                    }
                    // Of one flow, whoever was ready first goes first.
                    let overtaken = under_way.last().is_some_and(|(number, flow, _)| {
                        waiting.iter().any(|(other, of)| of == flow && other < number)
                    });
                    prop_assert!(!overtaken);
                },
                Step::End(which) if !under_way.is_empty() => {
                    let (number, ..) = under_way.swap_remove(which % under_way.len());
                    board.let_go(JobId::from_bits(number));
                }
                Step::End(_) => {}
                Step::Wait(seconds) => now += Duration::from_secs(seconds.into()),
                Step::Machine { number, is_ready, most } => {
                    let labels = vec![format!("m={number}")];
                    board.set_machine(machine(number.into()), labels, is_ready, most.into());
                    machines.insert(machine(number.into()), (is_ready, most.into()));
                }
            }
        }
        // With room for all, nothing is left behind.
        for number in 1..3u8 {
            board.set_machine(machine(number.into()), vec![format!("m={number}")], true, 1000);
        }
        under_way.iter().for_each(|(number, ..)| drop(board.let_go(JobId::from_bits(*number))));
        let mut left = waiting.len();
        while left > 0 {
            let picks = board.pick(now, 1);
            prop_assert_eq!(picks.len(), 1, "nothing goes although {} wait", left);
            board.let_go(picks[0].place.job);
            left -= 1;
        }
        prop_assert!(board.pick(now, 1).is_empty());
    }

    /// However urgent others keep coming, everything that waits has its turn in a time that follows from the rules.
    #[test]
    fn nothing_starves(low in -10i32..0, high in 0i32..=10, others in 1u8..4) {
        let (mut board, mut now, mut next) = (board(1), NOW, 100u128);
        board.enter(&flow("patient", low), place(1), now);
        let steps = u32::try_from(high - low).expect("a small number") + 1;
        let until = now + AGE * (steps + u32::from(others) + 1);
        loop {
            for owner in 0..others {
                next += 1;
                board.enter(&flow(&format!("urgent{owner}"), high), place(next), now);
            }
            let picks = board.pick(now, 1);
            let picked = picks[0].place.job;
            board.let_go(picked);
            if picked.bits() == 1 {
                break;
            }
            now += AGE / 4;
            prop_assert!(now <= until, "it never had its turn");
        }
    }
}
