//! Text for a page of HTML. What comes from outside is a text and is escaped; what is markup is written in the sources.

use std::fmt;

/// Markup: nothing in it is taken for what it is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Html(String);

impl Html {
    /// Returns markup that stands in the sources.
    pub(super) fn raw(markup: &'static str) -> Html {
        Html(markup.to_owned())
    }

    /// Returns a text from outside.
    pub(super) fn text(text: &str) -> Html {
        let mut html = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                other => html.push(other),
            }
        }
        Html(html)
    }

    /// Returns an element with a class; none if it is empty.
    pub(super) fn element(tag: &'static str, class: &str, inner: Html) -> Html {
        Html::with(tag, &[("class", class)], inner)
    }

    /// Returns an element with attributes; empty ones are left out.
    pub(super) fn with(tag: &'static str, attributes: &[(&'static str, &str)], inner: Html) -> Html {
        let mut html = format!("<{tag}");
        for (name, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
            html.push_str(&format!(" {name}=\"{}\"", Html::text(value)));
        }
        Html([html, ">".to_owned(), inner.0, format!("</{tag}>")].concat())
    }

    /// Returns this with more behind it.
    #[must_use]
    pub(super) fn and(mut self, more: Html) -> Html {
        self.0.extend([more.0]);
        self
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromIterator<Html> for Html {
    fn from_iter<T: IntoIterator<Item = Html>>(parts: T) -> Html {
        parts.into_iter().fold(Html::default(), Html::and)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let text = Html::text("<b onclick='x'>\"&amp;\"</b>");
        let html = Html::element("td", "\"><script>", text);
        assert_eq!(
            html.to_string(),
            "<td class=\"&quot;&gt;&lt;script&gt;\">&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;amp;&quot;&lt;/b&gt;</td>"
        );
    }

    #[test]
    fn parts_follow_each_other() {
        let row: Html =
            ["a", "b"].into_iter().map(|text| Html::element("td", "", Html::text(text))).collect();
        assert_eq!(row.to_string(), "<td>a</td><td>b</td>");
    }
}
