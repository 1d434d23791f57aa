//! One Markdown file: where it leads, and where one can be led to in it.

use std::collections::{HashMap, HashSet};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The links and anchors of a Markdown file.
pub(crate) struct Document {
    /// Each with its line, counted from one.
    links: Vec<(usize, String)>,
    anchors: HashSet<String>,
}

impl Document {
    /// Reads the text of a file.
    pub(crate) fn parse(text: &str) -> Self {
        let mut document = Self { links: Vec::new(), anchors: HashSet::new() };
        let mut seen = HashMap::new();
        let mut heading: Option<String> = None;
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let slug = slug(&heading.take().unwrap_or_default());
                    document.anchors.insert(unique(slug, &mut seen));
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    let line = 1 + text[..range.start].matches('\n').count();
                    document.links.push((line, dest_url.into_string()));
                }
                Event::Text(part) | Event::Code(part) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&part);
                    }
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    document.anchors.extend(html_id(&html).map(str::to_owned));
                }
                _ => {}
            }
        }
        document
    }

    /// The links that lead to a file of the repository or within this one, with their lines.
    pub(crate) fn relative_links(&self) -> Vec<(usize, String)> {
        self.links.iter().filter(|(_, target)| is_relative(target)).cloned().collect()
    }

    /// Whether the file has a heading, or an element with an id, of this name.
    pub(crate) fn has_anchor(&self, name: &str) -> bool {
        self.anchors.contains(name)
    }
}

fn is_relative(target: &str) -> bool {
    !target.contains("://") && !target.starts_with("mailto:")
}

/// The anchor that forges make of a heading: lower case, spaces as hyphens, no punctuation.
fn slug(heading: &str) -> String {
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The second heading of the same words gets `-1`, the third `-2`.
fn unique(slug: String, seen: &mut HashMap<String, usize>) -> String {
    let count = seen.entry(slug.clone()).or_insert(0);
    let name = if *count == 0 { slug } else { format!("{slug}-{count}") };
    *count += 1;
    name
}

/// The `id` of an HTML element.
fn html_id(html: &str) -> Option<&str> {
    let (_, after) = html.split_once(" id=\"")?;
    after.split_once('"').map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_with_their_lines() {
        let text = "[a](one.md)\n\n| x |\n|---|\n| [b][ref] |\n\n```\n[no](no.md)\n```\n`[no](no)`\n\
                    <https://example.com> [c](two.md \"title\") ![d](<three four.png>)\n\n[ref]: b.md#x\n";
        let links = Document::parse(text).relative_links();
        let expected = [(1, "one.md"), (5, "b.md#x"), (11, "two.md"), (11, "three four.png")];
        assert_eq!(links, expected.map(|(line, target)| (line, target.to_owned())));
    }

    #[test]
    fn anchors_as_forges_make_them() {
        let document = Document::parse(
            "# API key: the `KeyFormat` type\n\nTwo words\n---\n\n# Again\n# Again\n<a id=\"here\"></a>\n\n# Größe_2\n",
        );
        for anchor in
            ["api-key-the-keyformat-type", "two-words", "again", "again-1", "here", "größe_2"]
        {
            assert!(document.has_anchor(anchor), "{anchor} of {:?}", document.anchors);
        }
        assert!(!document.has_anchor("again-2"));
    }
}
