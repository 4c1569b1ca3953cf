fn main() -> tinyai::Result<()> {
    println!("{}", library_crate::ask("Where do you live?")?.len() > 2);
    Ok(())
}
