//! The Worker in workerd against the sandbox.
