//! `diwan config validate`.

use diwan_kernel::config::{Fault, Source, variable};
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::installation::Installation;
use super::super::screen::{Tone, safe};

pub(super) fn run(door: &Door<'_>, installation: &Installation) -> Result<Done, Failure> {
    let judged = installation.read();
    for (name, meant) in judged.iter().flat_map(|config| &config.slips) {
        eprintln!("The variable {} is not a setting; did you mean {meant}?", safe(name));
    }
    let faults = judged.err().map(|refused| refused.0).unwrap_or_default();
    let done = if faults.is_empty() { Done::Well } else { Done::Wrong };
    if door.screen.is_json() {
        door.screen.json(&json!({"ok": faults.is_empty(), "faults": faults}).to_string())?;
        return Ok(done);
    }
    for fault in &faults {
        door.screen.line(&safe(&line(fault)))?;
    }
    match faults.len() {
        0 => {
            let mark = door.screen.toned(Tone::Good, "✓");
            door.screen.line(&format!("{mark} The configuration is acceptable."))?;
        }
        count => {
            let faults = if count == 1 { "one fault".to_owned() } else { format!("{count} faults") };
            eprintln!("{}", door.screen.labelled(&format!("error: the configuration is not acceptable: {faults}")));
            let next = "next: Correct what is named; `diwan config reference` explains every setting.";
            eprintln!("{}", door.screen.labelled(next));
        }
    }
    Ok(done)
}

/// A fault with its place as compilers write it, so that editors find it.
fn line(fault: &Fault) -> String {
    let mut parts = vec![];
    match (&fault.file, fault.source) {
        (Some(file), _) => {
            let numbers = [fault.line, fault.column.filter(|_| fault.line.is_some())];
            let numbers = numbers.iter().flatten().map(|number| format!(":{number}"));
            parts.push(format!("{file}{}", numbers.collect::<String>()));
        }
        (None, Source::Environment) => {
            let mut names = fault.key.split(['.', '[']);
            parts.push(variable(names.next().unwrap_or_default(), names.next().unwrap_or_default()));
        }
        (None, source) => parts.push(source.to_string()),
    }
    parts.extend(Some(fault.key.clone()).filter(|key| !key.is_empty()));
    parts.push(fault.reason.clone());
    let nearest = fault.nearest.as_ref().map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default();
    format!("{}{nearest}", parts.join(": "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use diwan_kernel::config::{NOT_A_SETTING, REQUIRED, Reason};

    #[test]
    fn a_fault_is_one_line_with_its_place_wherever_it_came_from() {
        let unknown = Fault { nearest: Some("mail.port".into()), ..Fault::invalid("mail.prt", NOT_A_SETTING) };
        let place = |fault: Fault, file: Option<&str>, line, column, source| {
            super::line(&Fault { file: file.map(str::to_owned), line, column, source, ..fault })
        };
        assert_eq!(
            place(unknown.clone(), Some("/d/diwan.yaml"), Some(2), Some(3), Source::File),
            "/d/diwan.yaml:2:3: mail.prt: it is not a setting; did you mean mail.port?"
        );
        let port = Fault::invalid("oidc.providers[0].issuer", REQUIRED);
        assert_eq!(
            place(port.clone(), None, None, None, Source::Environment),
            "DIWAN_OIDC_PROVIDERS: oidc.providers[0].issuer: it must not be empty"
        );
        assert_eq!(
            place(port, None, None, None, Source::Flag),
            "the command line: oidc.providers[0].issuer: it must not be empty"
        );
        let whole = Fault::invalid("", Reason::of_system("it is gone"));
        assert_eq!(place(whole, Some("/d/diwan.yaml"), None, None, Source::File), "/d/diwan.yaml: it is gone");
    }
}
