//! Who gets the next job, by name: the shipped strategies, and the strategies and routers that a program adds.

use crate::failure::Failure;
use crate::route::{self, OptionError, RouteOptions};
use cluster::ClusterBuilder;
use cluster::batch::nearest::nearest;
use cluster::config::Origin;
use pool_core::message::SlotId;
use routing::RouterHandle;
use routing::strategy::{self, Strategy, Weighted};
use std::num::NonZeroU16;

/// What decides.
pub(crate) enum Route {
    /// A strategy inside the shipped router.
    Strategy(Box<dyn Strategy>),
    /// Another router, to be started where the pool runs.
    Router(StartRouter),
}

/// Starts a router on the arbiter of the pool.
pub type StartRouter = Box<dyn FnOnce() -> RouterHandle + Send>;

type Make = Box<dyn Fn(&mut RouteOptions) -> Result<Route, OptionError>>;

/// Those that a program added.
#[derive(Default)]
pub(crate) struct Strategies(Vec<(String, Make)>);

impl Route {
    /// Puts it into a pool.
    pub(crate) fn install(self, builder: ClusterBuilder) -> ClusterBuilder {
        match self {
            Self::Strategy(strategy) => builder.strategy(strategy),
            Self::Router(start) => builder.router(start),
        }
    }
}

impl Strategies {
    /// Adds one. The last of a name counts.
    pub(crate) fn add(&mut self, name: String, make: Make) {
        self.0.push((name, make));
    }

    /// What `--route` names, with its options.
    pub(crate) fn make(&self, route: &str) -> Result<Route, Failure> {
        let wrong = |OptionError { option, reason }| {
            let failure = Failure::usage(format!("option '{option}' of --route {route}: {reason}"));
            failure.help("options follow the name, as in weighted:0=3,1=1")
        };
        let (name, mut options) = route::split(route).map_err(wrong)?;
        let added = self.0.iter().rev().find(|(known, _)| known == name);
        let made = match added {
            Some((_, make)) => make(&mut options),
            None if name == "weighted" => weighted(&mut options),
            None => Ok(Route::Strategy(strategy::by_name(name).ok_or_else(|| self.unknown(name))?)),
        };
        let made = made.map_err(wrong)?;
        options.finish().map_err(wrong)?;
        Ok(made)
    }

    /// The same of a setting of the user's.
    pub(crate) fn make_of(&self, route: &str, origin: Option<&Origin>) -> Result<Route, Failure> {
        self.make(route).map_err(|failure| match origin {
            Some(origin) => failure.about("route", origin),
            None => failure,
        })
    }

    fn unknown(&self, name: &str) -> Failure {
        let names: Vec<&str> =
            strategy::NAMES.into_iter().chain(self.0.iter().map(|(name, _)| name.as_str())).collect();
        let failure = Failure::usage(format!("unknown routing strategy '{name}'"));
        match nearest(name, names.iter().copied()) {
            Some(near) => failure.help(format!("did you mean '{near}'?")),
            None => failure.help(format!("there are {}", names.join(", "))),
        }
    }
}

/// `slot=weight`, for as many slots as weigh something else than 1.
fn weighted(options: &mut RouteOptions) -> Result<Route, OptionError> {
    let weight = |(slot, weight): (String, String)| {
        let index: u32 =
            slot.parse().map_err(|_| OptionError::new(&slot, "slots are numbers, counted from 0"))?;
        if index >= MOST_SLOTS {
            return Err(OptionError::new(slot, format_args!("a pool has at most {MOST_SLOTS} slots")));
        }
        let weight: NonZeroU16 = weight.parse().map_err(|_| {
            OptionError::new(slot, format_args!("'{weight}' is no weight: it goes from 1 to 65535"))
        })?;
        Ok((SlotId(index), weight))
    };
    let weights = options.take_all().into_iter().map(weight).collect::<Result<Vec<_>, _>>()?;
    Ok(Route::Strategy(Box::new(Weighted::new(weights))))
}

/// More instances than any run has.
const MOST_SLOTS: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a route.
    fn wrong(route: &str) -> String {
        let mut strategies = Strategies::default();
        let own = |options: &mut RouteOptions| {
            options.take::<u8>("depth")?;
            Ok(Route::Strategy(Box::<strategy::RoundRobin>::default()))
        };
        strategies.add("mine".into(), Box::new(own));
        strategies.make(route).map_or_else(|failure| failure.message, |_| "nothing".into())
    }

    #[test]
    fn routes_are_made_or_refused_by_name() {
        for (route, message) in [
            ("weighted:0=3,1=1", "nothing"),
            ("weighted", "nothing"),
            ("fastest", "nothing"),
            ("mine:depth=3", "nothing"),
            (
                "mine:depth=300",
                "option 'depth' of --route mine:depth=300: '300': number too large to fit in target type",
            ),
            ("mine:deep=3", "option 'deep' of --route mine:deep=3: there is no such option"),
            ("sticky:a=b", "option 'a' of --route sticky:a=b: there is no such option"),
            ("weighted:0", "option '0' of --route weighted:0: options are written key=value"),
            ("weighted:x=1", "option 'x' of --route weighted:x=1: slots are numbers, counted from 0"),
            (
                "weighted:4000000000=1",
                "option '4000000000' of --route weighted:4000000000=1: a pool has at most 1000000 slots",
            ),
            ("weighted:0=0", "option '0' of --route weighted:0=0: '0' is no weight: it goes from 1 to 65535"),
            ("fastets", "unknown routing strategy 'fastets'"),
        ] {
            assert_eq!(wrong(route), message);
        }
    }
}
