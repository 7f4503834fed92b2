//! Whatever text there is: it is a policy, or it is refused with places, and as a request for a rule as well.
#![no_main]

use diwan_policy::{Policy, RuleRequest, hash_of};
use libfuzzer_sys::fuzz_target;

const HEAD: &str = "version = 1\n[roots.r]\npath = \"/srv\"\n[programs.git]\npath = [\"/usr/bin/git\"]\n";

fuzz_target!(|text: &str| {
    match Policy::load(text) {
        Ok(policy) => assert_eq!(policy.hash(), hash_of(text)),
        Err(faults) => assert!(!faults.0.is_empty() && faults.0.iter().all(|fault| fault.line >= 1 && fault.column >= 1)),
    }
    let request = RuleRequest { text: text.to_owned() };
    if let Ok(wish) = request.judge(HEAD) {
        assert!(wish.text.starts_with(HEAD.trim_end()) && wish.policy.requires_sandbox());
        assert!(!wish.can_be_granted_from_afar() && !wish.names.is_empty());
    }
});
