//! In which line each value of a YAML text stands.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// Line and column, counted from one.
pub(super) type Place = (u64, u64);

/// Where each value is, by its path (`oidc.providers[0].issuer`); nothing for a text that is not YAML.
pub(super) fn places(text: &str) -> BTreeMap<String, Place> {
    let mut places = BTreeMap::new();
    if let Ok(root) = serde_saphyr::from_str::<Node>(text) {
        root.collect("", &mut places);
    }
    places
}

enum Node {
    Map(Vec<(String, Place, Node)>),
    List(Vec<(Place, Node)>),
    Leaf,
}

impl Node {
    fn collect(self, path: &str, places: &mut BTreeMap<String, Place>) {
        match self {
            Self::Map(entries) => {
                for (key, place, node) in entries {
                    let at = if path.is_empty() { key } else { format!("{path}.{key}") };
                    node.collect(&at, places);
                    places.insert(at, place);
                }
            }
            Self::List(items) => {
                for (at, (place, node)) in items.into_iter().enumerate() {
                    let at = format!("{path}[{at}]");
                    node.collect(&at, places);
                    places.insert(at, place);
                }
            }
            Self::Leaf => {}
        }
    }
}

fn place<T>(at: &Spanned<T>) -> Place {
    (at.defined.line(), at.defined.column())
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNode)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = vec![];
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let (place, value) = (place(&key), map.next_value::<Node>()?);
            entries.push((key.value, place, value));
        }
        Ok(Node::Map(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = vec![];
        while let Some(item) = seq.next_element::<Spanned<Node>>()? {
            items.push((place(&item), item.value));
        }
        Ok(Node::List(items))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Node::Leaf)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }
}
