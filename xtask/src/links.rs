//! The check of relative links in the Markdown files of the repository: the file exists and, where
//! the link has a fragment, so does the heading.

mod document;

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};

use crate::links::document::Document;
use crate::step;

/// Checks every Markdown file at or below `under` as a step.
pub(crate) fn check_step(root: &Path, under: &Path) -> anyhow::Result<()> {
    step::timed("links in Markdown files", || {
        let checked = check(root, under)?;
        if !checked.broken.is_empty() {
            bail!("broken links:\n  {}", checked.broken.join("\n  "));
        }
        println!("    {} relative links in {} files", checked.links, checked.files);
        Ok(())
    })
}

/// What a check found.
struct Checked {
    files: usize,
    links: usize,
    /// `file:line: link: what is wrong`.
    broken: Vec<String>,
}

fn check(root: &Path, under: &Path) -> anyhow::Result<Checked> {
    let files: Vec<PathBuf> =
        markdown_files(root)?.into_iter().filter(|file| file.starts_with(under)).collect();
    let mut library = Library { root: root.to_owned(), documents: HashMap::new() };
    let mut checked = Checked { files: files.len(), links: 0, broken: Vec::new() };
    for file in files {
        for (line, target) in library.document(&file)?.relative_links() {
            checked.links += 1;
            if let Some(fault) = library.fault(&file, &target)? {
                let shown = file.strip_prefix(root).unwrap_or(&file).display();
                checked.broken.push(format!("{shown}:{line}: {target}: {fault}"));
            }
        }
    }
    Ok(checked)
}

/// Documents that were read, so that a file with many links to it is read once.
struct Library {
    root: PathBuf,
    documents: HashMap<PathBuf, Document>,
}

impl Library {
    fn document(&mut self, file: &Path) -> anyhow::Result<&Document> {
        if !self.documents.contains_key(file) {
            let text = fs::read_to_string(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            self.documents.insert(file.to_owned(), Document::parse(&text));
        }
        Ok(&self.documents[file])
    }

    /// What is wrong with a link in `file`, if anything.
    fn fault(&mut self, file: &Path, target: &str) -> anyhow::Result<Option<&'static str>> {
        let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
        if path.starts_with('/') {
            return Ok(Some("an absolute path means another thing on each site"));
        }
        let Some(path) = self.locate(file, path) else {
            return Ok(Some("leads out of the repository"));
        };
        if !path.exists() {
            return Ok(Some("no such file"));
        }
        let is_markdown = path.extension().is_some_and(|extension| extension == "md");
        if !is_markdown || fragment.is_empty() {
            return Ok(None);
        }
        let known = self.document(&path)?.has_anchor(fragment);
        Ok((!known).then_some("no such heading"))
    }

    /// The file that a relative path in `file` names, or nothing when that is outside the root.
    fn locate(&self, file: &Path, relative: &str) -> Option<PathBuf> {
        if relative.is_empty() {
            return Some(file.to_owned());
        }
        let mut path = file.parent()?.to_owned();
        for component in Path::new(relative).components() {
            match component {
                Component::ParentDir => {
                    path.pop();
                }
                Component::Normal(name) => path.push(name),
                _ => {}
            }
        }
        path.starts_with(&self.root).then_some(path)
    }
}

/// The Markdown files that people read: those in the root, in `docs`, and each package's own.
fn markdown_files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = markdown_in(root)?;
    collect(&root.join("docs"), &mut files)?;
    for group in ["crates", "examples"] {
        for package in entries(&root.join(group))?.into_iter().filter(|path| path.is_dir()) {
            files.extend(markdown_in(&package)?);
        }
    }
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    files.extend(markdown_in(folder)?);
    for inner in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        collect(&inner, files)?;
    }
    Ok(())
}

fn markdown_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = entries(folder)?;
    files.retain(|path| path.is_file() && path.extension().is_some_and(|kind| kind == "md"));
    Ok(files)
}

/// What a folder holds, sorted; nothing when there is no such folder.
fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .with_context(|| format!("{} cannot be listed", folder.display()))
        .map(|paths: Vec<PathBuf>| paths)?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        check(folder.path(), folder.path()).unwrap().broken
    }

    #[test]
    fn links_that_hold() {
        let found = broken(&[
            ("README.md", "# A\n[a](docs/guide.md#two-words) [b](#a) [c](LICENSE) [d](docs)\n"),
            ("LICENSE", ""),
            ("docs/guide.md", "# Two words\n[up](../README.md) [web](https://example.com/x#y)\n"),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn links_that_do_not() {
        let found = broken(&[
            ("README.md", "# A\n\n[a](docs/missing.md)\n[b](#b) [c](docs/x.md#nowhere)\n"),
            ("docs/x.md", "[out](../../etc) [root](/README.md)\n"),
            ("crates/one/README.md", "[`T`](crate::T)\n"),
        ]);
        assert_eq!(
            found,
            [
                "README.md:3: docs/missing.md: no such file",
                "README.md:4: #b: no such heading",
                "README.md:4: docs/x.md#nowhere: no such heading",
                "docs/x.md:1: ../../etc: leads out of the repository",
                "docs/x.md:1: /README.md: an absolute path means another thing on each site",
                "crates/one/README.md:1: crate::T: no such file",
            ]
        );
    }

    #[test]
    fn one_package_alone() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("crates/one");
        fs::create_dir_all(&package).unwrap();
        fs::write(folder.path().join("README.md"), "[a](missing)").unwrap();
        fs::write(package.join("README.md"), "[a](missing)").unwrap();
        let checked = check(folder.path(), &package).unwrap();
        assert_eq!((checked.files, checked.broken.len()), (1, 1));
    }
}
