//! Time zones, by their names in the IANA database. The system's copy is asked first, since rules change more often
//! than programs do; the one in the program is there for systems that have none, or lack old names.

use std::fmt;

use diwan_kernel::config::nearest;
use jiff::tz::{self, TimeZone, TimeZoneDatabase};

use super::fault::quoted;

/// A time zone that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    name: String,
    rules: TimeZone,
}

/// There is no time zone of this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ZoneFault {
    /// What was written, quoted and cut.
    name: String,
    /// Names that may have been meant, the likeliest first.
    pub(crate) near: Vec<String>,
}

/// More than any name has.
const LONGEST: usize = 64;

/// Names that mean something else on every machine, or nothing.
const NO_ZONES: &[&str] = &["factory", "localtime", "posixrules", "etc/unknown"];

impl Zone {
    /// Finds a time zone by its name, in capitals or not.
    ///
    /// # Errors
    /// When there is none of this name.
    pub(crate) fn parse(name: &str) -> Result<Self, ZoneFault> {
        let fault = || ZoneFault { name: quoted(name), near: near(name) };
        if name.len() > LONGEST || NO_ZONES.iter().any(|none| none.eq_ignore_ascii_case(name)) {
            return Err(fault());
        }
        let found = tz::db().get(name).or_else(|_| TimeZoneDatabase::bundled().get(name));
        let rules = found.map_err(|_| fault())?;
        let name = rules.iana_name().ok_or_else(fault)?.to_owned();
        Ok(Self { name, rules })
    }

    /// When its clocks are changed, and what they show.
    pub(super) fn rules(&self) -> &TimeZone {
        &self.rules
    }
}

/// Its name, as the database writes it.
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Display for ZoneFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "There is no time zone {}. ", self.name)?;
        match self.near.as_slice() {
            [] => f.write_str("Time zones have names such as Europe/Berlin, Asia/Riyadh or UTC."),
            near => write!(f, "Did you mean {}?", near.join(" or ")),
        }
    }
}

impl std::error::Error for ZoneFault {}

/// Every name that there is, without those whose signs are turned around (`Etc/GMT+3` is behind Greenwich).
fn names() -> Vec<String> {
    let bundled = TimeZoneDatabase::bundled();
    let names = tz::db().available().chain(bundled.available()).map(|name| name.as_str().to_owned());
    let is_meant = |name: &String| !name.starts_with("Etc/") && !NO_ZONES.contains(&name.to_lowercase().as_str());
    let mut names: Vec<_> = names.filter(is_meant).collect();
    // Names of a place before old names without one, such as Egypt or EST.
    names.sort_unstable_by_key(|name| (!name.contains('/'), name.clone()));
    names.dedup();
    names
}

/// The city, or what comes last.
fn city(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Names that may have been meant: those of this city, and what differs in few letters.
fn near(name: &str) -> Vec<String> {
    const MOST: usize = 3;
    if name.is_empty() || name.len() > LONGEST {
        return vec![];
    }
    let names = names();
    let wanted = name.trim().replace([' ', '-'], "_");
    let of_city = |city_wanted: &str| {
        let is_there = |name: &&String| city(name).eq_ignore_ascii_case(city_wanted);
        names.iter().filter(is_there).cloned().collect::<Vec<_>>()
    };
    let mut near = of_city(city(&wanted));
    near.extend(nearest(&wanted, names.iter().cloned()));
    if near.is_empty() {
        let cities = names.iter().map(|name| city(name).to_owned());
        near = nearest(city(&wanted), cities).map(|city| of_city(&city)).unwrap_or_default();
    }
    let mut seen = std::collections::HashSet::new();
    near.retain(|name| seen.insert(name.clone()));
    near.truncate(MOST);
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near_to(name: &str) -> Vec<String> {
        Zone::parse(name).unwrap_err().near
    }

    #[test]
    fn zones_are_found_by_their_names() {
        for name in ["Europe/Berlin", "Asia/Riyadh", "Australia/Lord_Howe", "UTC", "Etc/GMT-3", "US/Eastern"] {
            assert_eq!(Zone::parse(name).unwrap().to_string(), name);
        }
        assert_eq!(Zone::parse("europe/BERLIN").unwrap().to_string(), "Europe/Berlin");
    }

    #[test]
    fn what_is_no_zone_is_refused_with_what_may_have_been_meant() {
        assert_eq!(near_to("Berlin"), ["Europe/Berlin"]);
        assert_eq!(near_to("Europe/Berln"), ["Europe/Berlin"]);
        assert_eq!(near_to("Riyad"), ["Asia/Riyadh"]);
        assert_eq!(near_to("New York"), ["America/New_York"]);
        assert_eq!(near_to("Asia/Cairo"), ["Africa/Cairo"]);
        assert!(near_to("").is_empty() && near_to("the moon").is_empty());
        let fault = Zone::parse("Berlin").unwrap_err().to_string();
        assert_eq!(fault, "There is no time zone \"Berlin\". Did you mean Europe/Berlin?");
    }

    #[test]
    fn names_that_mean_something_else_on_every_machine_are_refused() {
        let endless = "x".repeat(100_000);
        let names = ["localtime", "posixrules", "Factory", "Etc/Unknown", "../../etc/localtime", "+02:00", &endless];
        for name in names {
            let fault = Zone::parse(name).unwrap_err();
            assert!(fault.to_string().len() < 300, "{fault}");
        }
    }
}
