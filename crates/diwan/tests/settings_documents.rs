//! The documents about settings: those that are committed are the ones that the sections make.

use std::collections::BTreeSet;
use std::path::PathBuf;

use diwan::compose::config::{Config, SECTIONS, reasons};
use diwan::compose::reference::documents;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings")
}

/// To renew the committed ones: `DIWAN_UPDATE_SNAPSHOTS=1 cargo nextest run -p diwan --test settings_documents`.
#[test]
fn the_committed_documents_are_those_that_the_sections_make() {
    let made = documents(&SECTIONS, &reasons());
    if std::env::var_os("DIWAN_UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(folder()).unwrap();
        made.iter().for_each(|(name, text)| std::fs::write(folder().join(name), text).unwrap());
    }
    for (name, text) in &made {
        let kept = std::fs::read_to_string(folder().join(name)).unwrap_or_default();
        let first = text.lines().zip(kept.lines()).position(|(a, b)| a != b);
        assert!(
            *text == kept,
            "docs/settings/{name} is stale (first at line {:?}); renew it with \
DIWAN_UPDATE_SNAPSHOTS=1 cargo nextest run -p diwan --test settings_documents",
            first.map(|n| n + 1)
        );
    }
    let made: BTreeSet<String> = made.into_iter().map(|(name, _)| name).collect();
    let kept: BTreeSet<String> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(kept, made, "a file in docs/settings is made by nobody");
}

#[test]
fn every_page_names_every_setting_of_its_section_and_its_example_is_acceptable() {
    let made = documents(&SECTIONS, &reasons());
    let page = |name: &str| made.iter().find(|(file, _)| file == name).map(|(_, text)| text.as_str()).unwrap();
    let readme = page("README.md");
    for section in SECTIONS.iter() {
        assert!(readme.contains(&format!("[{0}]({0}.md)", section.name)), "{} is not in the list", section.name);
        let text = page(&format!("{}.md", section.name));
        for key in &section.keys {
            assert!(text.contains(&format!("| `{}` | ", key.name)), "{}.{}", section.name, key.name);
        }
        let example = text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("diwan.yaml");
        std::fs::write(&file, example).unwrap();
        let read = Config::load(Some(&file), "/var/lib/diwan", [], []);
        read.unwrap_or_else(|refused| panic!("{refused}: {example}"));
    }
}
