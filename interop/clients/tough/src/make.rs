use std::collections::HashMap;
use std::fs;
use std::num::NonZeroU64;
use std::path::Path;

use aws_lc_rs::digest::{digest, SHA256};
use aws_lc_rs::rand::SystemRandom;
use serde::Serialize;
use tough::editor::signed::SignedRole;
use tough::key_source::KeySource;
use tough::schema::{
    DelegatedRole, DelegatedTargets, Delegations, Hashes, KeyHolder, Metafile, PathHashPrefix,
    PathPattern, PathSet, Role, RoleKeys, RoleType, Root, Snapshot, Target, Targets, Timestamp,
};
use tough::TargetName;

use crate::keys::MemoryKey;
use crate::plan::{Delegation, Plan, State};
use crate::Failure;

const SPECIFICATION: &str = "1.0.0";
const TOP: [RoleType; 4] =
    [RoleType::Root, RoleType::Timestamp, RoleType::Snapshot, RoleType::Targets];

struct Repository<'a> {
    plan: &'a Plan,
    expires: jiff::Timestamp,
    root: Root,
    keys: HashMap<String, Vec<MemoryKey>>,
    /// What the snapshot says: a role that was in it stays, until the snapshot's own keys change.
    listed: HashMap<String, Metafile>,
    /// All that is published so far, by path.
    files: HashMap<String, Vec<u8>>,
}

/// Writes DIRECTORY/PLAN/STATE/ with metadata/ and targets/ as they are once that state is published; states count from 1.
pub async fn make_all(plans: &Path, directory: &Path) -> Result<(), Failure> {
    let todo: Vec<Plan> = serde_json::from_slice(&fs::read(plans)?)?;
    for plan in &todo {
        let mut repository = Repository::new(plan)?;
        repository.publish_root(None).await?;
        for (number, state) in (1..).zip(&plan.states) {
            repository.publish(NonZeroU64::try_from(number)?, state).await?;
            repository.write_to(&directory.join(&plan.name).join(number.to_string()))?;
        }
    }
    Ok(())
}

impl<'a> Repository<'a> {
    fn new(plan: &'a Plan) -> Result<Self, Failure> {
        let seconds = jiff::Timestamp::now().as_second() + 30 * 24 * 60 * 60;
        let expires = jiff::Timestamp::from_second(seconds)?;
        let root = Root {
            spec_version: SPECIFICATION.to_owned(),
            consistent_snapshot: plan.is_consistent,
            version: NonZeroU64::MIN,
            expires,
            keys: HashMap::new(),
            roles: HashMap::new(),
            _extra: HashMap::new(),
        };
        let (keys, listed, files) = Default::default();
        let mut repository = Self { plan, expires, root, keys, listed, files };
        for role in TOP {
            repository.list_keys(role)?;
        }
        Ok(repository)
    }

    /// As many as have to sign, and one more that is listed and never signs.
    fn keys_of(&mut self, role: &str, threshold: usize) -> Result<&[MemoryKey], Failure> {
        let keys = self.keys.entry(role.to_owned()).or_default();
        while keys.len() <= threshold {
            keys.push(MemoryKey::new(&self.plan.key_type)?);
        }
        Ok(keys)
    }

    fn list_keys(&mut self, role: RoleType) -> Result<(), Failure> {
        let threshold = self.plan.threshold;
        let mut keyids = Vec::new();
        for key in self.keys_of(&role.to_string(), threshold)?.to_vec() {
            let listed = key.signer()?.tuf_key();
            keyids.push(listed.key_id()?);
            self.root.keys.insert(listed.key_id()?, listed);
        }
        let threshold = NonZeroU64::try_from(threshold as u64)?;
        self.root.roles.insert(role, RoleKeys { keyids, threshold, _extra: HashMap::new() });
        Ok(())
    }

    async fn rotate(&mut self, name: &str) -> Result<(), Failure> {
        let role: RoleType = name.parse()?;
        let before = (self.root.clone(), self.keys.remove(name).unwrap_or_default());
        self.list_keys(role)?;
        let roles = &self.root.roles;
        self.root.keys.retain(|id, _| roles.values().any(|keys| keys.keyids.contains(id)));
        self.root.version = self.root.version.saturating_add(1);
        self.publish_root((role == RoleType::Root).then_some(before)).await
    }

    /// Signs with the keys of now, and with those of the root before where they were exchanged.
    async fn publish_root(&mut self, before: Option<(Root, Vec<MemoryKey>)>) -> Result<(), Failure> {
        let now = KeyHolder::Root(self.root.clone());
        let mut signed = sign(self.root.clone(), &now, &self.keys["root"]).await?;
        if let Some((root, keys)) = before {
            let old = sign(self.root.clone(), &KeyHolder::Root(root), &keys).await?;
            signed = signed.add_old_signatures(old.signed().signatures.clone())?;
        }
        self.files.insert(format!("metadata/{}.root.json", self.root.version), signed.buffer().clone());
        Ok(())
    }

    async fn publish(&mut self, number: NonZeroU64, state: &State) -> Result<(), Failure> {
        for role in &state.rotate {
            self.rotate(role).await?;
        }
        if state.rotate.iter().any(|role| role == "snapshot") {
            self.listed.clear(); // no reader remembers what was listed under the old keys
        }
        let empty = || Targets {
            delegations: None,
            ..Targets::new(SPECIFICATION.to_owned(), number, self.expires)
        };
        let names = state.delegations.iter().map(|one| one.name.clone());
        let mut roles: HashMap<String, Targets> =
            names.chain(["targets".to_owned()]).map(|name| (name, empty())).collect();
        let mut parents = HashMap::new();
        for one in &state.delegations {
            let parent = roles.get_mut(&one.parent).ok_or("no such parent")?;
            self.delegate(parent.delegations.get_or_insert_with(Delegations::new), one)?;
            parents.insert(one.name.clone(), one.parent.clone());
        }
        for one in &state.targets {
            let target = self.add(&one.path);
            let role = roles.get_mut(&one.role).ok_or("no such role")?;
            role.targets.insert(TargetName::new(&one.path)?, target);
        }
        for (name, targets) in &roles {
            let entry = match parents.get(name).and_then(|parent| roles[parent].delegations.clone()) {
                None => self.write(name, targets.clone(), &KeyHolder::Root(self.root.clone())).await?,
                Some(delegations) => {
                    let role = DelegatedTargets { name: name.clone(), targets: targets.clone() };
                    self.write(name, role, &KeyHolder::Delegations(delegations)).await?
                }
            };
            self.listed.insert(format!("{name}.json"), entry);
        }
        let root = KeyHolder::Root(self.root.clone());
        let mut snapshot = Snapshot::new(SPECIFICATION.to_owned(), number, self.expires);
        snapshot.meta = self.listed.clone();
        let entry = self.write("snapshot", snapshot, &root).await?;
        let mut timestamp = Timestamp::new(SPECIFICATION.to_owned(), number, self.expires);
        timestamp.meta.insert("snapshot.json".to_owned(), entry);
        self.write("timestamp", timestamp, &root).await?;
        Ok(())
    }

    fn delegate(&mut self, parent: &mut Delegations, one: &Delegation) -> Result<(), Failure> {
        let mut keyids = Vec::new();
        for key in self.keys_of(&one.name, one.threshold)? {
            let listed = key.signer()?.tuf_key();
            keyids.push(listed.key_id()?);
            parent.keys.insert(listed.key_id()?, listed);
        }
        let paths = if one.hash_prefixes.is_empty() {
            PathSet::Paths(one.paths.iter().map(PathPattern::new).collect::<Result<_, _>>()?)
        } else {
            let prefixes = one.hash_prefixes.iter().map(PathHashPrefix::new);
            PathSet::PathHashPrefixes(prefixes.collect::<Result<_, _>>()?)
        };
        parent.roles.push(DelegatedRole {
            name: one.name.clone(),
            keyids,
            threshold: NonZeroU64::try_from(one.threshold as u64)?,
            paths,
            terminating: one.is_terminating,
            targets: None,
        });
        Ok(())
    }

    fn add(&mut self, path: &str) -> Target {
        let data = format!("content of {path}").into_bytes();
        let (length, hashes) = (data.len() as u64, hashes_of(&data));
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let prefix = match self.plan.is_consistent {
            true => format!("{}.", hex(&hashes)),
            false => String::new(),
        };
        let file = Path::new("targets").join(folder).join(format!("{prefix}{name}"));
        self.files.insert(file.to_string_lossy().into_owned(), data);
        Target { length, hashes, custom: HashMap::new(), _extra: HashMap::new() }
    }

    /// Signs a role and gives what the one above is to list of it.
    async fn write<T: Role + Serialize>(
        &mut self,
        name: &str,
        role: T,
        holder: &KeyHolder,
    ) -> Result<Metafile, Failure> {
        let (version, file) = (role.version(), role.filename(self.plan.is_consistent));
        let data = sign(role, holder, &self.keys[name]).await?.buffer().clone();
        let entry = Metafile {
            version,
            length: self.plan.lists_hashes.then_some(data.len() as u64),
            hashes: self.plan.lists_hashes.then(|| hashes_of(&data)),
            _extra: HashMap::new(),
        };
        self.files.insert(format!("metadata/{file}"), data);
        Ok(entry)
    }

    fn write_to(&self, directory: &Path) -> Result<(), Failure> {
        for (name, data) in &self.files {
            let file = directory.join(name);
            fs::create_dir_all(file.parent().unwrap_or(directory))?;
            fs::write(file, data)?;
        }
        Ok(())
    }
}

/// With all keys but the last, which is listed and never signs.
async fn sign<T: Role + Serialize>(
    role: T,
    holder: &KeyHolder,
    keys: &[MemoryKey],
) -> Result<SignedRole<T>, Failure> {
    let signing: Vec<Box<dyn KeySource>> = keys[..keys.len() - 1]
        .iter()
        .map(|key| Box::new(key.clone()) as Box<dyn KeySource>)
        .collect();
    Ok(SignedRole::new(role, holder, &signing, &SystemRandom::new()).await?)
}

fn hashes_of(data: &[u8]) -> Hashes {
    Hashes { sha256: digest(&SHA256, data).as_ref().to_vec().into(), _extra: HashMap::new() }
}

fn hex(hashes: &Hashes) -> String {
    hashes.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
}
