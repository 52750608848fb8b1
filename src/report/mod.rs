//! Outcomes as bytes, one file per format.
