//! From measures to pictures, pure: scales, ticks, a chart model, SVG.
