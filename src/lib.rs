//! callsheet runs declarative HTTP scenarios.
//!
//! The way of the data, each stage a module that uses the ones before it and never one after it:
//!
//! ```text
//! YAML text -> scenario -> plan -> run -> events -> outcome -> report
//! ```

pub mod source;
pub mod value;
pub mod mask;
pub mod jsonpath;
pub mod html;
pub mod xml;
pub mod diagnostic;
pub mod template;
pub mod cookies;
pub mod schema;
pub mod openapi;
pub mod scenario;
pub mod plan;
pub mod http;
pub mod session;
pub mod outcome;
pub mod expect;
pub mod run;
pub mod report;
pub mod demo;
