//! Who owns a file: what `CODEOWNERS` says, else who wrote the lines.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::files::read_small;
use super::workspace::Workspace;

/// Where hosts of repositories look for the file, in order.
const PLACES: [&str; 4] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// The owners of files, as a repository names them.
#[derive(Default)]
pub struct Owners {
    /// The last one first: it counts.
    lines: Vec<Line>,
}

/// A line that names owners, or none.
struct Line {
    matcher: Gitignore,
    /// `docs/*` owns the files in that folder and none of deeper ones, other than where git ignores.
    is_flat: bool,
    owners: String,
}

impl Owners {
    /// Those of the workspace; without such a file nobody owns anything.
    pub fn of(workspace: &Workspace) -> Owners {
        let text = PLACES.iter().find_map(|place| read_small(&workspace.root().join(place)).ok().flatten());
        Owners::of_text(&String::from_utf8_lossy(&text.unwrap_or_default()))
    }

    fn of_text(text: &str) -> Owners {
        let mut lines = Vec::new();
        for line in text.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with(['#', '[', '^'])) {
            let line = line.split(" #").next().unwrap_or(line);
            // A space in a pattern has a `\` before it.
            let mut pattern = String::new();
            let mut rest = line;
            while let Some(at) = rest.find([' ', '\t']) {
                pattern.push_str(&rest[..at]);
                let is_part = rest[..at].ends_with('\\');
                pattern.push_str(if is_part { " " } else { "" });
                rest = &rest[at + 1..];
                if !is_part {
                    break;
                }
            }
            if pattern.is_empty() {
                (pattern, rest) = (line.to_owned(), "");
            }
            let mut builder = GitignoreBuilder::new("");
            if builder.add_line(None, &pattern).is_ok()
                && let Ok(matcher) = builder.build()
            {
                let owners = rest.split_whitespace().collect::<Vec<_>>().join(" ");
                lines.push(Line { matcher, is_flat: pattern.ends_with("/*"), owners });
            }
        }
        lines.reverse();
        Owners { lines }
    }

    /// Who owns the file at a path from the root; none where a line takes its owners away.
    pub fn of_file(&self, relative: &Path) -> Option<&str> {
        if relative.is_absolute() {
            return None;
        }
        let fits = |line: &&Line| match line.is_flat {
            true => line.matcher.matched(relative, false).is_ignore(),
            false => line.matcher.matched_path_or_any_parents(relative, false).is_ignore(),
        };
        self.lines.iter().find(fits).map(|line| line.owners.as_str()).filter(|it| !it.is_empty())
    }
}

impl Workspace {
    /// Who wrote the oldest commit in which a file of git holds `text`, by name.
    pub fn author_of(&self, relative: &Path, text: &str) -> Option<String> {
        let found = self.git()?.committed(relative, &[text]).into_iter().next()??;
        Some(found.author).filter(|it| !it.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_fits_counts() {
        let owners = Owners::of_text(
            "# who\n*  @all\n/src/ @core @second # both\n*.py @snakes\nsrc/old/\nmy\\ file.txt @spaces\n[Section] @x\n",
        );
        let of = |path: &str| owners.of_file(Path::new(path));
        assert_eq!(of("README.md"), Some("@all"));
        assert_eq!(of("src/a.rs"), Some("@core @second"));
        assert_eq!(of("src/a.py"), Some("@snakes"));
        assert_eq!(of("src/old/b.rs"), None, "nobody");
        assert_eq!(of("my file.txt"), Some("@spaces"));
        assert_eq!(Owners::default().of_file(Path::new("a")), None);
    }

    #[test]
    fn a_star_behind_a_folder_owns_one_level() {
        let owners = Owners::of_text("* @all\ndocs/* @docs\n/lib/** @lib\napps/ @apps\n/* @top\n");
        let of = |path: &str| owners.of_file(Path::new(path));
        assert_eq!((of("docs/a.md"), of("docs/deep/a.md")), (Some("@docs"), Some("@all")));
        assert_eq!((of("lib/a"), of("lib/b/a")), (Some("@lib"), Some("@lib")));
        assert_eq!((of("apps/a"), of("x/apps/b/a")), (Some("@apps"), Some("@apps")));
        assert_eq!((of("a.md"), of("x/a.md")), (Some("@top"), Some("@all")));
    }
}
