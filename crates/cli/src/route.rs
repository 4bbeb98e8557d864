//! `--route NAME:k=v,…`: a name, and options for whoever goes by it.

use std::fmt::Display;
use std::str::FromStr;

/// What follows the name in `--route name:key=value,…`, for the strategy or the router of that name.
///
/// Whoever makes it takes out what it knows; what is left over then is refused, so that no misspelt option is ignored.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RouteOptions(Vec<(String, String)>);

/// An option that makes no sense, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionError {
    /// Which option.
    pub option: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl OptionError {
    /// An error about `option`.
    pub fn new(option: impl Into<String>, reason: impl Display) -> Self {
        Self { option: option.into(), reason: reason.to_string() }
    }
}

impl RouteOptions {
    /// Takes out the value of `key`, if it was given.
    ///
    /// # Errors
    /// [`OptionError`] if it cannot be read as a `T`.
    pub fn take<T: FromStr<Err: Display>>(&mut self, key: &str) -> Result<Option<T>, OptionError> {
        let Some(at) = self.0.iter().position(|(known, _)| known == key) else { return Ok(None) };
        let (key, value) = self.0.remove(at);
        let read = value.parse().map_err(|error| OptionError::new(key, format!("'{value}': {error}")));
        read.map(Some)
    }

    /// Takes out all that are left, in the order in which they were given.
    pub fn take_all(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.0)
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(self) -> Result<(), OptionError> {
        match self.0.into_iter().next() {
            Some((key, _)) => Err(OptionError::new(key, "there is no such option")),
            None => Ok(()),
        }
    }
}

/// Splits `name:key=value,…`.
pub(crate) fn split(route: &str) -> Result<(&str, RouteOptions), OptionError> {
    let Some((name, rest)) = route.split_once(':') else { return Ok((route, RouteOptions::default())) };
    let mut options: Vec<(String, String)> = Vec::new();
    for option in rest.split(',') {
        let pair = option.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty());
        let (key, value) = pair.ok_or_else(|| OptionError::new(option, "options are written key=value"))?;
        if options.iter().any(|(known, _)| known == key) {
            return Err(OptionError::new(key, "it is given twice"));
        }
        options.push((key.to_owned(), value.to_owned()));
    }
    Ok((name, RouteOptions(options)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_split_taken_and_checked() {
        let (name, mut options) = split("mine:seed=7,depth=x").unwrap();
        assert_eq!((name, options.take::<u32>("seed")), ("mine", Ok(Some(7))));
        assert_eq!(options.take::<u32>("seed"), Ok(None));
        let wrong = options.take::<u32>("depth").unwrap_err();
        assert_eq!(
            (wrong.option.as_str(), wrong.reason.as_str()),
            ("depth", "'x': invalid digit found in string")
        );
        let (_, options) = split("mine:sed=7").unwrap();
        assert_eq!(options.finish(), Err(OptionError::new("sed", "there is no such option")));
        for (route, option) in
            [("a:", ""), ("a:b", "b"), ("a:b=", "b="), ("a:=c", "=c"), ("a:b=1,,", ""), ("a:b=1,b=2", "b")]
        {
            assert_eq!(split(route).unwrap_err().option, option, "{route}");
        }
        assert_eq!(split("mine"), Ok(("mine", RouteOptions::default())));
    }
}
