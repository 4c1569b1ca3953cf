pub mod text;
pub mod syntax;
pub mod secrets;
pub mod fixes;
pub mod rules;
