//! Finding a server's program.

use std::path::{Path, PathBuf};

use super::ServerError;

/// What `variable` names; else what stands in `.tools/bin` here or further up;
/// else what is on the PATH. `names` are tried in order.
pub(super) fn find(variable: &str, names: &[&'static str]) -> Result<PathBuf, ServerError> {
    if let Some(named) = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file())
    {
        return Ok(named);
    }
    names
        .iter()
        .find_map(|name| in_tools(name).or_else(|| on_path(name)))
        .ok_or(ServerError::NotFound { program: names.first().copied().unwrap_or("server") })
}

fn in_tools(name: &str) -> Option<PathBuf> {
    let here = std::env::current_dir().ok();
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let starts: Vec<PathBuf> = here.into_iter().chain(package).collect();
    let upward = starts.iter().flat_map(|start| start.ancestors());
    upward.map(|directory| directory.join(".tools/bin").join(name)).find(|path| path.is_file())
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory: PathBuf| Path::join(&directory, name))
        .find(|path| path.is_file())
}
