use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tough::{Prefix, Repository, RepositoryLoader, TargetName};

use crate::{all_of, Failure};

/// Refreshes from a root that is brought along and downloads targets; one line of JSON a target says where it lies, or why there is
/// none. The same directory again is a reader who comes back.
pub async fn read(
    root: &str,
    metadata_url: &str,
    targets_url: &str,
    directory: &Path,
    names: &[&str],
) -> Result<(), Failure> {
    let (metadata, targets) = (directory.join("metadata"), directory.join("targets"));
    fs::create_dir_all(&metadata)?;
    fs::create_dir_all(&targets)?;
    let repository =
        RepositoryLoader::new(&fs::read(root)?, metadata_url.parse()?, targets_url.parse()?)
            .datastore(metadata)
            .load()
            .await?;
    for name in names {
        let line = match save(&repository, name, &targets).await {
            Ok(path) => json!({"target": name, "path": path}),
            Err(error) => json!({"target": name, "error": all_of(&error)}),
        };
        println!("{line}");
    }
    Ok(())
}

async fn save(
    repository: &Repository,
    name: &str,
    targets: &Path,
) -> Result<PathBuf, tough::error::Error> {
    let target = TargetName::new(name)?;
    repository.save_target(&target, targets, Prefix::None).await?;
    Ok(targets.join(target.resolved()))
}
