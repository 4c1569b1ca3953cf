//! Variables that build tools copy into pages.

use super::catalogue::Catalogue;
use super::provider::{Class, Provider, Shape};

/// Build tools copy variables that begin so into what browsers load.
const PUBLIC: &[&str] = &[
    "NEXT_PUBLIC_",
    "NUXT_PUBLIC_",
    "EXPO_PUBLIC_",
    "REACT_APP_",
    "VUE_APP_",
    "NG_APP_",
    "GATSBY_",
    "PARCEL_",
    "VITE_",
    "PUBLIC_",
];

/// The variable has a name that build tools take for one that everyone may read.
pub fn is_public_name(name: &str) -> bool {
    PUBLIC.iter().any(|prefix| name.starts_with(prefix))
}

impl Catalogue {
    /// The provider whose variable stands behind a prefix that build tools copy into pages: `NEXT_PUBLIC_OPENAI_API_KEY`.
    /// Values that everyone may read are none of it.
    pub fn provider_of_public(&self, name: &str) -> Option<&Provider> {
        let variable = PUBLIC.iter().find_map(|prefix| name.strip_prefix(prefix))?;
        let provider = self.provider_of_env(variable).filter(|_| self.is_secret_name(variable))?;
        let of = |shape: &&Shape| shape.env.iter().any(|it| it == variable);
        let public = |shape: &Shape| shape.class == Class::Publishable;
        (!provider.keys.iter().filter(of).any(public)).then_some(provider)
    }
}
