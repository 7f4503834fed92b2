//! `diwan job artifacts`: the files that a job has left, and where they are.

use clap::Args;
use diwan_client::{Client, JobArtifacts, Reply};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{exact_moment, safe, size};

const AFTER_HELP: &str = "\
Examples:
  diwan job run -m web-1 --artifact 'dist/**' --artifact '*.log' -- npm run build
  diwan job artifacts job_01k9…
  diwan job artifacts job_01k9… --attempt 1 --json
  diwan job fetch job_01k9… dist/shop.deb

The files stay on the machine, for up to 30 days, until one of them is wanted. If
an object storage is set (`artifacts.address`), it gets copies of them.";

/// List the files that a job has left
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Artifacts {
    /// Its id (job_…)
    id: String,
    /// What this attempt left, from 1; without it, the last one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    attempt: Option<u32>,
}

impl Artifacts {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let reply = left_by(&client, &self.id, self.attempt).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
            return Ok(Done::Well);
        }
        let found = reply.read()?;
        let rows: Vec<Vec<String>> = found
            .files
            .iter()
            .map(|file| {
                vec![file.path.clone(), size(file.size_bytes), exact_moment(&file.modified_at), file.sha256.clone()]
            })
            .collect();
        if !rows.is_empty() {
            door.screen.table(&["PATH", "SIZE", "WRITTEN (UTC)", "SHA-256"], rows)?;
        }
        for note in notes(&found) {
            eprintln!("{}", safe(&note));
        }
        Ok(Done::Well)
    }
}

/// What an attempt has left, or the last one.
pub(super) async fn left_by(client: &Client, id: &str, attempt: Option<u32>) -> Result<Reply<JobArtifacts>, Failure> {
    let error = match client.list_job_artifacts(id, attempt).await {
        Ok(reply) => return Ok(reply),
        Err(error) => error,
    };
    // It may be the job that is not there, or the attempt.
    if attempt.is_some() && error.code() == Some("not_found") && client.get_job(id).await.is_ok() {
        return Err(Failure::from(error).with_next(&format!("`diwan job show {id}` lists the attempts.")));
    }
    Err(super::unknown(error))
}

/// What has to be known besides the files.
fn notes(found: &JobArtifacts) -> Vec<String> {
    let machine = found.machine_name.as_deref().unwrap_or("the machine");
    let mut notes: Vec<String> = in_words(found, machine).into_iter().collect();
    notes.extend(copied(found));
    for one in &found.left_out {
        let what = if one.path.is_empty() { "all files" } else { &one.path };
        notes.push(format!("Not kept: {what}: {}", one.why));
    }
    notes.extend((found.left_out_more > 0).then(|| format!("Not kept: {} more.", found.left_out_more)));
    notes
}

fn in_words(found: &JobArtifacts, machine: &str) -> Option<String> {
    Some(match found.state.as_str() {
        "not_asked" => "The job was not asked to leave files: `diwan job run --artifact 'dist/**'` is.".to_owned(),
        "pending" => "Files are kept when the attempt has ended.".to_owned(),
        "gone" => format!("{machine} does not keep these files any longer{}.", from_storage(found)),
        "bridge_too_old" => format!("The bridge of {machine} is too old to keep files."),
        "untold" => format!("{machine} told of no files: the attempt did not begin, or nobody knows how it ended."),
        _ if found.files.is_empty() => "It left no files.".to_owned(),
        _ if !found.is_machine_connected => {
            format!("{machine} keeps them and is not connected now{}.", from_storage(found))
        }
        _ => return None,
    })
}

fn from_storage(found: &JobArtifacts) -> &'static str {
    let has_copies = found.files.iter().any(|file| file.copy.is_some());
    if has_copies { "; what is copied comes from the object storage" } else { "" }
}

/// Which copies there are, when some are made.
fn copied(found: &JobArtifacts) -> Option<String> {
    let (copies, all) = (found.files.iter().filter(|file| file.copy.is_some()).count(), found.files.len());
    let problem = found.copying_problem.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    match found.copying.as_str() {
        "waiting" => Some(format!("The object storage has copies of {copies} of {all}; the others follow{problem}.")),
        "done" if copies == all => Some("The object storage has copies of all of them.".to_owned()),
        "done" => Some(format!("The object storage has copies of {copies} of {all}{problem}.")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: serde_json::Value) -> JobArtifacts {
        serde_json::from_value(json).expect("they are read")
    }

    #[test]
    fn what_is_not_to_be_had_is_said() {
        let file =
            serde_json::json!({"path": "a", "size_bytes": 1, "modified_at": "2026-01-01T00:00:00Z", "sha256": "00"});
        let here = found(serde_json::json!({"state": "kept", "is_machine_connected": true, "files": [file]}));
        assert_eq!(notes(&here), Vec::<String>::new());
        let away = found(serde_json::json!({"state": "kept", "machine_name": "web-1", "files": [file],
            "left_out": [{"path": "", "why": "no"}, {"path": "b", "why": "long"}], "left_out_more": 2}));
        assert_eq!(
            notes(&away),
            [
                "web-1 keeps them and is not connected now.",
                "Not kept: all files: no",
                "Not kept: b: long",
                "Not kept: 2 more."
            ]
        );
        assert_eq!(notes(&found(serde_json::json!({"state": "kept"}))), ["It left no files."]);
    }

    #[test]
    fn which_copies_there_are_is_said() {
        let file = |copy: Option<&str>| {
            serde_json::json!({"path": "a", "size_bytes": 1, "modified_at": "2026-01-01T00:00:00Z", "sha256": "00",
                "copy": copy})
        };
        let told = |copying: &str, problem: Option<&str>, files: [serde_json::Value; 2]| {
            copied(&found(serde_json::json!({"state": "kept", "is_machine_connected": true, "copying": copying,
                "copying_problem": problem, "files": files})))
        };
        assert_eq!(told("off", None, [file(None), file(None)]), None);
        let said = told("waiting", Some("it is full"), [file(Some("c/a")), file(None)]);
        assert_eq!(said.as_deref(), Some("The object storage has copies of 1 of 2; the others follow (it is full)."));
        let said = told("done", None, [file(Some("c/a")), file(Some("c/b"))]);
        assert_eq!(said.as_deref(), Some("The object storage has copies of all of them."));
        let said = told("done", Some("it is damaged"), [file(Some("c/a")), file(None)]);
        assert_eq!(said.as_deref(), Some("The object storage has copies of 1 of 2 (it is damaged)."));
    }
}
