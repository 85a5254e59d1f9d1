//! Every key of a `data` is described in `docs/json.md`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::reading::{rows, sections};

/// The keys that `docs/json.md` describes for each schema: `models[].task` and what it is.
pub struct Keys(BTreeMap<String, BTreeMap<String, String>>);

impl Keys {
    pub fn read() -> Self {
        let mut all = BTreeMap::new();
        for (heading, text) in sections("docs/json.md") {
            let keys: BTreeMap<String, String> = rows(&text)
                .into_iter()
                .filter(|row| row[0].starts_with('`'))
                .map(|row| (row[0].trim_matches('`').to_owned(), row[1].clone()))
                .collect();
            // One section may serve several commands.
            for name in heading.split(", ") {
                all.insert(name.trim_matches('`').to_owned(), keys.clone());
            }
        }
        Self(all)
    }

    /// What is wrong with a document's `data`: keys that are not described, and described ones that it lacks.
    pub fn problems(&self, schema: &str, data: &Value) -> Vec<String> {
        let Some(keys) = self.0.get(schema) else {
            return vec![format!("docs/json.md has no section {schema}")];
        };
        let mut problems = Vec::new();
        let mut path = Vec::new();
        self.walk(schema, keys, data, &mut path, &mut problems);
        for key in self.top(schema) {
            if data.get(&key).is_none() {
                problems.push(format!(
                    "{schema}: {key} is described and not in the document"
                ));
            }
        }
        problems
    }

    /// The keys at the top of a schema's `data`.
    pub fn top(&self, schema: &str) -> BTreeSet<String> {
        let keys = self.0.get(schema).into_iter().flat_map(BTreeMap::keys);
        keys.filter_map(|key| key.split(['.', '[', '{']).next())
            .map(str::to_owned)
            .collect()
    }

    fn walk(
        &self,
        schema: &str,
        keys: &BTreeMap<String, String>,
        value: &Value,
        path: &mut Vec<String>,
        problems: &mut Vec<String>,
    ) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    path.push(key.clone());
                    let name = path.join(".").replace(".[]", "[]");
                    let kind = keys
                        .get(&name)
                        .or_else(|| keys.get(&format!("{name}[]")))
                        .or_else(|| keys.get(&format!("{name}{{}}")));
                    if let Some(wrong) = kind.and_then(|kind| wrong_type(kind, value)) {
                        problems.push(format!("{schema}: {name} is {wrong}"));
                    }
                    match kind {
                        None => problems.push(format!("{schema}: {name} is not described")),
                        Some(_) if keys.contains_key(&format!("{name}{{}}")) => {}
                        Some(kind) => match kind.split_once("as `") {
                            // It is described elsewhere.
                            Some((_, rest)) => {
                                let other = rest.split('`').next().unwrap_or_default();
                                problems.extend(self.nested(other, value));
                            }
                            None => self.walk(schema, keys, value, path, problems),
                        },
                    }
                    path.pop();
                }
            }
            Value::Array(elements) => {
                path.push("[]".to_owned());
                for element in elements {
                    self.walk(schema, keys, element, path, problems);
                }
                path.pop();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn nested(&self, other: &str, value: &Value) -> Vec<String> {
        match (self.0.get(other), value) {
            (_, Value::Null) => Vec::new(),
            (_, Value::Array(elements)) => elements
                .iter()
                .flat_map(|element| self.nested(other, element))
                .collect(),
            (None, _) => vec![format!("docs/json.md has no section {other}")],
            (Some(keys), value) => {
                let mut problems = Vec::new();
                self.walk(other, keys, value, &mut Vec::new(), &mut problems);
                problems
            }
        }
    }
}

/// What a value is, where it is not of the type that is described: `text or null`, `number/text`.
fn wrong_type(kind: &str, value: &Value) -> Option<String> {
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    };
    let kinds = kind.split(", as ").next().unwrap_or_default();
    let described = kinds.split(" or ").flat_map(|kind| kind.split('/'));
    let fits = described.into_iter().any(|kind| kind == is);
    (!fits).then(|| format!("{is}, not {kinds}"))
}

#[test]
fn undescribed_and_missing_keys_are_found() {
    let described = |keys: &[(&str, &str)]| {
        keys.iter()
            .map(|(key, kind)| ((*key).to_owned(), (*kind).to_owned()))
            .collect::<BTreeMap<_, _>>()
    };
    let keys = Keys(BTreeMap::from([
        (
            "a".to_owned(),
            described(&[
                ("x", "number"),
                ("y[]", "list"),
                ("y[].z", "text"),
                ("m{}", "object"),
                ("o", "object or null, as `b`"),
            ]),
        ),
        ("b".to_owned(), described(&[("w", "text")])),
    ]));
    let whole = serde_json::json!({"x": 1, "y": [{"z": "t"}], "m": {"any": 1}, "o": {"w": "t"}});
    assert_eq!(keys.problems("a", &whole), Vec::<String>::new());
    let broken = serde_json::json!({"x": 1, "y": [{"q": "t"}], "m": {}, "o": {"v": 1}, "n": null});
    assert_eq!(
        keys.problems("a", &broken),
        [
            "a: y[].q is not described",
            "b: v is not described",
            "a: n is not described"
        ]
    );
    assert_eq!(
        keys.problems("a", &serde_json::json!({"x": null, "y": [], "o": null})),
        [
            "a: x is null, not number",
            "a: m is described and not in the document"
        ]
    );
}
