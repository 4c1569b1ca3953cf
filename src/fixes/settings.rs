//! Settings classes, which fill their fields from variables: their defaults go, and many of them load `.env` themselves.

use std::path::Path;

use super::Surroundings;
use crate::syntax::{Document, Fact, Settings};
use crate::text::{Edit, Span};

/// A field of a settings class whose default is the key.
pub(super) struct Field {
    /// The variable that the field reads.
    pub variable: String,
    /// Takes the default out: the field is required then.
    pub edit: Edit,
    /// The class reads this `.env` without help.
    pub loads: bool,
    /// All of the field.
    pub span: Span,
}

/// A field as its fact has it.
#[derive(Clone, Copy)]
struct Setting {
    span: Span,
    class: Span,
    name: Span,
    kind: Span,
    value: Option<Span>,
}

/// The variable that fills the field of this name; `None` where one cannot tell.
pub fn variable_of(doc: &Document, name: Span) -> Option<String> {
    let upper = || doc.slice(name).to_ascii_uppercase();
    let Some(settings) = &doc.language()?.settings else { return Some(upper()) };
    let setting = doc.facts().around(name).find_map(|fact| match *fact {
        Fact::Setting { span, class, name: it, kind, value } if it == name => {
            Some(Setting { span, class, name: it, kind, value })
        }
        _ => None,
    })?;
    if inherited(doc, settings, setting.class) { None } else { variable(doc, settings, setting) }
}

/// The field whose default the literal at `secret` is; `None` where one cannot tell what it reads.
pub(super) fn field(doc: &Document, around: &Surroundings, secret: Span) -> Option<Field> {
    let settings = doc.language()?.settings.as_ref()?;
    let (literal, text) = doc.facts().literal_at(secret)?;
    let setting = of(doc, settings).into_iter().find(|it| it.value.is_some_and(|value| value.contains(secret)))?;
    if text != secret || inherited(doc, settings, setting.class) {
        return None;
    }
    let value = setting.value?;
    let wrapped = wrapper(doc, settings, literal);
    let edit = if wrapped == value {
        Edit::replace(Span { start: setting.kind.end, end: value.end }, "")
    } else {
        let (_, arguments) = call(doc, value, &settings.fields)?;
        let binding = doc.facts().bindings_around(literal).into_iter().next();
        let named =
            binding.is_some_and(|(name, of)| of == wrapped && doc.slice(name) == "default" && arguments.contains(name));
        let first = doc.slice(Span { start: arguments.start + 1, end: wrapped.start }).trim().is_empty();
        (named || first).then(|| Edit::replace(wrapped, settings.required.as_str()))?
    };
    let wanted = variable(doc, settings, setting)?;
    // Most classes do not tell upper from lower case, so a line that is there already counts.
    let entries = around.env.entries.iter().map(|entry| &entry.name);
    let exact = is_exact(doc, settings, setting.class);
    let there = entries.into_iter().find(|name| !exact && name.eq_ignore_ascii_case(&wanted)).cloned();
    let file = around.env.path.file_name().and_then(|name| name.to_str()).unwrap_or(".env");
    let loads = files(doc, settings, setting.class).into_iter().any(|value| {
        let plain = doc.slice(value).starts_with(['"', '\'', '(', '[']);
        plain && literals(doc, value).any(|it| it == file)
    });
    Some(Field { variable: there.unwrap_or(wanted), edit, loads, span: setting.span })
}

/// Why a line `name` in the env file would stop a program: a class that reads the file refuses names it has no field for.
pub(super) fn refuses(doc: &Document, around: &Surroundings, name: &str) -> Option<String> {
    if around.env.entries.iter().any(|entry| entry.name == name) {
        return None;
    }
    let files = around.siblings.iter().map(AsRef::as_ref).chain(around.entries.iter().map(AsRef::as_ref));
    std::iter::once(doc).chain(files).find_map(|file| {
        let settings = file.language()?.settings.as_ref()?;
        if !file.text().contains(settings.module.as_str()) {
            return None;
        }
        let fields = of(file, settings);
        let class = fields.iter().map(|field| field.class).find(|class| {
            let knows = |field: &&Setting| {
                field.class == *class
                    && variable(file, settings, **field).is_none_or(|it| it.eq_ignore_ascii_case(name))
            };
            reads(file, settings, *class, &around.env.path)
                && !bound(file, *class, &settings.open)
                    .iter()
                    .any(|value| settings.open_values.iter().any(|open| file.slice(*value).contains(open.as_str())))
                && !fields.iter().any(|field| knows(&field))
        })?;
        let line = file.lines().line_of(class.start) + 1;
        let (path, env) = (file.path().display(), around.env.path.display());
        Some(settings.refuse.replace("{place}", &format!("{path}:{line}")).replace("{env}", &env.to_string()))
    })
}

/// The class names this env file, whatever its folder.
fn reads(doc: &Document, settings: &Settings, class: Span, env: &Path) -> bool {
    let file = env.file_name().and_then(|name| name.to_str()).unwrap_or(".env");
    files(doc, settings, class)
        .into_iter()
        .any(|value| literals(doc, value).any(|it| it.rsplit('/').next() == Some(file)))
}

/// All fields of settings classes of this module.
fn of(doc: &Document, settings: &Settings) -> Vec<Setting> {
    let imported = doc.facts().iter().any(|fact| matches!(*fact, Fact::Import { name, .. } if doc.slice(name).split('.').next() == Some(&settings.module)));
    let setting = |fact: &Fact| match *fact {
        Fact::Setting { span, class, name, kind, value } => Some(Setting { span, class, name, kind, value }),
        _ => None,
    };
    if imported { doc.facts().iter().filter_map(setting).collect() } else { Vec::new() }
}

/// Something decides over names or values that cannot be seen here.
fn inherited(doc: &Document, settings: &Settings, class: Span) -> bool {
    let text = doc.slice(class);
    if settings.unclear.iter().any(|word| text.contains(word.as_str())) {
        return true;
    }
    // Another class may give the fields other names.
    doc.facts().iter().any(|fact| match *fact {
        Fact::Subclass { span, of } => {
            span != class
                && text
                    .split(['(', ':'])
                    .next()
                    .is_some_and(|head| head.split_whitespace().last() == Some(doc.slice(of)))
        }
        _ => false,
    })
}

/// The variable that a field reads: its alias, else prefix and name.
fn variable(doc: &Document, settings: &Settings, field: Setting) -> Option<String> {
    for alias in &settings.aliases {
        if let Some(value) = bound(doc, field.span, std::slice::from_ref(alias)).first() {
            return literals(doc, *value).next().filter(|it| is_name(it)).map(str::to_owned);
        }
    }
    let prefix = match bound(doc, field.class, &settings.prefix).first() {
        Some(value) if matches!(doc.slice(*value), "\"\"" | "''") => "",
        Some(value) => literals(doc, *value).next().filter(|it| is_name(it) && it.len() + 2 == value.len())?,
        None => "",
    };
    let name = format!("{prefix}{}", doc.slice(field.name));
    Some(if is_exact(doc, settings, field.class) { name } else { name.to_ascii_uppercase() })
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The class tells upper from lower case.
fn is_exact(doc: &Document, settings: &Settings, class: Span) -> bool {
    bound(doc, class, &settings.exact).iter().any(|value| doc.slice(*value) != "False")
}

/// What names the files that the class reads.
fn files(doc: &Document, settings: &Settings, class: Span) -> Vec<Span> {
    let whole = Span::new(0, doc.text().len());
    let given = bound(doc, whole, &settings.given_files);
    if given.is_empty() { bound(doc, class, &settings.files) } else { given }
}

/// The values that get one of these names inside `span`.
fn bound(doc: &Document, span: Span, names: &[String]) -> Vec<Span> {
    let bindings = doc.facts().iter().filter_map(|fact| match *fact {
        Fact::Binding { span: it, name, value } if span.contains(it) => Some((name, value)),
        _ => None,
    });
    bindings.filter(|(name, _)| names.iter().any(|it| it == doc.slice(*name))).map(|(_, value)| value).collect()
}

/// The texts of the literals inside `span`.
fn literals(doc: &Document, span: Span) -> impl Iterator<Item = &str> {
    doc.facts().iter().filter_map(move |fact| match *fact {
        Fact::Literal { span: it, value } if span.contains(it) => Some(doc.slice(value)),
        _ => None,
    })
}

/// The literal, or the call of a secret's type around nothing but it.
fn wrapper(doc: &Document, settings: &Settings, literal: Span) -> Span {
    let calls = doc.facts().iter().filter_map(|fact| match *fact {
        Fact::Call { span, arguments: Some(arguments), .. } if arguments.contains(literal) => Some((span, arguments)),
        _ => None,
    });
    let innermost = calls.min_by_key(|(span, _)| span.len());
    let wraps = innermost.filter(|(span, arguments)| {
        let inner = doc.slice(*arguments).trim_matches(['(', ')']).trim().trim_end_matches(',');
        inner == doc.slice(literal) && call(doc, *span, &settings.wrappers).is_some()
    });
    wraps.map_or(literal, |(span, _)| span)
}

/// The call that is all of `span`, of one of these names.
fn call(doc: &Document, span: Span, names: &[String]) -> Option<(Span, Span)> {
    doc.facts().iter().find_map(|fact| match *fact {
        Fact::Call { span: it, callee, arguments: Some(arguments) } if it == span => {
            let name = doc.slice(callee).rsplit('.').next().unwrap_or("");
            names.iter().any(|it| it == name).then_some((callee, arguments))
        }
        _ => None,
    })
}
