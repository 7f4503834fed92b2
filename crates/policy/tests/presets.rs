//! The policies to begin with.

use std::path::Path;

use diwan_policy::{Policy, Preset};

#[test]
fn every_preset_is_a_policy_without_faults() {
    for name in Preset::names() {
        let text = Preset::named(name).unwrap().text(Path::new("/srv/projects"));
        let policy = Policy::load(&text).unwrap_or_else(|faults| panic!("{name}:\n{faults}"));
        assert!(policy.requires_sandbox() && !policy.takes_remote_approvals(), "{name}");
    }
    assert_eq!(Preset::named("none"), None);
}

#[test]
fn a_root_with_odd_letters_in_its_name_stays_a_text() {
    let text = Preset::Standard.text(Path::new("/srv/a\"b\\c"));
    Policy::load(&text).unwrap();
}
