//! Settings from where they are kept: files and environment.

use std::fs;
use std::path::{Path, PathBuf};

use leveret::config::Config;

/// The file that is read where it exists and no other is named.
const DEFAULT_FILE: &str = "/etc/leveret/leveret.toml";

/// Variables that may be given as `<NAME>_FILE`, the path of a file with the value: so do
/// containers pass secrets.
const SECRETS: [&str; 4] = [
    "RABBITMQ_DEFAULT_USER",
    "RABBITMQ_DEFAULT_PASS",
    "LEVERET_BOOTSTRAP_USER",
    "LEVERET_BOOTSTRAP_PASSWORD",
];

/// Environment variables by name.
pub(crate) type Variables = Vec<(String, String)>;

/// Settings, and what was set in vain.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// File and environment over the defaults.
    pub(crate) config: Config,
    /// Variables that look like settings and are none.
    pub(crate) unknown: Vec<String>,
}

/// The process's environment; what is not UTF-8 sets nothing here.
pub(crate) fn environment() -> Variables {
    let pairs = std::env::vars_os();
    pairs
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The file to read when none was named on the command line.
pub(crate) fn default_file() -> Option<PathBuf> {
    let named = std::env::var_os("LEVERET_CONFIG").filter(|file| !file.is_empty());
    let default = || Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.exists());
    named.map(PathBuf::from).or_else(default)
}

/// Reads `file` and puts `environment` over it. The error is one line.
pub(crate) fn load(file: Option<&Path>, environment: Variables) -> Result<Loaded, String> {
    let mut config = Config::default();
    if let Some(file) = file {
        let text = read(file)?;
        config.read(&text, file).map_err(|error| error.to_string())?;
    }
    let variables = with_secrets(environment)?;
    let unknown = config.overlay(variables).map_err(|error| error.to_string())?;
    Ok(Loaded { config, unknown })
}

/// Replaces each `<NAME>_FILE` with `<NAME>` and the file's content, unless `<NAME>` is there.
fn with_secrets(mut variables: Variables) -> Result<Variables, String> {
    for name in SECRETS {
        let file_name = format!("{name}_FILE");
        let Some(at) = variables.iter().position(|(key, _)| *key == file_name) else { continue };
        let (_, file) = variables.swap_remove(at);
        if file.is_empty() || variables.iter().any(|(key, value)| key == name && !value.is_empty())
        {
            continue;
        }
        let content = read(Path::new(&file)).map_err(|error| format!("{file_name}: {error}"))?;
        variables.retain(|(key, _)| key != name);
        variables.push((name.to_owned(), content.trim_end_matches(['\r', '\n']).to_owned()));
    }
    Ok(variables)
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: cannot be read: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use leveret::config::setting::SETTINGS;

    use super::*;

    fn samples() -> Vec<(PathBuf, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|file| file.extension().is_some_and(|kind| kind == "toml"));
        files.map(|file| (file.clone(), fs::read_to_string(file).unwrap())).collect()
    }

    fn variables<const N: usize>(pairs: [(&str, &str); N]) -> Variables {
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    #[test]
    fn every_sample_is_in_order() {
        let samples = samples();

        assert!(!samples.is_empty());
        for (file, _) in samples {
            load(Some(&file), Vec::new()).unwrap();
        }
    }

    #[test]
    fn the_samples_commented_values_are_the_defaults() {
        let sample = fs::read_to_string("config/leveret.toml").unwrap();
        let uncommented: String = sample
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if !setting.starts_with(' ') => format!("{setting}\n"),
                _ => format!("{line}\n"),
            })
            .collect();

        let mut config = Config::default();
        config.read(&uncommented, Path::new("sample")).unwrap();
        config.files.clear();

        assert_eq!(config, Config::default());
        assert!(uncommented.lines().filter(|line| line.contains(" = ")).count() > 10);
    }

    #[test]
    fn the_samples_examples_are_in_order() {
        let sample = fs::read_to_string("config/leveret.toml").unwrap();
        let examples = sample.replace("# Example: ", "");

        let mut config = Config::default();
        config.read(&examples, Path::new("sample")).unwrap();

        assert_eq!(config.node.name.as_deref(), Some("rabbit@broker-1"));
        assert_eq!(config.memory.total_override, Some(4 << 30));
        let names = config.policies.iter().map(|it| it.policy.name().to_string());
        let expected = ["keep what finds no queue", "no endless backlogs"];
        assert_eq!(names.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_sample_has_every_setting_in_its_section() {
        let sample = fs::read_to_string("config/leveret.toml").unwrap();
        for setting in SETTINGS {
            let from = sample.find(&format!("\n[{}]\n", setting.section)).unwrap();
            let section = &sample[from + 1..];
            let section = &section[..section.find("\n[").unwrap_or(section.len())];

            let shown =
                [format!("\n#{} = ", setting.key), format!("\n# Example: {} = ", setting.key)];

            assert!(shown.iter().any(|line| section.contains(line)), "{}", setting.path());
        }
    }

    #[test]
    fn a_secret_may_be_read_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        fs::write(&file, "s3cret\n").unwrap();
        let environment = variables([
            ("RABBITMQ_DEFAULT_PASS_FILE", file.to_str().unwrap()),
            ("RABBITMQ_DEFAULT_USER_FILE", "/nowhere"),
            ("RABBITMQ_DEFAULT_USER", "alice"),
        ]);

        let loaded = load(None, environment).unwrap();

        assert_eq!(loaded.config.bootstrap.user, "alice");
        assert_eq!(loaded.config.bootstrap.password.expose(), "s3cret");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = load(Some(Path::new("/nowhere/leveret.toml")), Vec::new()).unwrap_err();
        let secret = variables([("RABBITMQ_DEFAULT_PASS_FILE", "/nowhere/password")]);
        let secret_error = load(None, secret).unwrap_err();

        assert!(
            error.starts_with("/nowhere/leveret.toml: cannot be read: No such file"),
            "{error}"
        );
        assert!(secret_error.starts_with("RABBITMQ_DEFAULT_PASS_FILE: /nowhere/password: cannot"));
    }
}
