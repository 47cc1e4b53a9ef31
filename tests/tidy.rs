//! The rules of the house that no compiler checks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops right there")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, str};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

const LONGEST_FILE: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this package lies in the root")
        .to_owned()
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap()
}

/// `services`, `shared` or `tests`.
fn folder(package: &Package) -> String {
    let inside = package.manifest_path.as_std_path().strip_prefix(root()).unwrap().to_owned();
    inside.components().next().unwrap().as_os_str().to_str().unwrap().to_owned()
}

/// Every arrow between two packages of ours for which `forbidden` holds, as text.
fn arrows(forbidden: impl Fn(&Package, &Package, DependencyKind) -> bool) -> Vec<String> {
    let metadata = metadata();
    let mut found = Vec::new();
    for from in &metadata.packages {
        for dependency in &from.dependencies {
            let to = metadata.packages.iter().find(|package| *package.name == dependency.name);
            if let Some(to) = to.filter(|to| forbidden(from, to, dependency.kind)) {
                found.push(format!("{} → {}", from.name, to.name));
            }
        }
    }
    found
}

/// Files that git knows or would take, with what they hold. Binary files are left out.
fn texts() -> Vec<(String, String)> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listed.status.success(), "git could not list the files");
    let names = str::from_utf8(&listed.stdout).unwrap().lines();
    let texts: Vec<_> = names
        .filter_map(|name| Some((name.to_owned(), fs::read_to_string(root().join(name)).ok()?)))
        .collect();
    assert!(texts.len() > 50, "only {} files were found", texts.len());
    texts
}

/// `file:line` of every line that holds one of `needles`, in files ending in `end`.
fn lines_with(needles: &[&str], end: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in texts().into_iter().filter(|(name, _)| name.ends_with(end)) {
        let hits = text
            .lines()
            .enumerate()
            .filter(|(_, line)| needles.iter().any(|needle| line.contains(needle)));
        found.extend(hits.map(|(index, _)| format!("{name}:{}", index + 1)));
    }
    found
}

const NOTHING: [&str; 0] = [];

#[test]
fn services_meet_only_on_the_wire() {
    let found = arrows(|from, to, _| {
        folder(from) == "services" && folder(to) == "services" && *from.name != "tipoff"
    });
    assert_eq!(found, NOTHING);
}

#[test]
fn shared_crates_never_look_up_at_services() {
    assert_eq!(arrows(|from, to, _| folder(from) == "shared" && folder(to) != "shared"), NOTHING);
}

#[test]
fn the_rules_depend_on_no_crate_of_ours() {
    assert_eq!(arrows(|from, _, _| *from.name == "tipoff-domain"), NOTHING);
}

#[test]
fn test_servers_stay_out_of_what_is_deployed() {
    let may = |from: &Package| *from.name == "tipoff" || folder(from) == "tests";
    let found = arrows(|from, to, kind| {
        *to.name == "tipoff-testkit" && kind != DependencyKind::Development && !may(from)
    });
    assert_eq!(found, NOTHING);
}

#[test]
fn every_member_takes_the_workspaces_lints() {
    for package in metadata().packages {
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} has lints of its own",
            package.name
        );
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    let too_long = |(name, text): (String, String)| {
        let lines = text.lines().count();
        let source = Path::new(&name).extension().is_some_and(|kind| kind == "rs" || kind == "lua");
        (source && lines > LONGEST_FILE).then(|| format!("{name}: {lines} lines"))
    };
    let found: Vec<_> = texts().into_iter().filter_map(too_long).collect();
    assert_eq!(found, NOTHING);
}

#[test]
fn nothing_points_at_one_persons_machine() {
    // Put together here, so that this file does not find itself.
    let homes = [
        format!("/{}/", "work"),
        format!("/{}/", "root"),
        format!("/{}/", "home"),
        format!("/{}/", "Users"),
    ];
    let needles: Vec<&str> = homes.iter().map(String::as_str).collect();
    assert_eq!(lines_with(&needles, ""), NOTHING);
}

#[test]
fn nothing_is_left_to_be_written() {
    let unwritten = [format!("{}!(", "todo"), format!("{}!(", "unimplemented")];
    let needles: Vec<&str> = unwritten.iter().map(String::as_str).collect();
    assert_eq!(lines_with(&needles, ".rs"), NOTHING);
}

/// Backticked words with so many `_` in a page are names of tests.
const LIKE_A_SENTENCE: usize = 3;

#[test]
fn every_test_that_the_security_page_names_is_there() {
    let texts = texts();
    let page = &texts.iter().find(|(name, _)| name == "docs/security.md").unwrap().1;
    let words = page.split('`').skip(1).step_by(2);
    let plain = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let named: Vec<&str> =
        words.filter(plain).filter(|word| word.matches('_').count() >= LIKE_A_SENTENCE).collect();
    assert!(named.len() > 40, "only {} tests are named", named.len());
    let is_there = |name: &&str| {
        let heading = format!("fn {name}(");
        texts.iter().any(|(file, text)| {
            Path::new(file).extension().is_some_and(|kind| kind == "rs") && text.contains(&heading)
        })
    };
    let missing: Vec<_> = named.into_iter().filter(|name| !is_there(name)).collect();
    assert_eq!(missing, NOTHING);
}

/// `docs/coverage.md`: a line for each thing that the two products do, each with
/// the tests that prove it.
#[test]
fn everything_that_the_products_do_has_a_test() {
    let lines = fs::read_to_string(root().join("docs/coverage.md")).unwrap();
    let sources: String = texts()
        .into_iter()
        .filter(|(name, _)| Path::new(name).extension().is_some_and(|kind| kind == "rs"))
        .map(|(_, text)| text)
        .collect();
    let rows = lines.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| |"));
    let (mut counted, mut found) = (0, Vec::new());
    for row in rows {
        counted += 1;
        let named: Vec<&str> =
            row.rsplit('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2).collect();
        let is_there = |name: &&str| sources.contains(&format!("fn {name}("));
        if named.is_empty() || !named.iter().all(is_there) {
            found.push(row.to_owned());
        }
    }
    assert!(counted > 100, "only {counted} lines were found");
    assert_eq!(found, NOTHING);
}

/// The rules of routing, D-1 to D-38.
const RULES: u32 = 38;

#[test]
fn every_rule_is_cited_by_a_test() {
    let texts = texts();
    let is_test = |name: &str| {
        let is_rust = Path::new(name).extension().is_some_and(|kind| kind == "rs");
        is_rust && name.split('/').any(|folder| folder == "tests") && name != "tests/tidy.rs"
    };
    let tests: Vec<&str> =
        texts.iter().filter(|(name, _)| is_test(name)).map(|(_, text)| text.as_str()).collect();
    let is_cited = |rule: &u32| {
        let name = format!("D-{rule}");
        let ends = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_digit());
        tests.iter().any(|text| text.split(name.as_str()).skip(1).any(ends))
    };
    let silent: Vec<u32> = (1..=RULES).filter(|rule| !is_cited(rule)).collect();
    assert_eq!(silent, [0_u32; 0]);
}
