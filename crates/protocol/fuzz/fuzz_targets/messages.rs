//! Whatever comes over the wire is a message or it is none; what is one means the same when it is written again.
#![no_main]

use std::fmt::Debug;

use diwan_protocol::control::{FromBridge, Hello, ToBridge};
use diwan_protocol::join::{JoinAnswer, JoinRequest};
use diwan_protocol::opening::Judge;
use diwan_protocol::run::{FromCommand, ToCommand};
use diwan_protocol::rules::RuleNews;
use diwan_protocol::{Command, Opening, RuleAsk, SignedCommand, SignedRules, decode, encode};
use libfuzzer_sys::fuzz_target;
use minicbor::{Decode, Encode};

fn same_again<T: for<'b> Decode<'b, ()> + Encode<()> + PartialEq + Debug>(bytes: &[u8]) {
    if let Ok(Some(message)) = decode::<T>(bytes) {
        let again = encode(&message);
        assert_eq!(decode::<T>(&again).ok().flatten().as_ref(), Some(&message));
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((kind, bytes)) = input.split_first() else { return };
    match kind % 10 {
        0 => same_again::<Opening>(bytes),
        1 => same_again::<JoinRequest>(bytes),
        2 => same_again::<JoinAnswer>(bytes),
        3 => same_again::<Hello>(bytes),
        4 => same_again::<FromBridge>(bytes),
        5 => same_again::<ToBridge>(bytes),
        6 => same_again::<FromCommand>(bytes),
        7 => same_again::<ToCommand>(bytes),
        8 => same_again::<Command>(bytes),
        _ => {
            same_again::<Judge>(bytes);
            same_again::<SignedCommand>(bytes);
            same_again::<RuleAsk>(bytes);
            same_again::<SignedRules>(bytes);
            same_again::<RuleNews>(bytes);
        }
    }
});
