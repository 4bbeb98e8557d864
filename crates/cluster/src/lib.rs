//! A supervised pool of warm command-line tools.
