//! From CSV bytes to measures, pure: decode, columns, measures.
