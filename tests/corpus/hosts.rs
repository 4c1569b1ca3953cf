//! Code in notebooks, documents and pages: what stands in a file of its own elsewhere, put into each of them.

use super::code::{Random, Snippet};

/// A notebook with the code in its cells, split where a line begins anew, between cells of other kinds.
pub fn notebook(inner: &Snippet, random: &mut Random) -> Snippet {
    let lines: Vec<&str> = inner.text.split_inclusive('\n').collect();
    let starts = |line: &&str| !line.starts_with([' ', '\n', ')', ']', '}']);
    let cut = lines.iter().skip(1).position(starts).map_or(0, |at| at + 1);
    // A text in several lines stays in its cell.
    let cut = if inner.text.contains("\"\"\"") || random.next().is_multiple_of(2) { 0 } else { cut };
    let (first, second) = lines.split_at(cut);
    let image = random.fill("<b400>");
    let code = |source: &[&str], as_list: bool| {
        let source = match as_list {
            true => serde_json::json!(source),
            false => serde_json::json!(source.concat()),
        };
        let output = serde_json::json!({"output_type": "display_data", "data": {"image/png": image}, "metadata": {}});
        serde_json::json!({"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [output], "source": source})
    };
    let magic = ["%matplotlib inline\n", "!pip install -q openai\n", "%%time\n"][random.next() as usize % 3];
    let second: Vec<&str> = std::iter::once(magic).chain(second.iter().copied()).collect();
    let text = serde_json::json!({"cell_type": "markdown", "metadata": {}, "source": ["# Title\n", "with \"quotes\""]});
    let as_list = !random.next().is_multiple_of(4);
    let cells = [text, code(first, as_list), code(&second, as_list)];
    let metadata =
        serde_json::json!({"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}});
    let all = serde_json::json!({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5});
    let text = serde_json::to_string_pretty(&all).expect("it is JSON");
    Snippet { path: "chat.ipynb", place: format!("notebook: {}", inner.place), text }
}

/// A document with the code in a fence, now and then in a list.
pub fn document(inner: &Snippet, random: &mut Random) -> Snippet {
    let name = if inner.path.ends_with(".py") { "python" } else { inner.path.rsplit('.').next().unwrap_or("") };
    let indent = if random.next().is_multiple_of(3) { "  " } else { "" };
    let lines: String = inner
        .text
        .split_inclusive('\n')
        .map(|line| if line == "\n" { line.to_owned() } else { format!("{indent}{line}") })
        .collect();
    let before = if indent.is_empty() { "# Use\n\nWrite:\n\n" } else { "- first\n- then:\n\n" };
    let text = format!("{before}{indent}```{name}\n{lines}{indent}```\n\nThat is all.\n");
    Snippet { path: "docs/use.md", place: format!("document: {}", inner.place), text }
}

/// A component with the code in its script.
pub fn page(inner: &Snippet, _random: &mut Random) -> Snippet {
    let language = if inner.path.ends_with(".ts") { " lang=\"ts\"" } else { "" };
    let text = format!(
        "<template>\n  <p v-if=\"a > b\" @click=\"go\">Hi</p>\n</template>\n\n<script setup{language}>\n{}</script>\n",
        inner.text
    );
    Snippet { path: "src/App.vue", place: format!("page: {}", inner.place), text }
}
