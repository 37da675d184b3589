//! Reads and makes TUF repositories with tough, for the interop suite.
//!
//!     tough-program read ROOT.json METADATA_URL TARGETS_URL DIRECTORY TARGET...
//!     tough-program make PLANS.json DIRECTORY

mod keys;
mod make;
mod plan;
mod read;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["read", root, metadata, targets, directory, names @ ..] => {
            read::read(root, metadata, targets, directory.as_ref(), names).await
        }
        ["make", plans, directory] => make::make_all(plans.as_ref(), directory.as_ref()).await,
        _ => Err("usage: tough-program read ROOT.json METADATA_URL TARGETS_URL DIRECTORY TARGET... | make PLANS.json DIRECTORY".into()),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", all_of(error.as_ref()));
            std::process::ExitCode::FAILURE
        }
    }
}

/// An error with what caused it: tough says the reason only there.
fn all_of(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", all_of(cause)),
        None => error.to_string(),
    }
}
