//! What is accepted and what is refused, and how that is said.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::*;

/// How it shines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Colour {
    #[default]
    Warm,
    Cold,
}

/// Another lamp beside it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Neighbour {
    /// What it is called.
    #[schema(max_length = 8)]
    name: String,
    /// Its key.
    #[serde(default)]
    key: SecretValue,
}

/// A lamp.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Lamp {
    /// How bright.
    #[schema(minimum = 1, maximum = 100)]
    watts: u32,
    /// Where.
    rooms: Vec<String>,
    /// How it shines.
    colour: Colour,
    /// The key.
    key: SecretValue,
    /// The one beside it.
    spare: Option<Neighbour>,
    /// Those around it.
    #[schema(max_items = 3)]
    neighbours: Vec<Neighbour>,
    /// Where it listens.
    #[schema(value_type = Option<String>)]
    listen: Option<std::net::SocketAddr>,
    /// Whether it is on.
    on: bool,
}

impl Default for Lamp {
    fn default() -> Self {
        Self {
            watts: 40,
            rooms: vec![],
            colour: Colour::Warm,
            key: SecretValue::default(),
            spare: None,
            neighbours: vec![],
            listen: None,
            on: false,
        }
    }
}

const TOO_BRIGHT: Phrase = Phrase { code: "too_bright", text: "more than no room needs" };

impl Section for Lamp {
    const NAME: &'static str = "lamp";
    const NEEDS_RESTART: &'static [&'static str] = &["listen"];

    const REASONS: &'static [Phrase] = &[TOO_BRIGHT];

    fn validate(&self) -> Result<(), Wrong> {
        if self.watts > 60 && self.rooms.is_empty() {
            return Err(TOO_BRIGHT.at("watts"));
        }
        let twice = (1..self.neighbours.len()).find(|&at| self.neighbours[at].name == self.neighbours[at - 1].name);
        twice.map_or(Ok(()), |at| Err(TWICE.at(format!("neighbours[{at}].name"))))
    }
}

fn sections() -> [Definition; 1] {
    [Definition::of::<Lamp>()]
}

fn file(text: &str) -> Result<Layers, Refused> {
    let mut layers = Layers::default();
    layers.add_text("lamp.yaml", text)?;
    Ok(layers)
}

fn read(layers: &Layers) -> Result<Lamp, Refused> {
    let sections = sections();
    let mut faults = layers.unknown(&sections);
    match layers.section(&sections[0]) {
        Ok(lamp) if faults.is_empty() => Ok(lamp),
        Ok(_) => Err(Refused(faults)),
        Err(more) => {
            faults.extend(more);
            Err(Refused(faults))
        }
    }
}

/// Every fault of a file, a line each.
fn said(text: &str) -> Vec<String> {
    let faults = file(text).and_then(|layers| read(&layers)).map_or_else(|refused| refused.0, |_| vec![]);
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn stronger_layers_win_and_text_finds_its_type() -> Result<(), Refused> {
    let mut layers = file("lamp:\n  watts: 60\n  key: s3cret\n")?;
    layers.add_environment(
        [
            ("DIWAN_LAMP_WATTS".into(), "55".into()),
            ("DIWAN_LAMP_ROOMS".into(), "hall, attic".into()),
            ("DIWAN_LAMP_ON".into(), "true".into()),
            ("DIWAN_LAMP_NEIGHBOURS".into(), r#"[{"name": "left", "key": "n1ght"}]"#.into()),
        ],
        &sections(),
    );
    let lamp = read(&layers)?;
    assert_eq!((lamp.watts, lamp.rooms.len(), lamp.on), (55, 2, true));
    let SecretValue::Plain(key) = &lamp.key else { panic!("{:?}", lamp.key) };
    assert_eq!(key.expose(), "s3cret");
    assert!(matches!(&lamp.neighbours[0].key, SecretValue::Plain(key) if key.expose() == "n1ght"));
    assert_eq!(layers.source_of("lamp", "watts"), Source::Environment);
    assert_eq!(layers.said_by(Source::File, "lamp", "watts"), Some(&json!(60)));
    Ok(())
}

#[test]
fn another_text_takes_the_place_of_the_file_and_of_nothing_else() -> Result<(), Refused> {
    let mut layers = file("lamp:\n  watts: 60\n  on: true\n")?;
    layers.set("lamp", "colour", json!("cold"), Source::Flag);
    layers.add_text("lamp.yaml", "lamp:\n  watts: 50\n")?;
    let lamp = read(&layers)?;
    assert_eq!((lamp.watts, lamp.on, lamp.colour), (50, false, Colour::Cold));
    // One that is refused changes nothing.
    assert!(layers.add_text("lamp.yaml", "lamp: 7\n").is_err() && layers.add_text("lamp.yaml", "lamp: [").is_err());
    assert_eq!(read(&layers)?.watts, 50);
    Ok(())
}

#[test]
fn whatever_is_wrong_is_named_with_its_line_and_its_reason() {
    for (text, said_of_it) in [
        ("lamp:\n  wats: 60\n", "lamp.wats in line 2 of lamp.yaml is not a setting; did you mean lamp.watts?"),
        (
            "lamp:\n  rooms: []\n\n  wats: 60\n",
            "lamp.wats in line 4 of lamp.yaml is not a setting; did you mean lamp.watts?",
        ),
        (
            "{lamp: {rooms: [],\n wats: 60}}",
            "lamp.wats in line 2 of lamp.yaml is not a setting; did you mean lamp.watts?",
        ),
        (
            "lmap:\n  brightness: 60\n",
            "lmap.brightness in line 2 of lamp.yaml is not a setting; did you mean the section lamp?",
        ),
        ("lmap:\n#  watts: 60\n", "lmap in line 1 of lamp.yaml is not a section; did you mean lamp?"),
        (
            "fantastic:\n  watts: 60\n",
            "fantastic.watts in line 2 of lamp.yaml is not a setting; did you mean lamp.watts?",
        ),
        (
            "lamp:\n  watts: bright\n",
            "lamp.watts in line 2 of lamp.yaml is not acceptable: it must be a whole number from 1 to 100",
        ),
        (
            "lamp:\n  watts: 500\n",
            "lamp.watts in line 2 of lamp.yaml is not acceptable: it must be a whole number from 1 to 100",
        ),
        (
            "lamp:\n  watts: 1.5\n",
            "lamp.watts in line 2 of lamp.yaml is not acceptable: it must be a whole number from 1 to 100",
        ),
        ("lamp:\n  watts: 70\n", "lamp.watts in line 2 of lamp.yaml is not acceptable: more than no room needs"),
        ("lamp:\n  on: 1\n", "lamp.on in line 2 of lamp.yaml is not acceptable: it must be true or false"),
        ("lamp:\n  rooms: hall\n", "lamp.rooms in line 2 of lamp.yaml is not acceptable: it must be a list"),
        (
            "lamp:\n  rooms:\n    - hall\n    - 7\n",
            "lamp.rooms[1] in line 4 of lamp.yaml is not acceptable: it must be a text; put it in quotes",
        ),
        ("lamp:\n  rooms: [[a]]\n", "lamp.rooms[0] in line 2 of lamp.yaml is not acceptable: it must be a text"),
        (
            "lamp:\n  colour: wram\n",
            "lamp.colour in line 2 of lamp.yaml is not acceptable: it must be warm or cold; did you mean warm?",
        ),
        (
            "lamp:\n  listen: here\n",
            "lamp.listen in line 2 of lamp.yaml is not acceptable: it must be an address and a port, like 127.0.0.1:7400",
        ),
        ("lamp:\n  spare: 7\n", "lamp.spare in line 2 of lamp.yaml is not acceptable: it must have keys below it"),
        ("lamp:\n  spare:\n    key: x\n", "lamp.spare in line 2 of lamp.yaml is not acceptable: it lacks `name`"),
        (
            "lamp:\n  neighbours:\n    - name: a\n      kye: b\n",
            "lamp.neighbours[0].kye in line 4 of lamp.yaml is not a setting; did you mean lamp.neighbours[0].key?",
        ),
        (
            "lamp:\n  neighbours:\n    - name: a\n    - key: b\n",
            "lamp.neighbours[1] in line 4 of lamp.yaml is not acceptable: it lacks `name`",
        ),
        (
            "lamp:\n  neighbours:\n    - name: abcdefghi\n",
            "lamp.neighbours[0].name in line 3 of lamp.yaml is not acceptable: it must not be longer than 8 characters",
        ),
        (
            "lamp:\n  neighbours: [{name: a}, {name: b}, {name: c}, {name: d}]\n",
            "lamp.neighbours in line 2 of lamp.yaml is not acceptable: it must not have more than 3 entries",
        ),
        (
            "lamp:\n  neighbours:\n    - name: a\n    - key: x\n      name: a\n",
            "lamp.neighbours[1].name in line 5 of lamp.yaml is not acceptable: another entry has the same",
        ),
        (
            "lamp:\n  key: 'vault:'\n",
            "lamp.key in line 2 of lamp.yaml is not acceptable: after `vault:` stands the name of a secret, like vault:mail/password",
        ),
        (
            "lamp:\n  key: vault:Mail//x\n",
            "lamp.key in line 2 of lamp.yaml is not acceptable: after `vault:` stands the name of a secret, like vault:mail/password",
        ),
        (
            "lamp:\n  key: •••\n",
            "lamp.key in line 2 of lamp.yaml is not acceptable: these dots only stand for a secret; write the secret itself, or where it is kept, like vault:mail/password",
        ),
        (
            "lamp:\n  watts: 1\n  watts: 2\n",
            "the configuration file lamp.yaml is not valid in line 3: duplicate mapping key: watts",
        ),
        (
            "lamp: 7\n",
            "the configuration file lamp.yaml is not valid in line 1: `lamp` must be a section with keys below it",
        ),
        (
            "- lamp\n",
            "the configuration file lamp.yaml is not valid in line 1: it must be sections with their settings below them",
        ),
        (
            "lamp:\n\twatts: 1\n",
            "the configuration file lamp.yaml is not valid in line 2: a tab stands where spaces must be",
        ),
    ] {
        assert_eq!(said(text), [said_of_it], "{text}");
    }
    for text in ["lamp:\n watts: [\n", "7\n", "lamp: {}\n---\nlamp: {}\n", "lamp: &a\n  on: *b\n"] {
        let said = said(text);
        assert!(
            said.len() == 1 && said[0].starts_with("the configuration file lamp.yaml is not valid"),
            "{text:?}: {said:?}"
        );
        assert!(!said[0].contains("error:") && !said[0].contains("DuplicateKeyPolicy"), "{said:?}");
    }
}

#[test]
fn what_libraries_say_to_programmers_is_said_to_people() {
    let long = format!("lamp:\n  rooms: [{}]\n", "a,".repeat(250_001));
    for (text, why) in
        [(long.as_str(), "it holds more than any configuration needs"), ("~: 1\n", "a key must be a name")]
    {
        let said = said(text);
        assert!(said.len() == 1 && said[0].ends_with(why), "{said:?}");
    }
    let refused = text_of("lamp.yaml", b"lamp:\n  rooms: \xff\n".to_vec()).unwrap_err();
    let said = "the configuration file lamp.yaml is not valid in line 2: it is not text (UTF-8)";
    assert_eq!((refused.to_string().as_str(), refused.0[0].column), (said, Some(10)));
}

#[test]
fn all_faults_are_told_at_once() {
    let said = said("lamp:\n  watts: 500\n  on: maybe\n  wats: 1\nlmap:\n  on: true\n");
    assert_eq!(said.len(), 4, "{said:?}");
    let refused = file("lamp:\n  watts: 500\n  on: maybe\n").and_then(|layers| read(&layers)).unwrap_err();
    assert!(refused.to_string().ends_with("(and one more fault)"), "{refused}");
}

#[test]
fn a_section_without_keys_and_an_empty_variable_set_nothing() -> Result<(), Refused> {
    let mut layers = file("lamp:\n#  watts: 60\n")?;
    layers.add_environment([("DIWAN_LAMP_WATTS".into(), String::new())], &sections());
    assert_eq!(read(&layers)?.watts, 40);
    assert_eq!(layers.source_of("lamp", "watts"), Source::Default);
    for nothing in ["", "# only words\n", "---\n", "---\n# words\n"] {
        assert!(file(nothing).is_ok_and(|layers| read(&layers).is_ok()), "{nothing:?}");
    }
    Ok(())
}

#[test]
fn a_secret_that_does_not_fit_is_named_and_not_repeated() {
    for text in ["lamp:\n  key: 7654321\n", "lamp:\n  key: [7654321]\n", "lamp:\n  spare: {name: a, key: 7654321}\n"] {
        let said = said(text);
        assert!(said.len() == 1 && said[0].contains("key in line") && !said[0].contains("7654321"), "{said:?}");
    }
    let mut layers = Layers::default();
    layers
        .add_environment([("DIWAN_LAMP_NEIGHBOURS".into(), r#"[{"name": "a", "key": 7654321}]"#.into())], &sections());
    let said = read(&layers).unwrap_err().to_string();
    assert!(said.starts_with("lamp.neighbours") && !said.contains("7654321"), "{said}");
}

#[test]
fn a_secret_shows_where_it_is_kept_and_never_what_it_is() -> Result<(), Refused> {
    let shown = |text: &str| -> Result<Value, Refused> {
        Ok(serde_json::to_value(read(&file(text)?)?.key).unwrap_or_default())
    };
    assert_eq!(shown("lamp:\n  key: vault:lamps/one\n")?, json!("vault:lamps/one"));
    assert_eq!(shown("lamp:\n  key: s3cret\n")?, json!(crate::redact::REDACTED));
    assert_eq!(shown("lamp:\n  on: true\n")?, json!(""));
    Ok(())
}

#[test]
fn the_definition_says_what_the_type_says() {
    let lamp = Definition::of::<Lamp>();
    assert_eq!(lamp.about, "A lamp.");
    let names: Vec<_> = lamp.keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(names, ["watts", "rooms", "colour", "key", "spare", "neighbours", "listen", "on"]);
    let watts = lamp.key("watts").unwrap();
    assert_eq!((watts.about.as_str(), &watts.default, watts.needs_restart), ("How bright.", &json!(40), false));
    assert_eq!((&watts.schema["minimum"], &watts.schema["maximum"]), (&json!(1), &json!(100)));
    assert!(lamp.key("listen").unwrap().needs_restart && lamp.key("key").unwrap().is_secret());
    assert_eq!(lamp.key("colour").unwrap().schema["enum"], json!(["warm", "cold"]));
    assert_eq!(lamp.key("spare").unwrap().schema["type"], json!(["object", "null"]));
    assert_eq!(lamp.key("neighbours").unwrap().schema["items"]["properties"]["key"]["format"], json!(SECRET));
    assert_eq!(schema_of(&[lamp])["properties"]["lamp"]["additionalProperties"], json!(false));
}

#[tokio::test]
async fn whoever_holds_a_section_sees_the_next_one() {
    let publisher = Publisher::new(1);
    let mut live = publisher.live();
    assert_eq!(*live.get(), 1);
    publisher.publish(2);
    assert_eq!((*live.changed().await, *live.get()), (2, 2));
}

#[test]
fn secrets_inside_values_are_hidden_found_and_put_back() {
    let lamp = Definition::of::<Lamp>();
    let key = lamp.key("neighbours").unwrap();
    let value = json!([{"name": "a", "key": "one"}, {"name": "b", "key": "vault:lamps/b"}, {"name": "c", "key": ""}]);
    let hidden = masked(&key.schema, &value);
    assert_eq!(hidden[0]["key"], json!(crate::redact::REDACTED));
    assert_eq!((&hidden[1]["key"], &hidden[2]["key"]), (&json!("vault:lamps/b"), &json!("")));
    let plain = plain_secrets(&key.schema, &value, "lamp.neighbours");
    assert_eq!(plain.len(), 1);
    assert_eq!((plain[0].path.as_str(), plain[0].name.as_str()), ("lamp.neighbours[0].key", "lamp.neighbours[a].key"));
    assert_eq!(references(&key.schema, &value), ["lamps/b"]);
    // What is sent back hidden keeps its secret, even when the entries changed places.
    let moved = json!([hidden[1], hidden[0], {"name": "new", "key": crate::redact::REDACTED}]);
    let back = unmasked(&key.schema, moved, &value);
    assert_eq!((&back[1]["key"], &back[0]["key"]), (&json!("one"), &json!("vault:lamps/b")));
    assert_eq!(back[2]["key"], json!(crate::redact::REDACTED), "there is nothing that these dots stand for");
    let mut value = value;
    let before = replace_secret(&key.schema, &mut value, "lamp.neighbours", "lamp.neighbours[0].key", "vault:lamps/a");
    assert_eq!((before.as_deref(), &value[0]["key"]), (Some("one"), &json!("vault:lamps/a")));
}

#[test]
fn a_reason_has_a_code_and_what_belongs_in_its_sentence() {
    let fault = |text: &str| file(text).and_then(|layers| read(&layers)).unwrap_err().0.remove(0);
    let told = |text: &str| (fault(text).code, fault(text).params.into_values().collect::<Vec<_>>().join(" "));
    assert_eq!(told("lamp:\n  watts: 500\n"), ("range", "1 100".to_owned()));
    assert_eq!(told("lamp:\n  colour: wram\n"), ("one_of", "warm, cold".to_owned()));
    assert_eq!(told("lamp:\n  spare: {key: x}\n"), ("lacks", "name".to_owned()));
    assert_eq!(told("lamp:\n  watts: 70\n"), ("too_bright", String::new()));
    assert_eq!(told("lamp:\n  watts: 1\n  watts: 2\n"), ("duplicate", "watts".to_owned()));
    let mut codes: Vec<_> = REASONS.iter().map(|phrase| phrase.code).collect();
    codes.dedup();
    assert_eq!(codes.len(), REASONS.len());
}
