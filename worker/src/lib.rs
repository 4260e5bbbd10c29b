//! The Cloudflare Worker: routes, the upstream client, the Desk and Window objects.
