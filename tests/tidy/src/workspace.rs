//! What cargo says about the workspace.

use std::process::Command;

use serde_json::Value;

use crate::repository::root;

/// A package as cargo describes it.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) is_ours: bool,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a package's dependencies.
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) is_dev: bool,
    pub(crate) is_ours: bool,
}

/// Every package of the lock file, for every platform.
pub(crate) fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let members = metadata["workspace_members"].as_array().expect("a list of members");
    metadata["packages"].as_array().expect("a list of packages").iter().map(|p| package(p, members)).collect()
}

/// The packages that are written here.
pub(crate) fn members() -> Vec<Package> {
    packages().into_iter().filter(|package| package.is_ours).collect()
}

fn package(package: &Value, members: &[Value]) -> Package {
    Package {
        name: text(&package["name"]),
        version: text(&package["version"]),
        license: package["license"].as_str().map(str::to_owned),
        source: package["source"].as_str().map(str::to_owned),
        is_ours: members.contains(&package["id"]),
        dependencies: package["dependencies"].as_array().into_iter().flatten().map(dependency).collect(),
    }
}

fn dependency(dependency: &Value) -> Dependency {
    Dependency {
        name: text(&dependency["name"]),
        is_dev: dependency["kind"] == "dev",
        is_ours: !dependency["path"].is_null(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
