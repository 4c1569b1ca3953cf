//! pre-commit, pipelines, and many repositories on Spark.

use crate::real::{cache, passes};

#[test]
fn hooks_and_pipelines_do_as_their_files_say() {
    passes(&cache().join("pipelines/bin/python"), &["pipelines_test.py"]);
}

#[test]
fn many_repositories_are_checked_on_spark() {
    passes(&cache().join("spark/bin/python"), &["spark_test.py"]);
}
