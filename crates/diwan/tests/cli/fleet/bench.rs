//! Machines that are not there: they join, report, are heard, and are put out in the end.

use reqwest::StatusCode;

use super::Fleet;

#[tokio::test]
async fn simulated_machines_join_report_and_are_put_out() {
    let fleet = Fleet::new().await;
    let result = fleet.desk.json("bench fleet --machines 5 --every 1s --for 4s --watched 2").await;
    assert_eq!((&result["machines"], &result["connected"]), (&5.into(), &5.into()), "{result}");
    assert!(result["live"]["heard"].as_u64().is_some_and(|heard| heard > 0), "{result}");
    assert_eq!(result["breaks"], serde_json::json!([]));
    let left = fleet.owner.get("/api/v1/machines").await.expect(StatusCode::OK);
    let states: Vec<_> = left["items"].as_array().expect("a list").iter().map(|machine| &machine["state"]).collect();
    assert_eq!(states, ["revoked"; 5], "removing them takes a fresh proof, which nobody could be asked for here");
}
