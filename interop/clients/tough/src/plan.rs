//! What ../../../tuf-clients/repository-plans.ts says of a repository.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub name: String,
    pub key_type: String,
    pub is_consistent: bool,
    pub threshold: usize,
    pub lists_hashes: bool,
    pub states: Vec<State>,
}

#[derive(Deserialize)]
pub struct State {
    pub rotate: Vec<String>,
    pub delegations: Vec<Delegation>,
    pub targets: Vec<Target>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delegation {
    pub parent: String,
    pub name: String,
    #[serde(default)]
    pub paths: Vec<String>,
    #[serde(default)]
    pub hash_prefixes: Vec<String>,
    #[serde(default)]
    pub is_terminating: bool,
    #[serde(default = "one")]
    pub threshold: usize,
}

#[derive(Deserialize)]
pub struct Target {
    pub role: String,
    pub path: String,
}

fn one() -> usize {
    1
}
