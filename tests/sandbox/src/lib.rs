//! A faithful Echo360 stand-in: the reporting API over real HTTP, on one believable institution.
