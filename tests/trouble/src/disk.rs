//! A disk that can lose power, or be full: an ext4 image behind a loop device.
//!
//! What a server wrote and did not sync is in the kernel's memory and not in
//! the image. A copy of the image is what a disk would have kept.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use tempfile::TempDir;
use tokio::process::Command;

const SIZE: &str = "512M";

/// Images lie in memory where they can: it is not this machine's disk that is
/// tried, and a sync must not take long.
const MEMORY: &str = "/dev/shm";

/// A mounted disk; unmounted with the value.
#[derive(Debug)]
pub struct Disk {
    images: TempDir,
    image: PathBuf,
    at: PathBuf,
    losses: usize,
}

impl Disk {
    /// A new one, mounted at `at`. Fails where the user may not mount.
    pub async fn new(at: &Path) -> anyhow::Result<Self> {
        let images = tempfile::tempdir_in(MEMORY).or_else(|_| tempfile::tempdir())?;
        let image = images.path().join("disk-0.img");
        tokio::fs::create_dir_all(at).await?;
        run("truncate", &["-s", SIZE, text(&image)?]).await?;
        run("mkfs.ext4", &["-q", text(&image)?]).await?;
        run("mount", &["-o", "loop", text(&image)?, text(at)?]).await?;
        Ok(Self { images, image, at: at.to_owned(), losses: 0 })
    }

    /// Nobody can write another byte to it, until there is [room](Self::make_room) again.
    pub async fn fill(&self) -> anyhow::Result<()> {
        let ballast = format!("of={}", text(&self.ballast())?);
        // It fails, as it is to: there is no end but the disk's.
        let mut dd = Command::new("dd");
        dd.args(["if=/dev/zero", &ballast, "bs=64k"]).env("LC_ALL", "C");
        let filled = dd.output().await.context("dd")?;
        let said = String::from_utf8_lossy(&filled.stderr);
        ensure!(said.contains("No space left"), "the disk is not full: {}", said.trim());
        Ok(())
    }

    pub async fn make_room(&self) -> anyhow::Result<()> {
        Ok(tokio::fs::remove_file(self.ballast()).await?)
    }

    fn ballast(&self) -> PathBuf {
        self.at.join("ballast")
    }

    /// What has reached the disk by now, for [`come_back_as`](Self::come_back_as).
    /// Whoever writes must stand still.
    pub async fn what_was_kept(&mut self) -> anyhow::Result<PathBuf> {
        self.losses += 1;
        let kept = self.images.path().join(format!("disk-{}.img", self.losses));
        run("cp", &["--sparse=always", text(&self.image)?, text(&kept)?]).await?;
        Ok(kept)
    }

    /// The disk after the loss. Nobody may have a file open on it any more.
    pub async fn come_back_as(&mut self, kept: PathBuf) -> anyhow::Result<()> {
        run("umount", &[text(&self.at)?]).await?;
        run("mount", &["-o", "loop", text(&kept)?, text(&self.at)?]).await?;
        tokio::fs::remove_file(&self.image).await?;
        self.image = kept;
        Ok(())
    }
}

impl Drop for Disk {
    /// Lazily: the servers may be on their way out.
    fn drop(&mut self) {
        let unmounting = std::process::Command::new("umount").arg("-l").arg(&self.at).output();
        unmounting.map(drop).ok();
    }
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("a path that is no text")
}

async fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let done =
        Command::new(program).args(arguments).output().await.with_context(|| program.to_owned())?;
    ensure!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr).trim());
    Ok(())
}
